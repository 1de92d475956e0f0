/**
 * What a cell's steps may wait for, on the host's side. Questions for the object of shared data that come in one turn
 * go in one call; rows of tables are kept for a moment. A database's connections belong to this object: a socket must
 * not outlive the object that opened it, and no other may use it.
 */
import { QUESTIONS_PER_CALL_MAX } from "../core/limits.ts";
import type { DatabaseCall, DatabaseParameter, Lookups, SharedQuestion } from "../core/lookups.ts";
import { ok } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { RowCache } from "../core/row-cache.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";
import { Databases } from "./databases.ts";

interface Asked {
  readonly question: SharedQuestion;
  readonly resolve: (answer: Result<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

export class CellLookups implements Lookups {
  /** Object requests made. */
  calls = 0;
  readonly #env: Env;
  /** Names the cell and its data. */
  readonly #sender: string;
  readonly #databases: Databases;
  readonly #cache = new RowCache();
  /** Rows that are asked for at the moment: who wants one too waits for the same answer. */
  readonly #rows = new Map<string, Promise<Result<unknown>>>();
  readonly #life = crypto.randomUUID();
  #operations = 0;
  #asked: Asked[] = [];

  constructor(env: Env, sender: string) {
    this.#env = env;
    this.#sender = sender;
    this.#databases = new Databases(env);
  }

  ask(question: SharedQuestion): Promise<Result<unknown>> {
    return question.ask === "row" ? this.#row(question) : this.#send(question);
  }

  query(database: string, sql: string, parameters: readonly DatabaseParameter[]): DatabaseCall {
    return this.#databases.query(database, sql, parameters);
  }

  newOperation(): string {
    return `${this.#life}/${++this.#operations}`;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  }

  nowMs(): number {
    return clockMs();
  }

  async #row(question: SharedQuestion & { readonly ask: "row" }): Promise<Result<unknown>> {
    const { table, key } = question;
    const cached = this.#cache.get(table, key, clockMs());
    // Everyone gets a copy: what one step changes in a row is nobody else's.
    if (cached !== undefined) return ok(JSON.parse(cached));
    const name = `${table} ${key}`;
    let answer = this.#rows.get(name);
    if (answer === undefined) {
      answer = this.#readRow(question).finally(() => this.#rows.delete(name));
      this.#rows.set(name, answer);
    }
    const result = await answer;
    return result.ok ? ok(structuredClone(result.value)) : result;
  }

  async #readRow(question: SharedQuestion & { readonly ask: "row" }): Promise<Result<unknown>> {
    const askedAtMs = clockMs();
    const result = await this.#send(question);
    if (result.ok)
      this.#cache.put(question.table, question.key, JSON.stringify(result.value), askedAtMs);
    return result;
  }

  #send(question: SharedQuestion): Promise<Result<unknown>> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ question, resolve, reject });
      // All steps of a turn ask before this runs.
      if (this.#asked.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let at = 0; at < asked.length; at += QUESTIONS_PER_CALL_MAX)
      void this.#call(asked.slice(at, at + QUESTIONS_PER_CALL_MAX));
  }

  async #call(asked: readonly Asked[]): Promise<void> {
    const questions = JSON.stringify(asked.map(({ question }) => question));
    try {
      this.calls++;
      const reply = await this.#ask(questions);
      const answers = JSON.parse(reply) as Result<unknown>[];
      for (const [i, answer] of answers.entries()) asked[i]!.resolve(answer);
      if (answers.length < asked.length) void this.#call(asked.slice(answers.length));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** Once more when the object was reset: it may have answered or not, and knows a repeated change. */
  async #ask(questions: string): Promise<string> {
    try {
      return await this.#env.SHARED.getByName("shared").ask(this.#sender, questions);
    } catch (error) {
      if ((error as { retryable?: boolean }).retryable !== true) throw error;
      this.calls++;
      return this.#env.SHARED.getByName("shared").ask(this.#sender, questions);
    }
  }
}
