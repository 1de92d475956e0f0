/** How twins come to be in a cell, are put back, and go. */
import type { Cell } from "./cell.ts";
import { failureOf, logFailure } from "./model-failure.ts";
import type { Twin } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import type { Entrant } from "./requests.ts";
import { restoreTwin } from "./stored-state.ts";

/** A twin that nobody has sent anything yet. Refuses with `model/failed` when the model can't make one. */
export function newTwin(cell: Cell, id: string): Result<Twin> {
  try {
    const twin = cell.model.blank();
    const initial = cell.model.initial(id);
    if (initial !== undefined) Object.assign(twin, initial);
    if (cell.children.isActive) cell.children.assign(id, twin);
    return ok(twin);
  } catch (error) {
    logFailure(cell, id, error);
    return { ok: false, refusal: failureOf(cell, id, error) };
  }
}

/** A slot with a new twin in it. Refuses with `cell/full` and `model/failed`. */
export function claimSlot(cell: Cell, id: string): Result<number> {
  const twin = newTwin(cell, id);
  if (!twin.ok) return twin;
  const slot = cell.table.claim(id, twin.value);
  return slot === undefined
    ? refuse("cell/full", `There is no room for twin "${id}": its cell is full.`)
    : ok(slot);
}

/** Puts a twin back to its last committed state, or takes it away when it has none. */
export function abandonTwin(cell: Cell, slot: number, isNew: boolean): void {
  if (isNew) {
    cell.table.remove(slot);
    cell.table.recycle(slot);
  } else restoreTwin(cell, slot);
}

/**
 * Takes a twin out of memory, and puts its removal into the commit. `entrants` is what the step got that removed it;
 * without one it was deleted from outside, and nothing of it is to be known any more.
 */
export function removeTwin(cell: Cell, slot: number, entrants?: readonly Entrant[]): void {
  const { table } = cell;
  const id = table.ids[slot]!;
  if (entrants !== undefined) buryTwin(cell, id, entrants, slot);
  table.remove(slot);
  table.touch(slot);
  table.changedAt[slot] = cell.nextVersion;
  cell.timers.clear(slot);
  cell.marks.forgetSlot(slot);
  table.recycle(slot);
  cell.rows.removed(slot);
  for (const part of cell.parts) part.removed(id, slot);
}

/** Remembers which messages a twin had that goes: those of its last step, and of its slot unless that step made it. */
export function buryTwin(
  cell: Cell,
  id: string,
  entrants: readonly Entrant[],
  slot: number | undefined,
): void {
  const marks = slot === undefined ? [] : [...cell.marks.newestOf(slot)];
  let seq: number | null = null;
  for (const entrant of entrants) {
    if (entrant.mark !== undefined) marks.push(entrant.mark);
    seq = entrant.seq ?? seq;
  }
  cell.tombstones.bury(id, marks, seq, cell.nowMs);
}
