/**
 * The book of shared data: what a change makes of a key's value and version. The Durable Object runs it over SQLite,
 * the mock environment over memory.
 *
 * I1. A key's version grows with every change, also across a deletion: a version that somebody has seen never comes
 *     to stand for another value.
 * I2. A refused change leaves no trace.
 * I3. `write` brings the store up to date, each key once however often it was changed: a row is a row on the bill.
 */
import { OPERATION_MS, SHARED_KEYS_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import type { SharedChange } from "./change.ts";

/** A value as it is stored. */
export interface StoredShared {
  /** JSON. */
  readonly text: string;
  readonly version: number;
  readonly updatedAtMs: number;
}

/** What is known of a scope as a whole. */
export interface ScopeRecord {
  readonly keys: number;
  /** The highest version of any key that was deleted. */
  readonly deletedVersion: number;
}

/** Where a book is kept. */
export interface SharedStore {
  read(scope: string, key: string): StoredShared | undefined;
  /** Undefined removes. */
  write(scope: string, key: string, stored: StoredShared | undefined): void;
  readScope(scope: string): ScopeRecord;
  writeScope(scope: string, record: ScopeRecord): void;
  /** Keys that start with `prefix` and are greater than `after`, ascending. */
  list(
    scope: string,
    prefix: string,
    after: string,
    limit: number,
  ): readonly (StoredShared & { readonly key: string })[];
  /** The outcome of an operation that is remembered, as JSON. */
  readOperation(id: string): string | undefined;
  writeOperation(id: string, atMs: number, outcome: string): void;
  forgetOperations(beforeMs: number): void;
}

/** A value with its version, as everyone outside sees it. */
export interface SharedEntry {
  readonly key: string;
  readonly value: Json;
  /** Grows with every change of the key. */
  readonly version: number;
  readonly updatedAtMs: number;
}

/** What a change left: the value and its version, or null and the version that the key had. */
export interface SharedOutcome {
  readonly value: Json;
  readonly version: number;
}

export interface ChangeOptions {
  /** The version that the key must have; 0 for a key that must not exist. Refuses with `shared/version-mismatch`. */
  readonly ifVersion?: number;
  /** A name for this change: a repeat under the same name has no effect, and the first one's answer. */
  readonly operation?: string;
}

/** For one transaction: changes, then `write`. */
export class SharedBook {
  readonly #store: SharedStore;
  readonly #nowMs: number;
  readonly #changed = new Map<string, Map<string, StoredShared | undefined>>();
  readonly #scopes = new Map<string, ScopeRecord>();

  constructor(store: SharedStore, nowMs: number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** A key's value, or null when there is none. */
  get(scope: string, key: string): SharedEntry | null {
    const stored = this.#read(scope, key);
    return stored === undefined ? null : entryOf(key, stored);
  }

  /**
   * Changes a key. Refuses with `shared/version-mismatch` (its data has the version that there is),
   * `shared/not-a-number`, `shared/too-many-keys`, and `shared/unknown` for deleting what is not there.
   */
  change(
    scope: string,
    key: string,
    change: SharedChange,
    { ifVersion, operation }: ChangeOptions = {},
  ): Result<SharedOutcome> {
    if (operation === undefined) return this.#change(scope, key, change, ifVersion);
    const known = this.#store.readOperation(operation);
    if (known !== undefined) return JSON.parse(known) as Result<SharedOutcome>;
    const outcome = this.#change(scope, key, change, ifVersion);
    this.#store.writeOperation(operation, this.#nowMs, JSON.stringify(outcome));
    return outcome;
  }

  /** Writes down what was changed. */
  write(): void {
    for (const [scope, keys] of this.#changed) {
      for (const [key, stored] of keys) this.#store.write(scope, key, stored);
    }
    for (const [scope, record] of this.#scopes) this.#store.writeScope(scope, record);
  }

  #change(
    scope: string,
    key: string,
    change: SharedChange,
    ifVersion: number | undefined,
  ): Result<SharedOutcome> {
    const before = this.#read(scope, key);
    const version = before?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) {
      const detail = `"${key}" has version ${version}, not ${ifVersion}.`;
      return refuse("shared/version-mismatch", detail, { version });
    }
    if (change.kind === "delete") {
      if (before === undefined) return refuse("shared/unknown", `There is no "${key}".`);
      this.#remove(scope, key, before);
      return ok({ value: null, version: before.version });
    }
    const value = change.kind === "set" ? ok(change.value) : sumOf(key, before, change.by);
    return value.ok ? this.#put(scope, key, before, value.value) : value;
  }

  #put(
    scope: string,
    key: string,
    before: StoredShared | undefined,
    value: Json,
  ): Result<SharedOutcome> {
    const record = this.#scope(scope);
    if (before === undefined && record.keys >= SHARED_KEYS_MAX) {
      const detail = `Scope "${scope}" has ${record.keys} keys, the most it may have: there is no room for "${key}".`;
      return refuse("shared/too-many-keys", detail);
    }
    if (before === undefined) this.#scopes.set(scope, { ...record, keys: record.keys + 1 });
    const version = (before?.version ?? record.deletedVersion) + 1;
    const stored = { text: JSON.stringify(value), version, updatedAtMs: this.#nowMs };
    this.#keysOf(scope).set(key, stored);
    return ok({ value, version });
  }

  #remove(scope: string, key: string, before: StoredShared): void {
    const { keys, deletedVersion } = this.#scope(scope);
    this.#keysOf(scope).set(key, undefined);
    this.#scopes.set(scope, {
      keys: keys - 1,
      deletedVersion: Math.max(deletedVersion, before.version),
    });
  }

  #read(scope: string, key: string): StoredShared | undefined {
    const changed = this.#changed.get(scope);
    return changed?.has(key) === true ? changed.get(key) : this.#store.read(scope, key);
  }

  #scope(scope: string): ScopeRecord {
    return this.#scopes.get(scope) ?? this.#store.readScope(scope);
  }

  #keysOf(scope: string): Map<string, StoredShared | undefined> {
    let keys = this.#changed.get(scope);
    if (keys === undefined) this.#changed.set(scope, (keys = new Map()));
    return keys;
  }
}

/** Forgets operations that no repeat can be expected of any more. */
export function forgetOldOperations(store: SharedStore, nowMs: number): void {
  store.forgetOperations(nowMs - OPERATION_MS);
}

export function entryOf(key: string, { text, version, updatedAtMs }: StoredShared): SharedEntry {
  return { key, value: JSON.parse(text) as Json, version, updatedAtMs };
}

/** A counter that is not there counts from 0. Doubles: whole numbers are exact up to 2^53. */
function sumOf(key: string, before: StoredShared | undefined, by: number): Result<number> {
  const value: unknown = before === undefined ? 0 : JSON.parse(before.text);
  if (typeof value !== "number")
    return refuse(
      "shared/not-a-number",
      `"${key}" holds ${kindOf(value)}, to which nothing can be added.`,
    );
  const sum = value + by;
  if (Number.isFinite(sum)) return ok(sum);
  return refuse("shared/not-a-number", `${value} and ${by} in "${key}" make no finite number.`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
