/** Data that twins share, and the tables that they look things up in. */
import { DurableObject } from "cloudflare:workers";
import { ANSWERS_CHARS_MAX, OPERATION_MS } from "../core/limits.ts";
import type { SharedQuestion } from "../core/lookups.ts";
import { ok } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { SharedBook, entryOf, forgetOldOperations } from "../core/shared-data/book.ts";
import type { SharedEntry } from "../core/shared-data/book.ts";
import { effectOf } from "../core/shared-data/change.ts";
import type { StoredTableRow } from "../core/shared-data/table.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";
import { ReceivedNumbers } from "../routing/received-numbers.ts";
import type { CellCounters, ServiceEntry, SharedDataRpc } from "../wire/internal-rpc.ts";
import type { TableInfo, TableSettings } from "../wire/shared-data-v1.ts";
import { SqliteSharedStore } from "./sqlite-shared-store.ts";
import { SqliteTables } from "./sqlite-tables.ts";

/** Forgetting looks at every operation that is remembered; so it is not done at each look-up. */
const FORGET_INTERVAL_MS = OPERATION_MS / 10;

export class SharedData extends DurableObject<Env> implements SharedDataRpc {
  readonly #received: ReceivedNumbers;
  readonly #store: SqliteSharedStore;
  #tables: SqliteTables;
  readonly #counts = { sharedChanges: 0, sharedDropped: 0, lookups: 0 };
  #forgotAtMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#received = new ReceivedNumbers(ctx.storage.sql);
    this.#store = new SqliteSharedStore(ctx.storage.sql);
    this.#tables = new SqliteTables(ctx.storage.sql);
  }

  async deliver(sender: string, entries: string): Promise<{ readonly deliveredUpTo: number }> {
    const fresh = this.#received.fresh(sender, JSON.parse(entries) as ServiceEntry[]);
    return this.#transaction(() => {
      const book = new SharedBook(this.#store, clockMs());
      for (const entry of fresh) this.#take(book, entry);
      book.write();
      return this.#received.took(sender, fresh);
    });
  }

  async ask(sender: string, questions: string): Promise<string> {
    const asked = JSON.parse(questions) as SharedQuestion[];
    const nowMs = clockMs();
    const answers = this.#transaction(() => {
      if (nowMs - this.#forgotAtMs > FORGET_INTERVAL_MS) {
        this.#forgotAtMs = nowMs;
        forgetOldOperations(this.#store, nowMs);
      }
      const book = new SharedBook(this.#store, nowMs);
      const texts: string[] = [];
      let chars = 0;
      for (const question of asked) {
        if (chars > ANSWERS_CHARS_MAX) break;
        const text = JSON.stringify(this.#answer(book, sender, question));
        texts.push(text);
        chars += text.length;
      }
      book.write();
      return texts;
    });
    this.#counts.lookups += answers.length;
    return `[${answers.join(",")}]`;
  }

  async list(
    scope: string,
    prefix: string,
    after: string,
    limit: number,
  ): Promise<readonly SharedEntry[]> {
    return this.#store
      .list(scope, prefix, after, limit)
      .map(({ key, ...stored }) => entryOf(key, stored));
  }

  async tables(): Promise<readonly TableInfo[]> {
    return this.#tables.list();
  }

  async table(name: string): Promise<TableInfo | Refusal> {
    return valueOf(this.#tables.info(name));
  }

  async replaceTable(settings: TableSettings, rows: string): Promise<TableInfo | Refusal> {
    const parsed = JSON.parse(rows) as StoredTableRow[];
    const tables = this.#tables;
    return valueOf(this.#transaction(() => tables.replace(settings, parsed, clockMs())));
  }

  async addToTable(name: string, rows: string): Promise<TableInfo | Refusal> {
    const parsed = JSON.parse(rows) as StoredTableRow[];
    return valueOf(this.#transaction(() => this.#tables.add(name, parsed, clockMs())));
  }

  async removeTable(name: string): Promise<true | Refusal> {
    return valueOf(this.#transaction(() => this.#tables.remove(name)));
  }

  async counters(): Promise<CellCounters> {
    const tables = this.#tables.list();
    return {
      ...this.#counts,
      sharedKeys: this.#store.countKeys(),
      tables: tables.length,
      tableRows: tables.reduce((sum, { rows }) => sum + rows, 0),
      databaseBytes: this.ctx.storage.sql.databaseSize,
    };
  }

  /** A twin's change has been committed and acknowledged: what can't be done now is left out, and said. */
  #take(book: SharedBook, [, model, id, message]: ServiceEntry): void {
    const { scope, key, change } = effectOf(model, message);
    const outcome = book.change(scope, key, change);
    this.#counts.sharedChanges++;
    if (outcome.ok || outcome.refusal.code === "shared/unknown") return;
    this.#counts.sharedDropped++;
    const { code, detail } = outcome.refusal;
    console.error(`Shared data: ${change.kind} of twin "${id}" of ${model}: ${code}: ${detail}`);
  }

  #answer(book: SharedBook, sender: string, question: SharedQuestion): Result<unknown> {
    switch (question.ask) {
      case "get":
        return ok(question.keys.map((key) => book.get(question.scope, key)));
      case "row":
        return this.#tables.get(question.table, question.key);
      case "find":
        return this.#tables.find(question.table, question.where, question.limit);
      case "change": {
        const { scope, key, change, ifVersion, operation } = question;
        return book.change(scope, key, change, {
          ...(ifVersion === undefined ? {} : { ifVersion }),
          ...(operation === undefined ? {} : { operation: `${sender}/${operation}` }),
        });
      }
    }
  }

  #transaction<T>(act: () => T): T {
    try {
      return this.ctx.storage.transactionSync(act);
    } catch (error) {
      // What is in memory may be ahead of what was rolled back.
      this.#tables = new SqliteTables(this.ctx.storage.sql);
      throw error;
    }
  }
}

function valueOf<T>(result: Result<T>): T | Refusal {
  return result.ok ? result.value : result.refusal;
}
