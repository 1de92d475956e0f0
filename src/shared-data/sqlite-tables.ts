/** Look-up tables in the object's SQLite: their rows in one table, under a number for each and its keys. */
import {
  TABLES_MAX,
  TABLE_FIND_SCAN_MAX,
  TABLE_INDEXES_MAX,
  TABLE_ROWS_MAX,
} from "../core/limits.ts";
import type { Json } from "../core/model.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { matches, planFind, tooWide, unknownTable } from "../core/shared-data/table.ts";
import type { StoredTableRow, TableRow } from "../core/shared-data/table.ts";
import type { TableInfo, TableSettings } from "../wire/shared-data-v1.ts";

const INDEXES = Array.from({ length: TABLE_INDEXES_MAX }, (_, i) => `i${i}`);

// The indexes are partial: a table that has none pays for none.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS tables(name TEXT PRIMARY KEY, number INTEGER NOT NULL, info TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS table_rows(
  number INTEGER, key TEXT, text TEXT NOT NULL, ${INDEXES.map((name) => `${name} TEXT`).join(", ")},
  PRIMARY KEY(number, key)) WITHOUT ROWID;
${INDEXES.map(
  (name) =>
    `CREATE INDEX IF NOT EXISTS table_rows_${name} ON table_rows(number, ${name}) WHERE ${name} IS NOT NULL;`,
).join("\n")}`;

interface Known {
  readonly number: number;
  readonly info: TableInfo;
}

export class SqliteTables {
  readonly #sql: SqlStorage;
  /** All tables: each look-up needs one, and they are few. */
  readonly #known = new Map<string, Known>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
    const rows = sql.exec<{ name: string; number: number; info: string }>("SELECT * FROM tables");
    for (const { name, number, info } of rows)
      this.#known.set(name, { number, info: JSON.parse(info) as TableInfo });
  }

  list(): readonly TableInfo[] {
    return [...this.#known.values()]
      .map(({ info }) => info)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Refuses with `table/unknown`. */
  info(name: string): Result<TableInfo> {
    const known = this.#find(name);
    return known.ok ? ok(known.value.info) : known;
  }

  /** A table of these rows and no others. In a transaction. Refuses with `table/too-many`. */
  replace(
    settings: TableSettings,
    rows: readonly StoredTableRow[],
    nowMs: number,
  ): Result<TableInfo> {
    const { name } = settings;
    const known = this.#known.get(name);
    if (known === undefined && this.#known.size >= TABLES_MAX)
      return refuse(
        "table/too-many",
        `There are ${this.#known.size} tables, the most there may be: no room for "${name}".`,
      );
    const highest = Math.max(0, ...[...this.#known.values()].map(({ number }) => number));
    const number = known?.number ?? highest + 1;
    this.#sql.exec("DELETE FROM table_rows WHERE number = ?", number);
    this.#insert(number, rows);
    return ok(this.#keep(number, settings, nowMs));
  }

  /** Adds rows, or puts them in the place of those of their keys. In a transaction. Refuses with `table/too-large`, `table/unknown`. */
  add(name: string, rows: readonly StoredTableRow[], nowMs: number): Result<TableInfo> {
    const known = this.#find(name);
    if (!known.ok) return known;
    const { number, info } = known.value;
    if (info.rows + rows.length > TABLE_ROWS_MAX)
      return refuse(
        "table/too-large",
        `Table "${name}" has ${info.rows} rows and may have ${TABLE_ROWS_MAX}: no room for ${rows.length} more.`,
      );
    this.#insert(number, rows);
    return ok(this.#keep(number, info, nowMs));
  }

  /** Removes a table. In a transaction. Refuses with `table/unknown`. */
  remove(name: string): Result<true> {
    const known = this.#find(name);
    if (!known.ok) return known;
    this.#sql.exec("DELETE FROM table_rows WHERE number = ?", known.value.number);
    this.#sql.exec("DELETE FROM tables WHERE name = ?", name);
    this.#known.delete(name);
    return ok(true);
  }

  /** A row, or null. Refuses with `table/unknown`. */
  get(name: string, key: string): Result<TableRow | null> {
    const known = this.#find(name);
    if (!known.ok) return known;
    const [row] = this.#sql.exec<{ text: string }>(
      "SELECT text FROM table_rows WHERE number = ? AND key = ?",
      known.value.number,
      key,
    );
    return ok(row === undefined ? null : (JSON.parse(row.text) as TableRow));
  }

  /** Rows by key, ascending. Refuses with `table/unknown` and `table/too-wide`, and as `planFind`. */
  find(name: string, where: TableRow, limit: number | undefined): Result<readonly TableRow[]> {
    const known = this.#find(name);
    if (!known.ok) return known;
    const { number, info } = known.value;
    const plan = planFind(info, where, limit);
    if (!plan.ok) return plan;
    const column = plan.value.index === "key" ? "key" : `i${plan.value.index}`;
    const rows = this.#sql.exec<{ text: string }>(
      `SELECT text FROM table_rows WHERE number = ? AND ${column} = ? ORDER BY key LIMIT ?`,
      number,
      plan.value.text,
      TABLE_FIND_SCAN_MAX + 1,
    );
    const found: TableRow[] = [];
    let scanned = 0;
    for (const { text } of rows) {
      if (scanned++ === TABLE_FIND_SCAN_MAX)
        return { ok: false, refusal: tooWide(name, TABLE_FIND_SCAN_MAX) };
      const row = JSON.parse(text) as { readonly [column: string]: Json };
      if (matches(row, where)) found.push(row);
      if (found.length === plan.value.limit) break;
    }
    return ok(found);
  }

  #insert(number: number, rows: readonly StoredTableRow[]): void {
    const places = INDEXES.map(() => "?").join(", ");
    const insert = `INSERT OR REPLACE INTO table_rows VALUES (?, ?, ?, ${places})`;
    for (const { key, text, indexed } of rows) {
      const values = INDEXES.map((_, i) => indexed[i] ?? null);
      this.#sql.exec(insert, number, key, text, ...values);
    }
  }

  #keep(number: number, settings: TableSettings, nowMs: number): TableInfo {
    const { name, key, indexes, types } = settings;
    const [row] = this.#sql.exec<{ n: number }>(
      "SELECT count(*) AS n FROM table_rows WHERE number = ?",
      number,
    );
    const info = { name, key, indexes, types, rows: row!.n, updatedAtMs: nowMs };
    this.#sql.exec(
      "INSERT OR REPLACE INTO tables VALUES (?, ?, ?)",
      name,
      number,
      JSON.stringify(info),
    );
    this.#known.set(name, { number, info });
    return info;
  }

  #find(name: string): Result<Known> {
    const known = this.#known.get(name);
    if (known !== undefined) return ok(known);
    return { ok: false, refusal: unknownTable(name, [...this.#known.keys()].toSorted()) };
  }
}
