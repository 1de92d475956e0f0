/**
 * What a cell remembers of twins that were removed: the message ids that they had processed, and for a while the
 * last `seq`. A message whose answer was lost may come again after its twin is gone; without this a new twin would
 * process it a second time.
 */
import { TOMBSTONE_MARKS_MAX, TOMBSTONE_SEQ_MS, TWIN_MESSAGE_IDS_MIN } from "../limits.ts";
import type { CellPart } from "./part.ts";

interface Tombstone {
  /** When the twin was removed. */
  readonly atMs: number;
  readonly seq: number | null;
  /** Marks of message ids (47 bits of hash), oldest first. */
  readonly marks: readonly number[];
}

type StoredTombstone = readonly [
  id: string,
  atMs: number,
  seq: number | null,
  marks: readonly number[],
];

/** Characters of a record beside its marks, and of a mark, about. */
const RECORD_CHARS = 64;
const MARK_CHARS = 16;

export class Tombstones implements CellPart {
  readonly name = "removed";
  readonly #write: (record: string) => void;
  /** By id, the longest buried first. */
  readonly #byId = new Map<string, Tombstone>();
  #marks = 0;

  /** `write` puts a record into the commit that is being built. */
  constructor(write: (record: string) => void) {
    this.#write = write;
  }

  get chars(): number {
    return this.#byId.size * RECORD_CHARS + this.#marks * MARK_CHARS;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Notes that a twin was removed, with the marks that it had. `seq` is its last where a repeat of that is to be known. */
  bury(id: string, marks: readonly number[], seq: number | null, atMs: number): void {
    const earlier = this.#byId.get(id)?.marks.slice(-TWIN_MESSAGE_IDS_MIN) ?? [];
    if (marks.length + earlier.length === 0 && seq === null) return;
    const stored: StoredTombstone = [id, atMs, seq, [...earlier, ...marks]];
    this.restore(stored);
    this.#write(JSON.stringify(stored));
  }

  /** Whether a removed twin of this id had processed the message of this mark. */
  isBuried(id: string, mark: number): boolean {
    return this.#byId.size > 0 && this.#byId.get(id)?.marks.includes(mark) === true;
  }

  /** The last `seq` of a twin that removed itself not long ago; NaN otherwise. */
  lastSeqOf(id: string, nowMs: number): number {
    const tombstone = this.#byId.size === 0 ? undefined : this.#byId.get(id);
    return tombstone === undefined || nowMs - tombstone.atMs >= TOMBSTONE_SEQ_MS
      ? Number.NaN
      : (tombstone.seq ?? Number.NaN);
  }

  restore(record: unknown): void {
    const [id, atMs, seq, marks] = record as StoredTombstone;
    this.#drop(id);
    this.#byId.set(id, { atMs, seq, marks });
    this.#marks += marks.length + 1;
    for (const oldest of this.#byId.keys()) {
      if (this.#marks <= TOMBSTONE_MARKS_MAX || oldest === id) break;
      this.#drop(oldest);
    }
  }

  *records(): Generator<string> {
    for (const [id, { atMs, seq, marks }] of this.#byId)
      yield JSON.stringify([id, atMs, seq, marks]);
  }

  removed(): void {
    // This is what removal leaves behind.
  }

  #drop(id: string): void {
    const tombstone = this.#byId.get(id);
    if (tombstone === undefined) return;
    this.#byId.delete(id);
    this.#marks -= tombstone.marks.length + 1;
  }
}
