/** What changed in a cell, as columns for the aggregators. */
import type { Cell } from "./cell.ts";
import { VERSION_NONE } from "../columns/columns.ts";
import type { ColumnDelta, ColumnPart } from "../columns/columns.ts";
import { COLUMN_STRING_CHARS_MAX } from "../limits.ts";
import type { Field } from "../model.ts";
import { parseTime } from "../query/time-text.ts";
import { decodeState } from "../state-codec.ts";
import { storedText } from "./stored-state.ts";

const NULL_BOOLEAN = 2;

/**
 * The twins that changed after the commit `since`. Everything, with `since` -1, when the cell can't tell any more
 * (its pages are younger), or never wrote that commit.
 */
export function deltaSince(
  cell: Cell,
  cellIndex: number,
  since: number,
  nowMs: number,
): ColumnDelta {
  const { table } = cell;
  const isComplete = since < cell.baseVersion || since > cell.version;
  const from = isComplete ? VERSION_NONE : since;
  const slots = slotsSince(cell, from);
  const count = slots.length;
  const alive = new Uint8Array(count);
  const ids: (string | null)[] = [];
  const rows: (Record<string, unknown> | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    const exists = table.ids[slot] !== undefined && !cell.isUnborn(slot);
    alive[i] = exists ? 1 : 0;
    ids.push(exists && table.bornAt[slot]! > from ? table.ids[slot]! : null);
    rows.push(exists ? fieldsOf(cell, slot) : undefined);
  }
  return {
    cell: cellIndex,
    since: from,
    version: cell.version,
    atMs: nowMs,
    slotCount: table.slotCount,
    slots,
    alive,
    ids,
    columns: cell.model.fields.map((field) => columnOf(field, rows)),
  };
}

function slotsSince(cell: Cell, since: number): Int32Array {
  const { changedAt, slotCount } = cell.table;
  const slots = new Int32Array(slotCount);
  let count = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    if (changedAt[slot]! > since) slots[count++] = slot;
  }
  return slots.slice(0, count);
}

/** A twin in an asynchronous step shows its state before it. */
function fieldsOf(cell: Cell, slot: number): Record<string, unknown> {
  if (cell.isBusy(slot)) return decodeState(storedText(cell, slot), cell.table.dated.has(slot));
  return cell.table.twins[slot] as unknown as Record<string, unknown>;
}

/** The values of a field; a row without a twin has null. */
export function columnOf(
  field: Field,
  rows: readonly (Record<string, unknown> | undefined)[],
): ColumnPart {
  switch (field.type) {
    case "number":
      return {
        type: "number",
        values: Float64Array.from(rows, (row) => numberOf(row?.[field.name])),
      };
    case "time":
      return { type: "time", values: Float64Array.from(rows, (row) => timeOf(row?.[field.name])) };
    case "boolean":
      return {
        type: "boolean",
        values: Uint8Array.from(rows, (row) => booleanOf(row?.[field.name])),
      };
    case "string":
      return stringColumn(field.name, rows);
  }
}

function stringColumn(
  name: string,
  rows: readonly (Record<string, unknown> | undefined)[],
): ColumnPart {
  const codes = new Uint32Array(rows.length);
  const known = new Map<string, number>();
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]?.[name];
    if (typeof value !== "string") continue;
    const text =
      value.length > COLUMN_STRING_CHARS_MAX ? value.slice(0, COLUMN_STRING_CHARS_MAX) : value;
    let code = known.get(text);
    if (code === undefined) known.set(text, (code = known.size + 1));
    codes[i] = code;
  }
  return { type: "string", codes, dictionary: [...known.keys()] };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function timeOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (value instanceof Date) return value.getTime();
  return typeof value === "string" ? (parseTime(value) ?? Number.NaN) : Number.NaN;
}

function booleanOf(value: unknown): number {
  if (value === true) return 1;
  return value === false ? 0 : NULL_BOOLEAN;
}
