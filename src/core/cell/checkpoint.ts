/** Writes a checkpoint: the pages that changed, and the parts that are rewritten whole. */
import type { Cell } from "./cell.ts";
import type { StoredPart } from "./store.ts";
import { TWINS_PER_PAGE } from "../limits.ts";
import { STORED_VERSION, joinRows, sendText } from "./records.ts";
import { storedFormOf } from "../state-codec.ts";

/** Bytes of one piece of the marks: well within a row. */
const MARK_BYTES_PER_PIECE = 1_000_000;

/** The part that says where the journal goes on. */
export interface CellMeta {
  readonly v: number;
  /** The newest commit's last row. */
  readonly version: number;
  readonly outboxLast: number;
  readonly received: Readonly<Record<string, number>>;
}

/** Writes the checkpoint and forgets what it made superfluous. */
export function writeCheckpoint(cell: Cell): void {
  const { table, outbox, marks } = cell;
  const pages = new Map<number, readonly string[]>();
  for (const page of table.dirtyPages) pages.set(page, joinRows(pageRecords(cell, page)));
  const meta: CellMeta = {
    v: STORED_VERSION,
    version: cell.version,
    outboxLast: outbox.last,
    received: Object.fromEntries(cell.received),
  };
  const parts = new Map<string, StoredPart>([
    ["meta", [JSON.stringify(meta)]],
    ["outbox", rowsOf([...outbox.entries()].map(sendText))],
    ["marks", piecesOf(marks.toWords())],
  ]);
  for (const part of cell.parts) parts.set(part.name, rowsOf([...part.records()]));
  const history = cell.history?.pages();
  cell.store.checkpoint(history === undefined ? { pages, parts } : { pages, parts, history });
  if (history !== undefined) cell.history?.stored(history);
  table.dirtyPages.clear();
  for (let slot = 0; slot < table.slotCount; slot++) {
    if (!cell.isBusy(slot)) table.texts[slot] = undefined;
  }
  cell.journalChars = 0;
}

/** A part without records takes no row. */
function rowsOf(records: readonly string[]): readonly string[] {
  return records.length === 0 ? [] : joinRows(records);
}

function* pageRecords(cell: Cell, page: number): Generator<string> {
  const { table } = cell;
  const end = Math.min(table.slotCount, (page + 1) * TWINS_PER_PAGE);
  for (let slot = page * TWINS_PER_PAGE; slot < end; slot++) {
    const id = table.ids[slot];
    yield id === undefined || cell.isUnborn(slot) ? "0" : pageRecord(cell, slot, id);
  }
}

function pageRecord(cell: Cell, slot: number, id: string): string {
  const { table, timers } = cell;
  const dated = table.dated.has(slot);
  // What did not change since the last checkpoint has no text; only a dated state needs more than stringify.
  const twin = table.twins[slot]!;
  const state = table.texts[slot] ?? (dated ? storedFormOf(twin).text : JSON.stringify(twin));
  const head = JSON.stringify([
    id,
    table.version[slot],
    table.createdAtMs[slot],
    table.updatedAtMs[slot],
    orNull(table.lastMessageAtMs[slot]!),
    orNull(table.lastSeq[slot]!),
    dated ? 1 : 0,
    timers.countOf(slot) === 0
      ? 0
      : timers.of(slot).map((timer) => [timer.name, timer.dueAtMs, timer.everyMs]),
  ]);
  return `${head.slice(0, -1)},${state}]`;
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function piecesOf(words: Uint32Array): Uint8Array[] {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += MARK_BYTES_PER_PIECE)
    pieces.push(bytes.subarray(at, at + MARK_BYTES_PER_PIECE));
  return pieces;
}
