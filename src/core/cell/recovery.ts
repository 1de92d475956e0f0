/** Brings a cell back from its store: pages, the parts of the last checkpoint, then the journal over them. */
import type { CellMeta } from "./checkpoint.ts";
import type { StoredPart } from "./store.ts";
import type { Cell } from "./cell.ts";
import { assert } from "../assert.ts";
import { TWINS_PER_PAGE } from "../limits.ts";
import { MessageMarks, markFromNumber } from "./message-marks.ts";
import { STORED_VERSION, parseRow, sendText } from "./records.ts";
import type { StoredPageTwin, StoredRow, StoredSend, StoredTimer, StoredTwin } from "./records.ts";
import { reviveDates, storedFormOf } from "../state-codec.ts";
import { setTimers } from "./step-commit.ts";

/** Fills an empty cell. */
export function recoverCell(cell: Cell): void {
  readMeta(cell);
  readPages(cell);
  readOutbox(cell);
  readParts(cell);
  cell.marks = MessageMarks.fromWords(wordsOf(cell.store.readPart("marks")));
  const changed = readJournal(cell);
  const { table } = cell;
  // The texts that the journal's commits would have left behind: what a roll-back or a checkpoint needs.
  for (const slot of changed) {
    if (table.ids[slot] === undefined) continue;
    const { text } = storedFormOf(table.twins[slot]!);
    table.texts[slot] = text;
    table.sizeTo(slot, text.length);
  }
  table.findFree();
}

function readMeta(cell: Cell): void {
  const [text] = cell.store.readPart("meta");
  if (typeof text !== "string") return;
  const meta = JSON.parse(text) as CellMeta;
  assert(
    meta.v === STORED_VERSION,
    `the cell's data has version ${meta.v}, known is ${STORED_VERSION}`,
  );
  cell.version = meta.version;
  cell.baseVersion = meta.version;
  cell.outbox.restoreLast(meta.outboxLast);
  for (const [sender, n] of Object.entries(meta.received)) cell.received.set(sender, n);
}

function readPages(cell: Cell): void {
  const { table } = cell;
  for (const [page, rows] of cell.store.readPages()) {
    let slot = page * TWINS_PER_PAGE;
    for (const row of rows) {
      for (const twin of JSON.parse(row) as StoredPageTwin[])
        readPageTwin(cell, slot++, twin, row.length / TWINS_PER_PAGE);
    }
  }
  // Slots that no page holds were freed before the last checkpoint; those that one does are as old as it.
  table.changedAt.fill(cell.baseVersion, 0, table.slotCount);
  table.bornAt.fill(cell.baseVersion, 0, table.slotCount);
}

function readPageTwin(cell: Cell, slot: number, twin: StoredPageTwin, charsEstimate: number): void {
  if (twin === 0) return;
  const { table, model } = cell;
  const [id, version, createdAtMs, updatedAtMs, lastMessageAtMs, seq, dated, timers, state] = twin;
  if (dated === 1) reviveDates(state);
  table.put(slot, id, Object.assign(model.blank(), state));
  table.version[slot] = version;
  table.createdAtMs[slot] = createdAtMs;
  table.updatedAtMs[slot] = updatedAtMs;
  table.lastMessageAtMs[slot] = lastMessageAtMs ?? Number.NaN;
  table.lastSeq[slot] = seq ?? Number.NaN;
  if (dated === 1) table.dated.add(slot);
  // The size only decides when the next checkpoint is due: the page's mean is near enough.
  table.sizeTo(slot, Math.ceil(charsEstimate));
  if (timers !== 0) restoreTimers(cell, slot, timers);
}

function readOutbox(cell: Cell): void {
  for (const text of cell.store.readPart("outbox")) {
    for (const send of JSON.parse(text as string) as StoredSend[]) restoreSend(cell, send);
  }
}

function readParts(cell: Cell): void {
  for (const part of cell.parts) {
    for (const text of cell.store.readPart(part.name)) {
      for (const record of JSON.parse(text as string) as unknown[]) part.restore(record);
    }
  }
}

function restoreParts(cell: Cell, records: NonNullable<StoredRow["p"]>): void {
  for (const part of cell.parts) {
    for (const record of records[part.name] ?? []) part.restore(record);
  }
}

function readJournal(cell: Cell): ReadonlySet<number> {
  const changed = new Set<number>();
  for (const { seq, body } of cell.store.readJournal()) {
    const row = parseRow(body);
    cell.version = seq;
    cell.journalChars += body.length;
    for (const twin of row.t) {
      readTwin(cell, twin, row);
      changed.add(twin[0]);
      cell.table.touch(twin[0]);
    }
    for (const send of row.o ?? []) restoreSend(cell, send);
    for (const n of row.d ?? []) cell.outbox.forget(n);
    for (const [sender, n] of Object.entries(row.i ?? {})) cell.received.set(sender, n);
    restoreParts(cell, row.p ?? {});
  }
  return changed;
}

function readTwin(cell: Cell, record: StoredTwin, row: StoredRow): void {
  const { table, model } = cell;
  const slot = record[0];
  if (record.length === 1) {
    table.remove(slot);
    table.changedAt[slot] = row.c;
    cell.timers.clear(slot);
    cell.marks.forgetSlot(slot);
    return;
  }
  const [, version, state, extra] = record;
  if (extra?.id !== undefined) {
    table.put(slot, extra.id, model.blank());
    table.createdAtMs[slot] = row.at;
    table.bornAt[slot] = row.c;
  }
  if (state !== null) {
    if (extra?.dated === 1) {
      reviveDates(state);
      table.dated.add(slot);
    } else table.dated.delete(slot);
    table.twins[slot] = Object.assign(model.blank(), state);
    table.version[slot] = version;
    table.updatedAtMs[slot] = row.at;
    table.changedAt[slot] = row.c;
  }
  if (extra?.put !== 1) table.lastMessageAtMs[slot] = row.at;
  if (extra?.seq !== undefined) table.lastSeq[slot] = extra.seq;
  for (const mark of extra?.marks ?? []) cell.marks.add(markFromNumber(slot, mark));
  if (extra?.timers !== undefined) {
    cell.timers.clear(slot);
    restoreTimers(cell, slot, extra.timers);
  }
}

function restoreTimers(cell: Cell, slot: number, timers: readonly StoredTimer[]): void {
  setTimers(
    cell,
    slot,
    timers.map(([name, dueAtMs, everyMs]) => ({ name, dueAtMs, everyMs })),
  );
}

function restoreSend(cell: Cell, [n, model, id, message, lane = "twin", from]: StoredSend): void {
  const sent = { n, lane, model, id, message };
  const entry = from === undefined ? sent : { ...sent, from };
  cell.outbox.restore(entry);
  cell.outbox.weigh(entry, sendText(entry).length);
}

function wordsOf(pieces: StoredPart): Uint32Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    assert(typeof piece !== "string", "marks are stored as bytes");
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Uint32Array(bytes.buffer);
}
