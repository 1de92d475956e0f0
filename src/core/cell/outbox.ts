/**
 * Messages from a cell's twins to other twins, from the commit that sends them until the receiver has committed
 * them. Numbered per sending cell; the receiver remembers the highest number that it has, so a delivery that
 * is repeated has one effect.
 */
import type { Send } from "../step.ts";

export interface OutboxEntry extends Send {
  readonly n: number;
}

export class Outbox {
  readonly #entries = new Map<number, OutboxEntry>();
  #last = 0;
  /** Delivered since the last commit: the next one writes them down. */
  #delivered: number[] = [];

  get size(): number {
    return this.#entries.size;
  }

  /** The number of the newest entry ever. */
  get last(): number {
    return this.#last;
  }

  add(send: Send): OutboxEntry {
    const entry: OutboxEntry = { ...send, n: ++this.#last };
    this.#entries.set(entry.n, entry);
    return entry;
  }

  /** Puts an entry back in recovery. */
  restore(entry: OutboxEntry): void {
    this.#entries.set(entry.n, entry);
    this.#last = Math.max(this.#last, entry.n);
  }

  restoreLast(last: number): void {
    this.#last = Math.max(this.#last, last);
  }

  /** An entry is with its receiver for good. */
  delivered(n: number): void {
    if (this.#entries.delete(n)) this.#delivered.push(n);
  }

  /** In recovery: the journal says that it was delivered. */
  forget(n: number): void {
    this.#entries.delete(n);
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
}
