/** What a cell shows of its twins. */
import type { Cell } from "./cell.ts";
import type { Timer } from "./timer-queue.ts";
import { decodeState } from "../state-codec.ts";
import { storedText } from "./step-commit.ts";

/** A twin as it is shown. Times are epoch milliseconds. */
export interface TwinView {
  readonly id: string;
  /** The state as JSON text, dates as ISO 8601: parsed by nobody on the way. */
  readonly state: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The time of the last message that left something to store; null before the first. */
  readonly lastMessageAtMs: number | null;
  readonly timers: readonly Timer[];
}

/** A twin, or null when there is none. */
export function viewOf(cell: Cell, id: string): TwinView | null {
  const slot = cell.slotOf(id);
  if (slot === undefined) return null;
  const { table } = cell;
  const lastMessageAtMs = table.lastMessageAtMs[slot]!;
  return {
    id,
    state: JSON.stringify(
      cell.isBusy(slot)
        ? decodeState(storedText(cell, slot), table.dated.has(slot))
        : table.twins[slot],
    ),
    version: table.version[slot]!,
    createdAtMs: table.createdAtMs[slot]!,
    updatedAtMs: table.updatedAtMs[slot]!,
    lastMessageAtMs: Number.isNaN(lastMessageAtMs) ? null : lastMessageAtMs,
    timers: cell.timers.of(slot),
  };
}

/** Ids that start with `prefix` and come after `after`, ascending by UTF-16 unit, `limit` at most. */
export function listIds(
  cell: Cell,
  prefix: string,
  after: string,
  limit: number,
): readonly string[] {
  const ids: string[] = [];
  for (const id of cell.table.ids) {
    if (id !== undefined && id > after && id.startsWith(prefix) && cell.slotOf(id) !== undefined)
      ids.push(id);
  }
  return ids.toSorted().slice(0, limit);
}
