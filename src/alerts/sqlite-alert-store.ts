/** The book's store in the SQLite of its Durable Object. One row an alert, and no secondary index: each row written is billed. */
import type { Alert, Silence } from "../core/alerts/alert.ts";
import type { AlertStore, ResolvedMark } from "../core/alerts/alert-store.ts";
import { JsonTable } from "./json-table.ts";

export class SqliteAlertStore implements AlertStore {
  rowsWritten = 0;
  readonly #sql: SqlStorage;
  readonly #silences: JsonTable<Silence>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS alert(n INTEGER PRIMARY KEY, model TEXT NOT NULL, resolved_at_ms INTEGER, json TEXT NOT NULL)",
    );
    this.#silences = new JsonTable(sql, "silence");
  }

  *readOpen(): Iterable<Alert> {
    yield* this.#read("SELECT json FROM alert WHERE resolved_at_ms IS NULL ORDER BY n");
  }

  *readMarks(): Iterable<ResolvedMark> {
    const rows = this.#sql.exec<{ n: number; model: string; resolved_at_ms: number }>(
      "SELECT n, model, resolved_at_ms FROM alert WHERE resolved_at_ms IS NOT NULL ORDER BY resolved_at_ms, n",
    );
    for (const { n, model, resolved_at_ms: resolvedAtMs } of rows) yield { n, model, resolvedAtMs };
  }

  read(n: number): Alert | undefined {
    return this.#read("SELECT json FROM alert WHERE n = ?", n).next().value ?? undefined;
  }

  *readResolvedBelow(n: number): Iterable<Alert> {
    yield* this.#read(
      "SELECT json FROM alert WHERE n < ? AND resolved_at_ms IS NOT NULL ORDER BY n DESC",
      n,
    );
  }

  write(alert: Alert): void {
    this.#write(
      "INSERT INTO alert VALUES (?, ?, ?, ?) ON CONFLICT(n) DO UPDATE SET resolved_at_ms = excluded.resolved_at_ms, json = excluded.json",
      alert.n,
      alert.model,
      alert.resolved?.atMs ?? null,
      JSON.stringify(alert),
    );
  }

  remove(n: number): void {
    this.#write("DELETE FROM alert WHERE n = ?", n);
  }

  readSilences(): Iterable<Silence> {
    return this.#silences.all();
  }

  writeSilence(silence: Silence): void {
    this.#silences.put(silence);
  }

  removeSilence(id: string): void {
    this.#silences.remove(id);
  }

  *#read(statement: string, ...bindings: number[]): Generator<Alert, undefined> {
    for (const { json } of this.#sql.exec<{ json: string }>(statement, ...bindings))
      yield JSON.parse(json) as Alert;
    return undefined;
  }

  #write(statement: string, ...bindings: (number | string | null)[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}
