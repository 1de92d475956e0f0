/** Look-up tables: rows of reference data under a key, with an index for a few columns more. */
import { isModelName } from "../ids.ts";
import {
  MODEL_NAME_LENGTH_MAX,
  TABLE_FIND_ROWS_MAX,
  TABLE_INDEXES_MAX,
  TABLE_KEY_CHARS_MAX,
  TABLE_ROW_CHARS_MAX,
} from "../limits.ts";
import type { Json } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Refusal, Result } from "../refusal.ts";

/** A row as a model gets it. */
export type TableRow = { readonly [column: string]: Json };

/** What a table is, beside its rows. */
export interface TableDefinition {
  readonly name: string;
  /** The column whose text is a row's key; a second row of the same key takes the place of the first. */
  readonly key: string;
  /** Further columns that `find` may begin with. */
  readonly indexes: readonly string[];
}

/** A row as it is stored. */
export interface StoredTableRow {
  readonly key: string;
  /** The row as JSON. */
  readonly text: string;
  /** What the indexed columns hold as text, in their order; null where there is nothing to find. */
  readonly indexed: readonly (string | null)[];
}

/** What a `find` asks for, checked against its table. */
export interface FindPlan {
  /** The place of the index that it begins with, or `key`. */
  readonly index: number | "key";
  /** What must stand there. */
  readonly text: string;
  readonly where: TableRow;
  readonly limit: number;
}

/** Checks the name and columns of a table. Refuses with `table/malformed`. */
export function checkDefinition(definition: TableDefinition): Result<TableDefinition> {
  const { name, key, indexes } = definition;
  if (!isModelName(name)) {
    const rule = `a letter, then letters, digits, "_" and "-", ${MODEL_NAME_LENGTH_MAX} at most`;
    return refuse(
      "table/malformed",
      `${JSON.stringify(name.slice(0, 80))}: a table's name is ${rule}.`,
    );
  }
  for (const column of [key, ...indexes]) {
    if (column === "" || column.length > TABLE_KEY_CHARS_MAX)
      return refuse(
        "table/malformed",
        `${JSON.stringify(column.slice(0, 80))}: a column's name has 1 to ${TABLE_KEY_CHARS_MAX} characters.`,
      );
  }
  if (indexes.length > TABLE_INDEXES_MAX || new Set(indexes).size < indexes.length)
    return refuse(
      "table/malformed",
      `A table has ${TABLE_INDEXES_MAX} different indexes at most, not ${indexes.join(", ")}.`,
    );
  return ok({ name, key, indexes });
}

/** A row made ready for its table. Refuses with `table/bad-row`, naming the row by its place, from 1. */
export function storedRowOf(
  definition: TableDefinition,
  row: unknown,
  place: number,
): Result<StoredTableRow> {
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return badRow(place, "it is no object of columns and their values");
  const columns = row as TableRow;
  const key = indexText(columns[definition.key]);
  if (key === null || key === "")
    return badRow(
      place,
      `its key column "${definition.key}" is empty, or neither text nor a number`,
    );
  if (key.length > TABLE_KEY_CHARS_MAX)
    return badRow(
      place,
      `its key has ${key.length} characters; the limit is ${TABLE_KEY_CHARS_MAX}`,
    );
  const text = JSON.stringify(columns);
  if (text.length > TABLE_ROW_CHARS_MAX)
    return badRow(
      place,
      `it has ${text.length} characters of JSON; the limit is ${TABLE_ROW_CHARS_MAX}`,
    );
  const indexed = definition.indexes.map((column) => cutText(indexText(columns[column])));
  return ok({ key, text, indexed });
}

/**
 * How a `find` is answered: by the key or by the first index that it names; what else it names is compared row by row.
 * Refuses with `table/not-indexed`, and with `table/malformed` a limit that is out of bounds.
 */
export function planFind(
  definition: TableDefinition,
  where: TableRow,
  limit: number = TABLE_FIND_ROWS_MAX,
): Result<FindPlan> {
  if (!Number.isInteger(limit) || limit < 1 || limit > TABLE_FIND_ROWS_MAX)
    return refuse(
      "table/malformed",
      `"limit" is an integer from 1 to ${TABLE_FIND_ROWS_MAX}; this one is ${String(limit)}.`,
    );
  for (const [index, column] of [definition.key, ...definition.indexes].entries()) {
    const text = Object.hasOwn(where, column) ? indexText(where[column]) : null;
    if (text === null) continue;
    return ok({ index: index === 0 ? "key" : index - 1, text: cutText(text)!, where, limit });
  }
  const { name, key, indexes } = definition;
  return refuse(
    "table/not-indexed",
    `A find in table "${name}" names at least one of these, with a value: ${[key, ...indexes].join(", ")}.`,
  );
}

/** Whether a row has what is asked for in every column. */
export function matches(row: TableRow, where: TableRow): boolean {
  return Object.entries(where).every(
    ([column, value]) => JSON.stringify(row[column] ?? null) === JSON.stringify(value ?? null),
  );
}

/** The text under which a key or an indexed value is found; null for what has none. */
export function indexText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

export function tooWide(name: string, scanned: number): Refusal {
  const detail = `A find in table "${name}" would look at more than ${scanned} rows: name a narrower column that has an index.`;
  return { code: "table/too-wide", detail };
}

export function unknownTable(name: string, names: readonly string[]): Refusal {
  const known = names.length === 0 ? "none" : names.join(", ");
  return {
    code: "table/unknown",
    detail: `There is no table ${JSON.stringify(name.slice(0, 80))}. Tables: ${known}.`,
  };
}

/** Long values share an index entry; `matches` tells them apart. */
function cutText(text: string | null): string | null {
  return text === null ? null : text.slice(0, TABLE_KEY_CHARS_MAX);
}

function badRow(place: number, why: string): Result<never> {
  return refuse("table/bad-row", `Row ${place}: ${why}.`, { row: place });
}
