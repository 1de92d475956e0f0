/**
 * How far a service has taken each cell's outbox: what makes a repeated delivery harmless. The numbers must be
 * written in the same transaction as what was taken.
 */
import type { ServiceEntry } from "../wire/internal-rpc.ts";

export class ReceivedNumbers {
  rowsWritten = 0;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS received(sender TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** The entries that this sender has not delivered before, in order. */
  fresh(sender: string, entries: readonly ServiceEntry[]): readonly ServiceEntry[] {
    const last = this.#lastOf(sender);
    return entries.filter(([n]) => n > last);
  }

  /** Notes that entries were taken; answers up to where all of the sender's are. */
  took(sender: string, entries: readonly ServiceEntry[]): { readonly deliveredUpTo: number } {
    const last = entries.at(-1);
    if (last === undefined) return { deliveredUpTo: this.#lastOf(sender) };
    const { rowsWritten } = this.#sql.exec(
      "INSERT INTO received VALUES (?, ?) ON CONFLICT DO UPDATE SET n = excluded.n",
      sender,
      last[0],
    );
    this.rowsWritten += rowsWritten;
    return { deliveredUpTo: last[0] };
  }

  #lastOf(sender: string): number {
    const row = this.#sql.exec("SELECT n FROM received WHERE sender = ?", sender).toArray()[0];
    return row === undefined ? 0 : (row["n"] as number);
  }
}
