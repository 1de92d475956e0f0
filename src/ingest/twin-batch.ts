/** Bulk creation: many twins with their first state, from NDJSON, a JSON array, or CSV with a header row. */
import { cellOf, isTwinId } from "../core/ids.ts";
import { MESSAGES_PER_REQUEST_MAX } from "../core/limits.ts";
import type { FieldType } from "../core/model.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import type { DeployedModel } from "../wire/internal-rpc.ts";
import { parseCsv } from "./csv.ts";
import { badId } from "./route-batch.ts";
import type { BatchRejection, CellSlice, SplitBatch } from "./route-batch.ts";

interface Row {
  readonly id: unknown;
  readonly state: unknown;
}

/**
 * Takes the body apart by content type: `text/csv` with a column `id` or `Id` and one column per field, else one
 * object per line (or a JSON array of them): `{"id","state":{…}}`, or `{"id", …fields}`.
 */
export function parseTwinBatch(
  text: string,
  contentType: string,
  model: DeployedModel,
): Result<SplitBatch> {
  const rows = contentType.includes("csv") ? csvRows(text, model) : jsonRows(text);
  if (!rows.ok) return rows;
  if (rows.value.length > MESSAGES_PER_REQUEST_MAX) {
    return refuse(
      "body/too-many",
      `The body has ${rows.value.length} twins; the limit is ${MESSAGES_PER_REQUEST_MAX}.`,
    );
  }
  const slices = new Map<number, CellSlice>();
  const rejected: BatchRejection[] = [];
  for (const [index, row] of rows.value.entries()) place(row, index, model, slices, rejected);
  return ok({ slices, rejected, count: rows.value.length });
}

function place(
  row: Row | Refusal,
  index: number,
  model: DeployedModel,
  slices: Map<number, CellSlice>,
  rejected: BatchRejection[],
): void {
  const fault = "code" in row ? row : rowFault(row);
  if (fault !== undefined || "code" in row) {
    if (fault !== undefined) rejected.push({ index, ...fault });
    return;
  }
  const id = row.id as string;
  const cell = cellOf(id, model.placement);
  const element = JSON.stringify({ id, state: row.state });
  const slice = slices.get(cell);
  if (slice === undefined) slices.set(cell, { text: element, indexes: [index], ids: [id] });
  else {
    slice.text += `,${element}`;
    slice.indexes.push(index);
    slice.ids.push(id);
  }
}

function rowFault({ id, state }: Row): Refusal | undefined {
  if (typeof id !== "string")
    return { code: "twin/bad-id", detail: 'The twin has no "id" that is a string.' };
  if (!isTwinId(id)) return badId(id);
  if (typeof state === "object" && state !== null && !Array.isArray(state)) return undefined;
  return { code: "message/malformed", detail: '"state" is an object of fields and their values.' };
}

function jsonRows(text: string): Result<(Row | Refusal)[]> {
  if (text.trimStart().startsWith("[")) {
    try {
      return ok((JSON.parse(text) as unknown[]).map(rowOf));
    } catch (error) {
      return refuse(
        "body/malformed",
        `The body is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return ok(lines.map(lineRow));
}

function lineRow(line: string): Row | Refusal {
  try {
    return rowOf(JSON.parse(line));
  } catch (error) {
    return {
      code: "message/malformed",
      detail: `The line is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function rowOf(value: unknown): Row | Refusal {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { code: "message/malformed", detail: 'A twin is an object with an "id".' };
  }
  const { id, ...fields } = value as Record<string, unknown>;
  const hasStateOnly = Object.keys(fields).length === 1 && typeof fields["state"] === "object";
  return { id, state: hasStateOnly ? fields["state"] : fields };
}

function csvRows(text: string, model: DeployedModel): Result<(Row | Refusal)[]> {
  const parsed = parseCsv(text);
  if (!parsed.ok) return parsed;
  const { data, errors, columns } = parsed.value;
  const idColumn = columns.find((name) => name === "id" || name === "Id");
  if (idColumn === undefined)
    return refuse("body/malformed", 'The CSV has no column "id" or "Id" in its header row.');
  const faults = new Map(errors.map((error) => [error.row, error.message]));
  const types = new Map(model.fields.map(({ name, type }) => [name, type]));
  return ok(
    data.map((record, i) => {
      const fault = faults.get(i);
      if (fault !== undefined)
        return { code: "message/malformed", detail: `CSV row ${i + 1}: ${fault}` } as const;
      return csvRow(record, idColumn, types);
    }),
  );
}

/** Cells become what their field is; an empty one leaves the field's default. */
function csvRow(
  record: Readonly<Record<string, string>>,
  idColumn: string,
  types: ReadonlyMap<string, FieldType>,
): Row {
  const state: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(record)) {
    if (name !== idColumn && text !== "") state[name] = csvValue(text, types.get(name));
  }
  return { id: record[idColumn], state };
}

function csvValue(text: string, type: FieldType | undefined): unknown {
  if (type === "number" && text.trim() !== "")
    return Number.isNaN(Number(text)) ? text : Number(text);
  if (type === "boolean" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}
