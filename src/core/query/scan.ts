/** Goes over the rows of a table that a plan is about, a block at a time. */
import { bindFields } from "./column-view.ts";
import { compileWhere } from "./where.ts";
import { ok } from "../refusal.ts";
import type { Binding } from "./column-view.ts";
import type { Plan } from "./plan.ts";
import type { Filter } from "./where.ts";
import type { Block, Table } from "../columns/columns.ts";
import type { Result } from "../refusal.ts";

/** The rows of a table that a plan is about. */
export interface Scan extends Binding {
  /** Ascending by cell. */
  readonly blocks: readonly Block[];
  /** The most rows of a block. */
  readonly rowsMax: number;
  /** Writes the rows of a block that the plan's condition is true of to `rows`, ascending; returns how many. */
  select(block: Block, rows: Int32Array): number;
}

/** The scan of a plan; refuses as `bindFields` does. It owns buffers, so it must not be entered twice at a time. */
export function makeScan(plan: Plan, table: Table): Result<Scan> {
  const bound = bindFields(plan.fields, table);
  if (!bound.ok) return bound;
  const binding = bound.value;
  const blocks = table.blocks.toSorted((a, b) => a.cell - b.cell);
  const rowsMax = blocks.reduce((max, block) => Math.max(max, block.slotCount), 0);
  const rowsTotal = blocks.reduce((total, block) => total + block.slotCount, 0);
  const { fields } = plan;
  const { dictionaries } = binding;
  const filter =
    plan.where && compileWhere(plan.where, { fields, dictionaries, rowsMax, rowsTotal });
  return ok({
    ...binding,
    blocks,
    rowsMax,
    select: (block, rows) => select(block, rows, filter, binding),
  });
}

function select(block: Block, rows: Int32Array, filter: Filter | null, binding: Binding): number {
  const count = liveRows(block.alive, block.slotCount, rows);
  return filter === null ? count : filter(binding.viewsOf(block), rows, count);
}

/** A loop by itself: V8 gives up and begins anew, block by block, when it optimizes one amid code that has not run yet. */
function liveRows(alive: Uint8Array, slotCount: number, rows: Int32Array): number {
  let count = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    rows[count] = slot;
    count += alive[slot]!;
  }
  return count;
}
