/** Whether a delta has the shape that its own numbers and a model's fields promise. */
import type { ColumnDelta, ColumnPart } from "./columns.ts";
import type { Field } from "../model.ts";
import { TWINS_PER_CELL_MAX } from "../limits.ts";

/**
 * Whether a delta can be read against `fields`: one part per field and of its type, every part as long as
 * `slots`, slots below `slotCount`, codes within their dictionary. A cell that runs another version of the model
 * fails this, and so does a damaged snapshot; whether the delta joins on to what a reader has is not asked here.
 */
export function isDeltaOf(delta: ColumnDelta, fields: readonly Field[]): boolean {
  const rows = delta.slots.length;
  if (delta.columns.length !== fields.length) return false;
  if (delta.alive.length !== rows || delta.ids.length !== rows) return false;
  if (delta.slotCount < 0 || delta.slotCount > TWINS_PER_CELL_MAX) return false;
  for (let i = 0; i < rows; i++) {
    const slot = delta.slots[i]!;
    if (slot < 0 || slot >= delta.slotCount) return false;
  }
  return fields.every((field, f) => isPartOf(delta.columns[f]!, field, rows));
}

function isPartOf(part: ColumnPart, field: Field, rows: number): boolean {
  if (part.type !== field.type) return false;
  if (part.type !== "string") return part.values.length === rows;
  if (part.codes.length !== rows) return false;
  for (let i = 0; i < rows; i++) {
    if (part.codes[i]! > part.dictionary.length) return false;
  }
  return true;
}
