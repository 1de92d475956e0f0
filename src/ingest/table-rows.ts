/** Rows of a look-up table from a request's body: NDJSON, a JSON array, or CSV with a header row. */
import { TABLE_ROWS_PER_REQUEST_MAX } from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { storedRowOf } from "../core/shared-data/table.ts";
import type { StoredTableRow } from "../core/shared-data/table.ts";
import type { ColumnType, TableSettings } from "../wire/shared-data-v1.ts";
import { parseCsv } from "./csv.ts";

/**
 * Reads rows as the content type says. One bad row refuses all of them: a table is loaded as a whole. Refuses with
 * `body/malformed`, `body/too-many` and `table/bad-row`.
 */
export function parseTableRows(
  text: string,
  contentType: string,
  settings: TableSettings,
): Result<readonly StoredTableRow[]> {
  const rows = contentType.includes("csv") ? csvRows(text, settings) : jsonRows(text);
  if (!rows.ok) return rows;
  if (rows.value.length > TABLE_ROWS_PER_REQUEST_MAX)
    return refuse(
      "body/too-many",
      `The body has ${rows.value.length} rows; the limit is ${TABLE_ROWS_PER_REQUEST_MAX}.`,
    );
  const stored: StoredTableRow[] = [];
  for (const [i, row] of rows.value.entries()) {
    const made = storedRowOf(settings, row, i + 1);
    if (!made.ok) return made;
    stored.push(made.value);
  }
  return ok(stored);
}

function jsonRows(text: string): Result<readonly unknown[]> {
  const isArray = text.trimStart().startsWith("[");
  const lines = isArray ? [text] : text.split("\n");
  const rows: unknown[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    try {
      const parsed = JSON.parse(line) as unknown;
      if (isArray) return ok(parsed as unknown[]);
      rows.push(parsed);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return refuse(
        "body/malformed",
        isArray ? `The body is no JSON: ${why}` : `Line ${i + 1} is no JSON: ${why}`,
      );
    }
  }
  return ok(rows);
}

function csvRows(text: string, { key, types }: TableSettings): Result<readonly unknown[]> {
  const parsed = parseCsv(text);
  if (!parsed.ok) return parsed;
  const { data, errors, columns } = parsed.value;
  if (!columns.includes(key))
    return refuse("body/malformed", `The CSV has no column "${key}" in its header row.`);
  const [error] = errors.filter(({ type }) => type !== "Delimiter");
  if (error !== undefined)
    return refuse("body/malformed", `CSV row ${(error.row ?? 0) + 1}: ${error.message}`);
  const rows: Record<string, unknown>[] = [];
  for (const [i, record] of data.entries()) {
    const row: Record<string, unknown> = {};
    for (const [column, field] of Object.entries(record)) {
      const type = Object.hasOwn(types, column) ? types[column] : undefined;
      const value = valueOf(field, type);
      if (value === undefined)
        return refuse(
          "table/bad-row",
          `Row ${i + 1}: column "${column}" has ${JSON.stringify(field.slice(0, 80))}, which is no ${type}.`,
          { row: i + 1 },
        );
      row[column] = value;
    }
    rows.push(row);
  }
  return ok(rows);
}

/** A field as its column's type; undefined when it is none. */
function valueOf(field: string, type: ColumnType | undefined): unknown {
  if (type === undefined) return field;
  const text = field.trim();
  if (text === "") return null;
  if (type === "boolean") return /^(true|false)$/i.test(text) ? /^t/i.test(text) : undefined;
  return Number.isFinite(Number(text)) ? Number(text) : undefined;
}
