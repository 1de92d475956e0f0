/** Models as they are deployed, and what their code wrote. */
import * as z from "zod";
import { SEVERITIES } from "../../../core/alerts/alert.ts";
import { LOG_KINDS } from "../../../core/cell/log.ts";
import { Count, Time } from "./basics.ts";
import { FieldShape } from "./queries.ts";

export const ModelInfo = z
  .object({
    name: z.string(),
    status: z.enum(["running", "degraded"]).meta({
      description: "Degraded: a cell did not answer.",
    }),
    cells: z.int().min(1),
    shards: z.int().min(1),
    deployedAt: Time,
    fields: z.array(FieldShape),
    twins: Count,
    counts: z
      .object({ accepted: Count, duplicates: Count, rejected: Count, failures: Count })
      .meta({ description: "Since the cells woke last." }),
  })
  .meta({ id: "Model" });

export const Models = z.object({ models: z.array(ModelInfo) }).meta({ id: "Models" });

export const PlacementShape = z
  .object({ version: z.int(), cells: z.int().min(1), buckets: z.int(), hash: z.string() })
  .meta({ id: "Placement", description: "`cell = (hash(id) mod buckets) mod cells`" });

export const LogEntryShape = z
  .object({
    at: Time,
    severity: z.enum(SEVERITIES),
    kind: z.enum(LOG_KINDS),
    id: z.string().meta({ description: "The twin." }),
    text: z.string(),
  })
  .meta({ id: "LogEntry" });

export const Log = z
  .object({
    entries: z.array(LogEntryShape),
    partial: z.boolean().meta({ description: "Whether a cell did not answer." }),
  })
  .meta({ id: "Log" });
