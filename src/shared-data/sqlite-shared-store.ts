/** Shared data in the object's SQLite: a row for each key, each scope, and each operation that is remembered. */
import type { ScopeRecord, SharedStore, StoredShared } from "../core/shared-data/book.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS shared(
  scope TEXT, key TEXT, value TEXT NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY(scope, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scopes(
  scope TEXT PRIMARY KEY, keys INTEGER NOT NULL, deleted_version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations(
  id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL) WITHOUT ROWID;`;

export class SqliteSharedStore implements SharedStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  read(scope: string, key: string): StoredShared | undefined {
    const [row] = this.#sql.exec<Row>(
      "SELECT key, value, version, at_ms FROM shared WHERE scope = ? AND key = ?",
      scope,
      key,
    );
    return row === undefined ? undefined : storedOf(row);
  }

  write(scope: string, key: string, stored: StoredShared | undefined): void {
    if (stored === undefined) {
      this.#sql.exec("DELETE FROM shared WHERE scope = ? AND key = ?", scope, key);
      return;
    }
    const { text, version, updatedAtMs } = stored;
    this.#sql.exec(
      "INSERT OR REPLACE INTO shared VALUES (?, ?, ?, ?, ?)",
      scope,
      key,
      text,
      version,
      updatedAtMs,
    );
  }

  readScope(scope: string): ScopeRecord {
    const [row] = this.#sql.exec<{ keys: number; deleted_version: number }>(
      "SELECT keys, deleted_version FROM scopes WHERE scope = ?",
      scope,
    );
    return { keys: row?.keys ?? 0, deletedVersion: row?.deleted_version ?? 0 };
  }

  writeScope(scope: string, { keys, deletedVersion }: ScopeRecord): void {
    this.#sql.exec("INSERT OR REPLACE INTO scopes VALUES (?, ?, ?)", scope, keys, deletedVersion);
  }

  list(
    scope: string,
    prefix: string,
    after: string,
    limit: number,
  ): readonly (StoredShared & { readonly key: string })[] {
    const rows = this.#sql.exec<Row>(
      "SELECT key, value, version, at_ms FROM shared WHERE scope = ? AND key > ? AND key >= ? ORDER BY key LIMIT ?",
      scope,
      after,
      prefix,
      limit,
    );
    const found: (StoredShared & { readonly key: string })[] = [];
    for (const row of rows) {
      if (!row.key.startsWith(prefix)) break;
      found.push({ key: row.key, ...storedOf(row) });
    }
    return found;
  }

  readOperation(id: string): string | undefined {
    const [row] = this.#sql.exec<{ outcome: string }>(
      "SELECT outcome FROM operations WHERE id = ?",
      id,
    );
    return row?.outcome;
  }

  writeOperation(id: string, atMs: number, outcome: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO operations VALUES (?, ?, ?)", id, atMs, outcome);
  }

  forgetOperations(beforeMs: number): void {
    this.#sql.exec("DELETE FROM operations WHERE at_ms < ?", beforeMs);
  }

  /** Keys of all scopes. */
  countKeys(): number {
    const [row] = this.#sql.exec<{ n: number | null }>("SELECT sum(keys) AS n FROM scopes");
    return row?.n ?? 0;
  }
}

interface Row extends Record<string, SqlStorageValue> {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly at_ms: number;
}

function storedOf({ value, version, at_ms: updatedAtMs }: Row): StoredShared {
  return { text: value, version, updatedAtMs };
}
