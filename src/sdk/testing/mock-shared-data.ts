/**
 * Shared data, look-up tables and databases of a mock environment: the service's own book over memory, tables as they
 * are given, and databases that a test makes up. Limits of time go by the environment's time.
 */
import { DatabaseAnswer } from "../../core/database-answer.ts";
import type {
  DatabaseCall,
  DatabaseParameter,
  DatabaseRow,
  Lookups,
  SharedQuestion,
} from "../../core/lookups.ts";
import type { OutboxEntry } from "../../core/cell/outbox.ts";
import type { Json } from "../../core/model.ts";
import { ok } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import { SharedBook, forgetOldOperations } from "../../core/shared-data/book.ts";
import { checkChange, effectOf, keyFault } from "../../core/shared-data/change.ts";
import { MemorySharedStore } from "../../core/shared-data/memory-shared-store.ts";
import { MemoryTable } from "../../core/shared-data/memory-table.ts";
import { checkDefinition, storedRowOf, unknownTable } from "../../core/shared-data/table.ts";
import type { StoredTableRow, TableRow } from "../../core/shared-data/table.ts";
import type { MockService } from "./mock-services.ts";

/** A table's rows under the key column `id`, or with another key, and with indexes. */
export type MockTable =
  | readonly TableRow[]
  | {
      readonly key: string;
      readonly index?: readonly string[];
      readonly rows: readonly TableRow[];
    };

/** What stands for a database. It may answer late, or never, or throw. */
export interface MockDatabase {
  query(
    sql: string,
    parameters: readonly DatabaseParameter[],
  ): Promise<readonly DatabaseRow[]> | readonly DatabaseRow[];
}

export interface MockSharedOptions {
  /** Values at the start, by scope (a model's name, or `_global`) and key. */
  readonly shared?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Look-up tables by name. */
  readonly tables?: Readonly<Record<string, MockTable>>;
  /** Databases by name. */
  readonly databases?: Readonly<Record<string, MockDatabase>>;
}

interface Bell {
  readonly atMs: number;
  ring(): void;
}

export class MockSharedData implements MockService {
  readonly #store: MemorySharedStore;
  readonly #tables: Map<string, MemoryTable>;
  readonly #databases: Readonly<Record<string, MockDatabase>>;
  readonly #bells = new Set<Bell>();
  #operations = 0;
  #nowMs: number;

  constructor(
    store: MemorySharedStore,
    tables: Map<string, MemoryTable>,
    databases: Readonly<Record<string, MockDatabase>>,
    nowMs: number,
  ) {
    this.#store = store;
    this.#tables = tables;
    this.#databases = databases;
    this.#nowMs = nowMs;
  }

  /** What a test gives; throws an `Error` where the service would refuse it. */
  static of(options: MockSharedOptions, nowMs: number): MockSharedData {
    const tables = new Map(
      Object.entries(options.tables ?? {}).map(([name, table]) => [name, tableOf(name, table)]),
    );
    const made = new MockSharedData(
      new MemorySharedStore(),
      tables,
      options.databases ?? {},
      nowMs,
    );
    for (const [scope, values] of Object.entries(options.shared ?? {}))
      for (const [key, value] of Object.entries(values)) made.set(scope, key, value);
    return made;
  }

  /** Makes or replaces a table; throws where the service would refuse it. */
  setTable(name: string, table: MockTable): void {
    this.#tables.set(name, tableOf(name, table));
  }

  /** The value of a key, or undefined. */
  get(scope: string, key: string): Json | undefined {
    return this.#book().get(scope, key)?.value;
  }

  /** Sets a value, as somebody else would; throws where the service would refuse it. */
  set(scope: string, key: string, value: Json): void {
    const fault = keyFault(key);
    if (fault !== undefined) throw new Error(fault.detail);
    const book = this.#book();
    valueOf(book.change(scope, key, valueOf(checkChange({ kind: "set", value }))));
    book.write();
  }

