/** The instances of a run as columns, for queries. */
import { columnOf } from "../cell/delta.ts";
import { VERSION_NONE } from "../columns/columns.ts";
import type { ColumnDelta } from "../columns/columns.ts";
import type { Field } from "../model.ts";
import type { Instance } from "./instance.ts";

/** All of these instances, which are of one model, in their order, as the complete contents of a block. */
export function columnsOf(
  instances: readonly Instance[],
  fields: readonly Field[],
  atMs: number,
): ColumnDelta {
  const rows = instances.map(({ twin }) => twin as unknown as Record<string, unknown>);
  return {
    cell: 0,
    since: VERSION_NONE,
    version: 0,
    atMs,
    slotCount: rows.length,
    slots: Int32Array.from(rows.keys()),
    alive: new Uint8Array(rows.length).fill(1),
    ids: instances.map(({ id }) => id),
    columns: fields.map((field) => columnOf(field, rows)),
  };
}
