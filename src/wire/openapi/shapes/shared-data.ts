/** Shared data and look-up tables as they are shown. */
import * as z from "zod";
import { TABLE_INDEXES_MAX } from "../../../core/limits.ts";
import { AnyJson, Count, Time } from "./basics.ts";

const entry = { key: z.string(), value: AnyJson, version: Count };

export const SharedPage = z
  .object({
    scope: z.string(),
    entries: z.array(z.object({ ...entry, updatedAt: Time })),
    cursor: z.string().nullable(),
  })
  .meta({ id: "SharedPage" });

export const SharedEntry = z
  .object({ scope: z.string(), ...entry, updatedAt: Time })
  .meta({ id: "SharedEntry" });

export const SharedChanged = z
  .object({ scope: z.string(), ...entry })
  .meta({ id: "SharedChanged", description: "What the key has after the change." });

export const Table = z
  .object({
    name: z.string(),
    key: z.string(),
    indexes: z.array(z.string()).max(TABLE_INDEXES_MAX),
    types: z
      .record(z.string(), z.enum(["number", "boolean"]))
      .meta({ description: "Of columns of CSV that are no text." }),
    rows: Count,
    updatedAt: Time,
  })
  .meta({ id: "Table" });

export const Tables = z.object({ tables: z.array(Table) }).meta({ id: "Tables" });

export const Row = z
  .record(z.string(), AnyJson)
  .meta({ id: "TableRow", description: "Columns and their values." });

export const FoundRow = z.object({ row: Row }).meta({ id: "FoundRow" });
export const FoundRows = z.object({ rows: z.array(Row) }).meta({ id: "FoundRows" });