  /** All values of a scope by key. */
  entries(scope: string): ReadonlyMap<string, Json> {
    const all = this.#store.list(scope, "", "", Number.MAX_SAFE_INTEGER);
    return new Map(all.map(({ key, text }) => [key, JSON.parse(text) as Json]));
  }

  take(entries: readonly OutboxEntry[], nowMs: number): void {
    this.#nowMs = nowMs;
    const book = this.#book();
    for (const { model, message } of entries) {
      const { scope, key, change } = effectOf(model, message);
      book.change(scope, key, change);
    }
    book.write();
  }

  nextDueAtMs(): number {
    return Math.min(...[...this.#bells].map(({ atMs }) => atMs));
  }

  run(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const bell of this.#bells) {
      if (bell.atMs > nowMs) continue;
      this.#bells.delete(bell);
      bell.ring();
    }
  }

  copy(): MockSharedData {
    const tables = new Map(this.#tables);
    return new MockSharedData(this.#store.copy(), tables, this.#databases, this.#nowMs);
  }

  /** What the steps of a model's cell may wait for. */
  lookups(model: string): Lookups {
    return {
      ask: async (question) => this.#answer(model, question),
      query: (database, sql, parameters) => this.#query(database, sql, parameters),
      newOperation: () => `mock/${++this.#operations}`,
      nowMs: () => this.#nowMs,
      after: (delayMs, call) => {
        const bell: Bell = { atMs: this.#nowMs + delayMs, ring: call };
        this.#bells.add(bell);
        return () => void this.#bells.delete(bell);
      },
    };
  }

  #answer(model: string, question: SharedQuestion): Result<unknown> {
    const book = this.#book();
    switch (question.ask) {
      case "get":
        return ok(question.keys.map((key) => book.get(question.scope, key)));
      case "row": {
        const table = this.#table(question.table);
        return table.ok ? ok(table.value.get(question.key)) : table;
      }
      case "find": {
        const table = this.#table(question.table);
        return table.ok ? table.value.find(question.where, question.limit) : table;
      }
      case "change": {
        forgetOldOperations(this.#store, this.#nowMs);
        const { scope, key, change, ifVersion, operation } = question;
        const outcome = book.change(scope, key, change, {
          ...(ifVersion === undefined ? {} : { ifVersion }),
          ...(operation === undefined ? {} : { operation: `${model}/${operation}` }),
        });
        book.write();
        return outcome;
      }
    }
  }

  #query(name: string, sql: string, parameters: readonly DatabaseParameter[]): DatabaseCall {
    return { rows: this.#rows(name, sql, parameters), cancel: () => undefined };
  }

  async #rows(
    name: string,
    sql: string,
    parameters: readonly DatabaseParameter[],
  ): Promise<readonly DatabaseRow[]> {
    // Names become names of bindings, in capital letters.
    const found = Object.keys(this.#databases).find(
      (known) => known.toUpperCase() === name.toUpperCase(),
    );
    if (found === undefined)
      throw new Error(`There is no database ${JSON.stringify(name)} in this environment.`);
    const answer = new DatabaseAnswer();
    answer.add(await this.#databases[found]!.query(sql, parameters));
    return answer.finish();
  }

  #table(name: string): Result<MemoryTable> {
    const table = this.#tables.get(name);
    if (table !== undefined) return ok(table);
    return { ok: false, refusal: unknownTable(name, [...this.#tables.keys()].toSorted()) };
  }

  #book(): SharedBook {
    return new SharedBook(this.#store, this.#nowMs);
  }
}

function tableOf(name: string, table: MockTable): MemoryTable {
  const { key, index = [], rows } = "rows" in table ? table : { key: "id", rows: table };
  const definition = valueOf(checkDefinition({ name, key, indexes: index }));
  const stored = rows.map((row, i): StoredTableRow => valueOf(storedRowOf(definition, row, i + 1)));
  return new MemoryTable(definition, stored);
}

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
}
