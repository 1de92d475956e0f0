/** Notifications that wait, and how channels have done, in SQLite. */
import type { Notice } from "../core/alerts/alert.ts";
import type {
  ChannelHealth,
  NotificationStore,
  Waiting,
} from "../core/alerts/notification-queue.ts";

/** As the table has it. A type, since the platform's rows want an index signature. */
type WaitingRow = {
  n: number;
  channel: string;
  alert: number;
  queued_at_ms: number;
  tries: number;
  due_at_ms: number;
};

export class SqliteNotificationStore implements NotificationStore {
  rowsWritten = 0;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS notification(
        n INTEGER NOT NULL, channel TEXT NOT NULL, alert INTEGER NOT NULL, queued_at_ms INTEGER NOT NULL,
        tries INTEGER NOT NULL, due_at_ms INTEGER NOT NULL, notice TEXT NOT NULL, PRIMARY KEY(n)
      )`,
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS channel_health(channel TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  *readWaiting(): Iterable<Waiting> {
    const rows = this.#sql.exec<WaitingRow>(
      "SELECT n, channel, alert, queued_at_ms, tries, due_at_ms FROM notification ORDER BY n",
    );
    for (const { queued_at_ms: queuedAtMs, due_at_ms: dueAtMs, ...rest } of rows)
      yield { ...rest, queuedAtMs, dueAtMs };
  }

  readNotice(n: number): Notice | undefined {
    const rows = this.#sql.exec<{ notice: string }>(
      "SELECT notice FROM notification WHERE n = ?",
      n,
    );
    const row = rows.toArray()[0];
    return row === undefined ? undefined : (JSON.parse(row.notice) as Notice);
  }

  write(waiting: Waiting, notice?: Notice): void {
    const { n, channel, alert, queuedAtMs, tries, dueAtMs } = waiting;
    if (notice === undefined)
      this.#write(
        "UPDATE notification SET tries = ?, due_at_ms = ? WHERE n = ?",
        tries,
        dueAtMs,
        n,
      );
    else
      this.#write(
        "INSERT INTO notification VALUES (?, ?, ?, ?, ?, ?, ?)",
        n,
        channel,
        alert,
        queuedAtMs,
        tries,
        dueAtMs,
        JSON.stringify(notice),
      );
  }

  remove(n: number): void {
    this.#write("DELETE FROM notification WHERE n = ?", n);
  }

  *readHealth(): Iterable<readonly [channel: string, health: ChannelHealth]> {
    const rows = this.#sql.exec<{ channel: string; json: string }>(
      "SELECT channel, json FROM channel_health",
    );
    for (const { channel, json } of rows) yield [channel, JSON.parse(json) as ChannelHealth];
  }

  writeHealth(channel: string, health: ChannelHealth): void {
    this.#write(
      "INSERT INTO channel_health VALUES (?, ?) ON CONFLICT(channel) DO UPDATE SET json = excluded.json",
      channel,
      JSON.stringify(health),
    );
  }

  removeHealth(channel: string): void {
    this.#write("DELETE FROM channel_health WHERE channel = ?", channel);
  }

  #write(statement: string, ...bindings: (number | string)[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}
