/**
 * What a cell needs of its storage. The Durable Object gives it SQLite, the mock environment memory. All calls
 * are synchronous, and each of the two writing ones is atomic: all of it happens or nothing.
 */

/** A journal row: `seq` grows by one per row, for ever. */
export interface JournalRow {
  readonly seq: number;
  readonly body: string;
}

/** A part that a checkpoint rewrites whole, in pieces that each fit a row. */
export type StoredPart = readonly (string | Uint8Array)[];

/** What a checkpoint writes beside clearing the journal. */
export interface Checkpoint {
  /** Pages that changed, by number: their rows in order. */
  readonly pages: ReadonlyMap<number, readonly string[]>;
  /** Parts by name, each replacing what had that name. */
  readonly parts: ReadonlyMap<string, StoredPart>;
}

export interface CellStore {
  /** All pages in order of number: each with its rows in order. */
  readPages(): Iterable<readonly [page: number, rows: readonly string[]]>;
  readPage(page: number): readonly string[];
  readPart(name: string): StoredPart;
  /** The journal in order of `seq`. */
  readJournal(): Iterable<JournalRow>;
  appendJournal(rows: readonly JournalRow[]): void;
  checkpoint(checkpoint: Checkpoint): void;
}
