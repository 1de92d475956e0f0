/**
 * A cell's store in the SQLite of its Durable Object. Three tables, and one more where the model keeps history, none
 * with a secondary index: each row written is billed once. Rows written are counted.
 */
import type {
  CellStore,
  Checkpoint,
  HistoryPage,
  HistoryRows,
  JournalRow,
  StoredPart,
} from "../core/cell/store.ts";

/** Rows of history that were merged have numbers below zero, from here on: the same ones are written again. */
const MERGED_ROW_FIRST = -1_000_000;

export class SqliteStore implements CellStore {
  rowsWritten = 0;
  /** Tells this data from other data of the same name: what a cell says of itself to the cells it sends to. */
  readonly incarnation: string;
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #hasHistory = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS journal(seq INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    );
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS page(page INTEGER, row INTEGER, body TEXT NOT NULL, PRIMARY KEY(page, row)) WITHOUT ROWID",
    );
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS part(name TEXT, piece INTEGER, body BLOB NOT NULL, PRIMARY KEY(name, piece)) WITHOUT ROWID",
    );
    this.incarnation = this.#incarnation();
  }

  *readPages(): Generator<readonly [number, readonly string[]]> {
    let page = -1;
    let rows: string[] = [];
    for (const row of this.#sql.exec("SELECT page, body FROM page ORDER BY page, row")) {
      if (row["page"] !== page) {
        if (rows.length > 0) yield [page, rows];
        page = row["page"] as number;
        rows = [];
      }
      rows.push(row["body"] as string);
    }
    if (rows.length > 0) yield [page, rows];
  }

  readPage(page: number): readonly string[] {
    const rows = this.#sql.exec("SELECT body FROM page WHERE page = ? ORDER BY row", page);
    return rows.toArray().map((row) => row["body"] as string);
  }

  readPart(name: string): StoredPart {
    const rows = this.#sql.exec("SELECT body FROM part WHERE name = ? ORDER BY piece", name);
    return rows
      .toArray()
      .map(({ body }) => (body instanceof ArrayBuffer ? new Uint8Array(body) : (body as string)));
  }

  *readJournal(): Generator<JournalRow> {
    for (const row of this.#sql.exec("SELECT seq, body FROM journal ORDER BY seq")) {
      yield { seq: row["seq"] as number, body: row["body"] as string };
    }
  }

  appendJournal(rows: readonly JournalRow[]): void {
    // One statement is atomic by itself; more need the transaction, or a full disk could leave half a commit.
    if (rows.length === 1) this.#insert(rows[0]!);
    else this.#storage.transactionSync(() => rows.forEach((row) => this.#insert(row)));
  }

  checkpoint({ pages, parts, history = new Map() }: Checkpoint): void {
    if (history.size > 0) this.#makeHistory();
    this.#storage.transactionSync(() => {
      for (const [page, rows] of history) this.#writeHistory(page, rows);
      for (const [page, rows] of pages) this.#writePage(page, rows);
      for (const [name, part] of parts) this.#writePart(name, part);
      this.#count("DELETE FROM journal");
    });
  }

  historyRows(page: number): HistoryRows {
    this.#makeHistory();
    const [row] = this.#sql
      .exec(
        "SELECT count(*) AS n, coalesce(sum(row < 0), 0) AS m FROM history WHERE page = ?",
        page,
      )
      .toArray();
    const merged = Number(row?.["m"] ?? 0);
    return { merged, appended: Number(row?.["n"] ?? 0) - merged };
  }

  readHistory(page: number): readonly string[] {
    this.#makeHistory();
    const rows = this.#sql.exec("SELECT body FROM history WHERE page = ? ORDER BY row", page);
    return rows.toArray().map((row) => row["body"] as string);
  }

  dropHistory(): void {
    this.#sql.exec("DROP TABLE IF EXISTS history");
    this.#hasHistory = false;
  }

  #incarnation(): string {
    const [stored] = this.readPart("incarnation");
    if (typeof stored === "string") return stored;
    const made = crypto.randomUUID().slice(0, 8);
    this.#writePart("incarnation", [made]);
    return made;
  }

  #insert({ seq, body }: JournalRow): void {
    this.#count("INSERT INTO journal VALUES (?, ?)", seq, body);
  }

  #makeHistory(): void {
    if (this.#hasHistory) return;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS history(page INTEGER, row INTEGER, body TEXT NOT NULL, PRIMARY KEY(page, row)) WITHOUT ROWID",
    );
    this.#hasHistory = true;
  }

  #writeHistory(page: number, { merges, rows }: HistoryPage): void {
    for (const [i, body] of rows.entries()) {
      if (merges)
        this.#count(
          "INSERT INTO history VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
          page,
          MERGED_ROW_FIRST + i,
          body,
        );
      else
        this.#count(
          "INSERT INTO history SELECT ?1, max(coalesce(max(row), -1), -1) + 1, ?2 FROM history WHERE page = ?1",
          page,
          body,
        );
    }
    if (merges)
      this.#count(
        "DELETE FROM history WHERE page = ? AND row >= ?",
        page,
        MERGED_ROW_FIRST + rows.length,
      );
  }

  #writePage(page: number, rows: readonly string[]): void {
    for (const [row, body] of rows.entries()) {
      this.#count(
        "INSERT INTO page VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        page,
        row,
        body,
      );
    }
    this.#count("DELETE FROM page WHERE page = ? AND row >= ?", page, rows.length);
  }

  #writePart(name: string, part: StoredPart): void {
    for (const [piece, body] of part.entries()) {
      const value = typeof body === "string" ? body : body.slice().buffer;
      this.#count(
        "INSERT INTO part VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        name,
        piece,
        value,
      );
    }
    this.#count("DELETE FROM part WHERE name = ? AND piece >= ?", name, part.length);
  }

  #count(query: string, ...values: SqlStorageValue[]): void {
    this.rowsWritten += this.#sql.exec(query, ...values).rowsWritten;
  }
}
