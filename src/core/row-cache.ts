/**
 * Rows that a cell has looked up a moment ago: a key that many messages need costs one request to the tables' object,
 * and what a model gets is `TABLE_CACHE_MS` old at most. That a key has no row is kept too. Bounded; the oldest go first.
 */
import { TABLE_CACHE_CHARS_MAX, TABLE_CACHE_MS } from "./limits.ts";

interface Cached {
  /** The row as JSON; `null` where there is none. */
  readonly text: string;
  readonly atMs: number;
}

/** Characters of an entry beside its key and text, about. */
const ENTRY_CHARS = 64;

export class RowCache {
  /** In the order of their age. */
  readonly #rows = new Map<string, Cached>();
  #chars = 0;

  get chars(): number {
    return this.#chars;
  }

  /** The row as JSON, or undefined when it is not known any more. */
  get(table: string, key: string, nowMs: number): string | undefined {
    const cached = this.#rows.get(nameOf(table, key));
    return cached === undefined || nowMs - cached.atMs >= TABLE_CACHE_MS ? undefined : cached.text;
  }

  /** Keeps a row that was asked for at `atMs`. */
  put(table: string, key: string, text: string, atMs: number): void {
    const name = nameOf(table, key);
    this.#drop(name);
    this.#rows.set(name, { text, atMs });
    this.#chars += charsOf(name, text);
    for (const [oldest, { atMs: sinceMs }] of this.#rows) {
      if (this.#chars <= TABLE_CACHE_CHARS_MAX && atMs - sinceMs < TABLE_CACHE_MS) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const cached = this.#rows.get(name);
    if (cached === undefined) return;
    this.#rows.delete(name);
    this.#chars -= charsOf(name, cached.text);
  }
}

/** No table's name has a space. */
function nameOf(table: string, key: string): string {
  return `${table} ${key}`;
}

function charsOf(name: string, text: string): number {
  return name.length + text.length + ENTRY_CHARS;
}
