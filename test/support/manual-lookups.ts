/** Look-ups that a test answers when it likes, and a clock that it moves. */
import type { DatabaseCall, DatabaseRow, Lookups, SharedQuestion } from "../../src/core/lookups.ts";
import { ok } from "../../src/core/refusal.ts";
import type { Result } from "../../src/core/refusal.ts";

interface Query {
  readonly sql: string;
  isCancelled: boolean;
  answer(rows: readonly DatabaseRow[]): void;
  fail(error: unknown): void;
}

export class ManualLookups implements Lookups {
  readonly asked: SharedQuestion[] = [];
  /** Queries by their text. */
  readonly queries = new Map<string, Query>();
  readonly #bells = new Set<{ readonly atMs: number; readonly ring: () => void }>();
  #nowMs = 0;
  #operations = 0;

  get bells(): number {
    return this.#bells.size;
  }

  async ask(question: SharedQuestion): Promise<Result<unknown>> {
    this.asked.push(question);
    return ok(question.ask === "get" ? question.keys.map(() => null) : { value: 1, version: 1 });
  }

  query(_database: string, sql: string): DatabaseCall {
    const { promise, resolve, reject } = Promise.withResolvers<readonly DatabaseRow[]>();
    const query: Query = { sql, isCancelled: false, answer: resolve, fail: reject };
    this.queries.set(sql, query);
    return { rows: promise, cancel: () => void (query.isCancelled = true) };
  }

  newOperation(): string {
    return `new-${++this.#operations}`;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const bell = { atMs: this.#nowMs + delayMs, ring: call };
    this.#bells.add(bell);
    return () => void this.#bells.delete(bell);
  }

  /** Moves the clock on, and lets everything follow that follows at once. */
  async advance(byMs: number): Promise<void> {
    this.#nowMs += byMs;
    for (const bell of this.#bells) {
      if (bell.atMs > this.#nowMs) continue;
      this.#bells.delete(bell);
      bell.ring();
    }
    await this.settle();
  }

  /** Lets all promises that have an outcome take effect. */
  async settle(): Promise<void> {
    await new Promise((resume) => setImmediate(resume));
  }
}
