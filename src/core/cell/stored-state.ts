/** The committed state of a twin, as the store has it. */
import type { Cell } from "./cell.ts";
import { TWINS_PER_PAGE } from "../limits.ts";
import type { StoredPageTwin } from "./records.ts";
import { decodeState } from "../state-codec.ts";

/** The committed state of a slot as JSON: of the journal if it changed after the last checkpoint, else of its page. */
export function storedText(cell: Cell, slot: number): string {
  // Kept until the next checkpoint: who is put back once may be so with each message.
  return (cell.table.texts[slot] ??= JSON.stringify(storedPageTwin(cell, slot)[8]));
}

/** Puts a twin back to its committed state. */
export function restoreTwin(cell: Cell, slot: number): void {
  const { table, model } = cell;
  const state = decodeState(storedText(cell, slot), table.dated.has(slot));
  table.twins[slot] = Object.assign(model.blank(), state);
}

function storedPageTwin(cell: Cell, slot: number): Exclude<StoredPageTwin, 0> {
  const rows = cell.store.readPage(Math.floor(slot / TWINS_PER_PAGE));
  const twins = rows.flatMap((row) => JSON.parse(row) as StoredPageTwin[]);
  const twin = twins[slot % TWINS_PER_PAGE];
  if (twin === undefined || twin === 0)
    throw new Error(`Livetwin bug: slot ${slot} is in no page and in no journal row`);
  return twin;
}
