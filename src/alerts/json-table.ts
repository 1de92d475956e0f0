/** A few things that are kept whole, by id: a table of JSON, and a copy in memory. */
export class JsonTable<T extends { readonly id: string }> {
  readonly #sql: SqlStorage;
  readonly #name: string;
  readonly #rows = new Map<string, T>();

  /** `name` is the table's, a word of ours: it becomes part of statements. */
  constructor(sql: SqlStorage, name: string) {
    this.#sql = sql;
    this.#name = name;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS ${name}(id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID`,
    );
    for (const { json } of sql.exec<{ json: string }>(`SELECT json FROM ${name}`)) {
      const row = JSON.parse(json) as T;
      this.#rows.set(row.id, row);
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  /** By id. */
  all(): readonly T[] {
    return [...this.#rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  put(row: T): void {
    this.#sql.exec(
      `INSERT INTO ${this.#name}(id, json) VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET json = excluded.json`,
      row.id,
      JSON.stringify(row),
    );
    this.#rows.set(row.id, row);
  }

  /** False when there is none. */
  remove(id: string): boolean {
    if (!this.#rows.delete(id)) return false;
    this.#sql.exec(`DELETE FROM ${this.#name} WHERE id = ?`, id);
    return true;
  }
}
