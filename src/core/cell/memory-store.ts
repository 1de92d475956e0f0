/** A cell's store in memory: the mock environment's, and the one that tests compare others with. */
import type { CellStore, Checkpoint, JournalRow, StoredPart } from "./store.ts";

export class MemoryStore implements CellStore {
  readonly #pages = new Map<number, readonly string[]>();
  readonly #parts = new Map<string, StoredPart>();
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

  checkpoint({ pages, parts }: Checkpoint): void {
    for (const [page, rows] of pages) this.#pages.set(page, rows);
    for (const [name, part] of parts) this.#parts.set(name, copyOf(part));
    this.#journal = [];
  }

  /** Another store that holds the same. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    copy.checkpoint({ pages: this.#pages, parts: this.#parts });
    copy.appendJournal(this.#journal);
    return copy;
  }
}

/** Bytes are copied: the caller goes on to change the array that they are a view of. */
function copyOf(part: StoredPart): StoredPart {
  return part.map((piece) => (typeof piece === "string" ? piece : piece.slice()));
}
