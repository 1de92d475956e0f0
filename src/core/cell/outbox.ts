/**
 * What a cell's twins send elsewhere, from the commit that sends it until the receiver has committed it: messages
 * to other twins, and what goes to the services of the deployment. Numbered per sending cell; the receiver
 * remembers the highest number that it has, so a delivery that is repeated has one effect.
 */
import { archivedRecord } from "../archive/record.ts";
import type { Json } from "../model.ts";

/**
 * Whom an entry is for: a twin (a message), a parent (what a child reports), or a service of the deployment. The
 * names are stored: they stay.
 */
export type Lane = "twin" | "parent" | "alerts" | "archive" | "shared";

/** Something to be delivered. */
export interface OutboxItem {
  readonly lane: Lane;
  /** In the lanes `twin` and `parent` the receiver's model and id; in the others the sender's. */
  readonly model: string;
  readonly id: string;
  readonly message: Json;
  /** The twin that sends a message to another, where that one's history is to name it. */
  readonly from?: string;
}

export interface OutboxEntry extends OutboxItem {
  readonly n: number;
}

export class Outbox {
  readonly #entries = new Map<number, OutboxEntry>();
  /** Characters of the entries for the archive, by number: what is too much goes from the front. */
  readonly #archive = new Map<number, number>();
  #archiveChars = 0;
  /** Characters of the other entries, by number. */
  readonly #others = new Map<number, number>();
  #otherChars = 0;
  #last = 0;
  /** Delivered since the last commit: the next one writes them down. */
  #delivered: number[] = [];

  get size(): number {
    return this.#entries.size;
  }

  /** Entries that are not for the archive: a cell that has too many of them takes nothing in. */
  get sizeWithoutArchive(): number {
    return this.#entries.size - this.#archive.size;
  }

  /** Characters of these, as the journal has them. */
  get charsWithoutArchive(): number {
    return this.#otherChars;
  }

  get archiveSize(): number {
    return this.#archive.size;
  }

  get archiveChars(): number {
    return this.#archiveChars;
  }

  /** The number of the newest entry ever. */
  get last(): number {
    return this.#last;
  }

  add(item: OutboxItem): OutboxEntry {
    const entry: OutboxEntry = { ...item, n: ++this.#last };
    this.#keep(entry);
    return entry;
  }

  /** Puts an entry back in recovery. */
  restore(entry: OutboxEntry): void {
    this.#keep(entry);
    this.#last = Math.max(this.#last, entry.n);
  }

  /** Says how many characters an entry has as stored: known when it is written. */
  weigh({ n, lane }: OutboxEntry, chars: number): void {
    if (lane === "archive") return;
    this.#others.set(n, chars);
    this.#otherChars += chars;
  }

  restoreLast(last: number): void {
    this.#last = Math.max(this.#last, last);
  }

  /** An entry is with its receiver for good. */
  delivered(n: number): void {
    if (this.#remove(n)) this.#delivered.push(n);
  }

  /** In recovery: the journal says that it was delivered. */
  forget(n: number): void {
    this.#remove(n);
  }

  /** Gives up the oldest entry for the archive, as if it had been delivered. */
  dropArchived(): void {
    for (const n of this.#archive.keys()) return this.delivered(n);
  }

  /** What the next commit is to write down as delivered. */
  takeDelivered(): readonly number[] {
    const delivered = this.#delivered;
    this.#delivered = [];
    return delivered;
  }

  /** All that is undelivered, in order; it changes while it is walked. */
  entries(): IterableIterator<OutboxEntry> {
    return this.#entries.values();
  }

  #keep(entry: OutboxEntry): void {
    this.#entries.set(entry.n, entry);
    if (entry.lane !== "archive") return;
    const { chars } = archivedRecord(entry.message);
    this.#archive.set(entry.n, chars);
    this.#archiveChars += chars;
  }

  #remove(n: number): boolean {
    this.#archiveChars -= this.#archive.get(n) ?? 0;
    this.#archive.delete(n);
    this.#otherChars -= this.#others.get(n) ?? 0;
    this.#others.delete(n);
    return this.#entries.delete(n);
  }
}
