/**
 * What a cell needs of its storage. The Durable Object gives it SQLite, the mock environment memory. All calls
 * are synchronous, and each of the writing ones is atomic: all of it happens or nothing.
 */

/** A journal row: `seq` grows by one per row, for ever. */
export interface JournalRow {
  readonly seq: number;
  readonly body: string;
}

/** A part that a checkpoint rewrites whole, in pieces that each fit a row. */
export type StoredPart = readonly (string | Uint8Array)[];

/** Rows of a page's history: those of the last merge, and those that checkpoints appended since. */
export interface HistoryRows {
  readonly merged: number;
  readonly appended: number;
}

/** Rows of history that a checkpoint writes for a page: in the place of all that it has, or after it. */
export interface HistoryPage {
  readonly merges: boolean;
  readonly rows: readonly string[];
}

/** What a checkpoint writes beside clearing the journal. */
export interface Checkpoint {
  /** Pages that changed, by number: their rows in order. */
  readonly pages: ReadonlyMap<number, readonly string[]>;
  /** Parts by name, each replacing what had that name. */
  readonly parts: ReadonlyMap<string, StoredPart>;
  /** History by page, where the model keeps one. */
  readonly history?: ReadonlyMap<number, HistoryPage>;
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
  historyRows(page: number): HistoryRows;
  /** A page's rows of history, oldest first. */
  readHistory(page: number): readonly string[];
  /** Forgets all history: the model keeps none now, and what was removed since would not be known later. */
  dropHistory(): void;
}
