/** A store in memory that holds a cell to what `core/cell/store.ts` and the platform ask of it. */
import type {
  CellStore,
  Checkpoint,
  HistoryRows,
  JournalRow,
  StoredPart,
} from "../../src/core/cell/store.ts";
import { ROW_BYTES_PLATFORM_MAX } from "../../src/core/limits.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";

export class CheckedStore implements CellStore {
  readonly inner: MemoryStore;
  /** Bytes of the largest row that was written. */
  rowBytesMax = 0;
  /** Rows written: the bill. */
  rowsWritten = 0;
  #lastSeq: number | undefined;

  constructor(inner: MemoryStore = new MemoryStore()) {
    this.inner = inner;
  }

  readPages(): Iterable<readonly [page: number, rows: readonly string[]]> {
    return this.inner.readPages();
  }

  readPage(page: number): readonly string[] {
    return this.inner.readPage(page);
  }

  readPart(name: string): StoredPart {
    return this.inner.readPart(name);
  }

  readJournal(): Iterable<JournalRow> {
    return this.inner.readJournal();
  }

  appendJournal(rows: readonly JournalRow[]): void {
    if (rows.length === 0) throw new Error("a commit without a row");
    for (const { seq, body } of rows) {
      if (this.#lastSeq !== undefined && seq !== this.#lastSeq + 1)
        throw new Error(`row ${seq} follows row ${this.#lastSeq}`);
      this.#lastSeq = seq;
      this.#check(body);
    }
    this.inner.appendJournal(rows);
  }

  checkpoint(checkpoint: Checkpoint): void {
    for (const rows of checkpoint.pages.values()) for (const row of rows) this.#check(row);
    for (const part of checkpoint.parts.values()) for (const piece of part) this.#check(piece);
    for (const [page, { merges, rows }] of checkpoint.history ?? []) {
      // What a merge deletes is billed as well; merged rows take each other's place.
      const { merged, appended } = this.inner.historyRows(page);
      if (merges) this.rowsWritten += appended + Math.max(0, merged - rows.length);
      for (const row of rows) this.#check(row);
    }
    this.inner.checkpoint(checkpoint);
  }

  historyRows(page: number): HistoryRows {
    return this.inner.historyRows(page);
  }

  readHistory(page: number): readonly string[] {
    return this.inner.readHistory(page);
  }

  dropHistory(): void {
    this.inner.dropHistory();
  }

  #check(row: string | Uint8Array): void {
    const bytes = typeof row === "string" ? Buffer.byteLength(row) : row.byteLength;
    this.rowsWritten++;
    this.rowBytesMax = Math.max(this.rowBytesMax, bytes);
    if (bytes > ROW_BYTES_PLATFORM_MAX) throw new Error(`a row of ${bytes} bytes`);
  }
}
