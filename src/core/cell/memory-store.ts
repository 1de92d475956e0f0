/** A cell's store in memory: the mock environment's, and the one that tests compare others with. */
import type {
  CellStore,
  Checkpoint,
  HistoryPage,
  HistoryRows,
  JournalRow,
  StoredPart,
} from "./store.ts";

/** A page's history: the rows of the last merge, and those after it. */
interface StoredHistory {
  readonly merged: readonly string[];
  readonly appended: readonly string[];
}

const NO_HISTORY: StoredHistory = { merged: [], appended: [] };

export class MemoryStore implements CellStore {
  readonly #pages = new Map<number, readonly string[]>();
  readonly #parts = new Map<string, StoredPart>();
  readonly #history = new Map<number, StoredHistory>();
  #journal: JournalRow[] = [];

  *readPages(): Generator<readonly [number, readonly string[]]> {
    for (const page of [...this.#pages.keys()].toSorted((a, b) => a - b))
      yield [page, this.#pages.get(page)!];
  }

  readPage(page: number): readonly string[] {
    return this.#pages.get(page) ?? [];
  }

  readPart(name: string): StoredPart {
    return this.#parts.get(name) ?? [];
  }

  readJournal(): Iterable<JournalRow> {
    return this.#journal;
  }

  appendJournal(rows: readonly JournalRow[]): void {
    this.#journal.push(...rows);
  }

  checkpoint({ pages, parts, history = new Map() }: Checkpoint): void {
    for (const [page, rows] of pages) this.#pages.set(page, rows);
    for (const [name, part] of parts) this.#parts.set(name, copyOf(part));
    for (const [page, rows] of history) this.#history.set(page, this.#historyAfter(page, rows));
    this.#journal = [];
  }

  historyRows(page: number): HistoryRows {
    const { merged, appended } = this.#history.get(page) ?? NO_HISTORY;
    return { merged: merged.length, appended: appended.length };
  }

  readHistory(page: number): readonly string[] {
    const { merged, appended } = this.#history.get(page) ?? NO_HISTORY;
    return [...merged, ...appended];
  }

  dropHistory(): void {
    this.#history.clear();
  }

  /** Another store that holds the same. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    copy.checkpoint({ pages: this.#pages, parts: this.#parts });
    copy.appendJournal(this.#journal);
    for (const [page, history] of this.#history) copy.#history.set(page, history);
    return copy;
  }

  #historyAfter(page: number, { merges, rows }: HistoryPage): StoredHistory {
    if (merges) return { merged: rows, appended: [] };
    const { merged, appended } = this.#history.get(page) ?? NO_HISTORY;
    return { merged, appended: [...appended, ...rows] };
  }
}

/** Bytes are copied: the caller goes on to change the array that they are a view of. */
function copyOf(part: StoredPart): StoredPart {
  return part.map((piece) => (typeof piece === "string" ? piece : piece.slice()));
}
