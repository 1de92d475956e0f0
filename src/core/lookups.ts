/**
 * Look-ups: what a step may wait for. The first half is what authors of models see; the second is what a host gives.
 * A look-up is no part of the step's commit: it reads what is there now, and what it changes is changed at once.
 */
import type { Json } from "./model.ts";
import type { Result } from "./refusal.ts";
import type { SharedChange } from "./shared-data/change.ts";
import type { SharedEntry } from "./shared-data/book.ts";
import type { TableRow } from "./shared-data/table.ts";

/** What `compareAndSet` left: whether it was this call that set the value, and what is there now. */
export interface CompareAndSet {
  readonly swapped: boolean;
  readonly value: Json;
  /** 0 when there is no value. */
  readonly version: number;
}

/** Data that the twins of a model, or of all models, share, by key. */
export interface SharedScope {
  /**
   * Adds to a number, from 0 when there is none; whole numbers are exact up to 2^53. It leaves with the commit and
   * takes effect exactly once, a moment later; what can't be added to (a text, say) stays as it is, which the
   * server's log says.
   */
  add(key: string, by: number): void;
  /** Sets a value, with the commit, exactly once. */
  set(key: string, value: Json): void;
  /** Removes a value, with the commit. */
  delete(key: string): void;
  /** The value as it is now, or null. What this step asked for with `add` or `set` is not in it. */
  get(key: string): Promise<SharedEntry | null>;
  /** Many at once, in the order of the keys. */
  getMany(keys: readonly string[]): Promise<readonly (SharedEntry | null)[]>;
  /** Sets a value at once, if its version is still the expected one; 0 expects that there is none. */
  compareAndSet(key: string, expectedVersion: number, value: Json): Promise<CompareAndSet>;
  /** Adds at once, and gives the sum. */
  addAndGet(key: string, by: number): Promise<number>;
}

/** Tables of reference data that somebody has loaded. */
export interface LookupTables {
  /** The row of a key, or null. It may be as old as `TABLE_CACHE_MS`. */
  get<Row = TableRow>(table: string, key: string | number): Promise<Row | null>;
  /** Rows that have these values, by key; at least one is the key or a column with an index. */
  find<Row = TableRow>(table: string, where: TableRow, limit?: number): Promise<readonly Row[]>;
}

/** A row of a database: what the driver makes of its columns. */
export type DatabaseRow = Readonly<Record<string, unknown>>;

/** What may stand for `$1` in a query. */
export type DatabaseParameter = string | number | boolean | null | Date;

/** A PostgreSQL database that the deployment names. */
export interface Database {
  query<Row = DatabaseRow>(
    sql: string,
    parameters?: readonly DatabaseParameter[],
  ): Promise<readonly Row[]>;
}

/** What is asked of the object that holds shared data and tables. */
export type SharedQuestion =
  | { readonly ask: "get"; readonly scope: string; readonly keys: readonly string[] }
  | {
      readonly ask: "change";
      readonly scope: string;
      readonly key: string;
      readonly change: SharedChange;
      readonly ifVersion?: number;
      /** A repeat under the same name has no effect. */
      readonly operation?: string;
    }
  | { readonly ask: "row"; readonly table: string; readonly key: string }
  | {
      readonly ask: "find";
      readonly table: string;
      readonly where: TableRow;
      readonly limit?: number;
    };

/** A query that is under way. */
export interface DatabaseCall {
  readonly rows: Promise<readonly DatabaseRow[]>;
  /** Nobody waits for it any more. */
  cancel(): void;
}

/** What a host gives to the steps of a cell. */
export interface Lookups {
  /** Answers one question; rejects when it can't be asked. Repeats are harmless: changes carry an operation. */
  ask(question: SharedQuestion): Promise<Result<unknown>>;
  /** Runs a query; rejects with what the database says. */
  query(database: string, sql: string, parameters: readonly DatabaseParameter[]): DatabaseCall;
  /** A name for an operation that nobody else gives, also in another life of this cell. */
  newOperation(): string;
  /** Calls back after so many milliseconds, unless what it answers is called before. */
  after(delayMs: number, call: () => void): () => void;
  /** The clock that limits of time go by. */
  nowMs(): number;
}
