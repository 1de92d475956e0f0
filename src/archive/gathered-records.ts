/**
 * Records on their way into objects, in the SQLite of a model's archiver: a row of lines for each delivery and hour.
 *
 * G1. A record is in exactly one row until the object that has it is stored for certain.
 * G2. An object's range is fixed in a row before it is written: a repeat writes the same under the same name.
 * G3. Numbers of records are never used again.
 *
 * Tables: batch(hour, n, records, chars, taken_at, body) from record `n` on | object(hour, first, last, token, size,
 * stored_at) a range that is being written; `size` and `stored_at` once it is | number(last) as of the last removal.
 * None has a secondary index: each row written is billed once.
 */
import type { Batch } from "../core/archive/batches.ts";
import type { Gathering, ObjectRange } from "../core/archive/schedule.ts";
import { ARCHIVE_OBJECT_CHARS_MAX } from "../core/limits.ts";

/** An object whose records are still here. */
export interface OpenObject extends ObjectRange {
  /** Bytes of the object, and when it was stored; null before. */
  readonly size: number | null;
  readonly storedAtMs: number | null;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class GatheredRecords {
  rowsWritten = 0;
  readonly #sql: SqlStorage;
  readonly #gatherings = new Map<number, Mutable<Gathering>>();
  readonly #objects: OpenObject[] = [];
  #last = 0;
  /** Characters of all rows. */
  #chars = 0;
  #records = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS batch(hour INTEGER, n INTEGER, records INTEGER NOT NULL, chars INTEGER NOT NULL, taken_at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(hour, n)) WITHOUT ROWID",
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS object(hour INTEGER, first INTEGER, last INTEGER NOT NULL, token TEXT NOT NULL, size INTEGER, stored_at INTEGER, PRIMARY KEY(hour, first)) WITHOUT ROWID",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS number(one INTEGER PRIMARY KEY, last INTEGER NOT NULL)");
    this.#load();
  }

  /** Characters of all that waits, and its records. */
  get chars(): number {
    return this.#chars;
  }

  get records(): number {
    return this.#records;
  }

  /** Records that no object has yet, by hour. */
  get gatherings(): Iterable<Gathering> {
    return this.#gatherings.values();
  }

  /** As a list of its own: this one changes when they go. */
  get objects(): readonly OpenObject[] {
    return [...this.#objects];
  }

  /** The number of the newest record. */
  get last(): number {
    return this.#last;
  }

  /** Writes rows; `gathered` says that the transaction has them. */
  insert(batches: readonly Batch[], nowMs: number): void {
    for (const { hour, n, lines, chars } of batches) {
      const body = lines.join("\n");
      this.#write(
        "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)",
        hour,
        n,
        lines.length,
        chars,
        nowMs,
        body,
      );
    }
  }

  gathered(batches: readonly Batch[], nowMs: number): void {
    for (const { hour, n, lines, chars } of batches) {
      this.#last = n + lines.length - 1;
      this.#count(hour, lines.length, chars, nowMs);
    }
  }

  /** Fixes the range of an object of an hour that has something gathered: as much as one may hold, the oldest first. */
  fix(hour: number, token: string): OpenObject {
    const gathering = this.#gatherings.get(hour)!;
    let [records, chars, first, last] = [0, 0, 0, 0];
    let nextTakenAtMs: number | undefined;
    const rows = this.#sql.exec(
      "SELECT n, records, chars, taken_at FROM batch WHERE hour = ? AND n > ? ORDER BY n",
      hour,
      this.#lastFixed(hour),
    );
    for (const row of rows) {
      if (chars >= ARCHIVE_OBJECT_CHARS_MAX) {
        nextTakenAtMs = Number(row["taken_at"]);
        break;
      }
      if (first === 0) first = Number(row["n"]);
      last = Number(row["n"]) + Number(row["records"]) - 1;
      records += Number(row["records"]);
      chars += Number(row["chars"]);
    }
    const object: OpenObject = { hour, first, last, token, size: null, storedAtMs: null };
    this.#write("INSERT INTO object VALUES (?, ?, ?, ?, NULL, NULL)", hour, first, last, token);
    this.#objects.push(object);
    gathering.records -= records;
    gathering.chars -= chars;
    if (nextTakenAtMs === undefined) this.#gatherings.delete(hour);
    else gathering.takenAtMs = nextTakenAtMs;
    return object;
  }

  /** The rows of an object, one by one. */
  *rowsOf({ hour, first, last }: ObjectRange): Generator<string> {
    for (let from = first; ;) {
      const [row] = this.#sql
        .exec(
          "SELECT n, body FROM batch WHERE hour = ? AND n BETWEEN ? AND ? ORDER BY n LIMIT 1",
          hour,
          from,
          last,
        )
        .toArray();
      if (row === undefined) return;
      yield row["body"] as string;
      from = Number(row["n"]) + 1;
    }
  }

  /** An object was put, and has so many bytes; null: it has to be put again. */
  stored(object: OpenObject, size: number | null, nowMs: number): OpenObject {
    const { hour, first } = object;
    const storedAtMs = size === null ? null : nowMs;
    this.#write(
      "UPDATE object SET size = ?, stored_at = ? WHERE hour = ? AND first = ?",
      size,
      storedAtMs,
      hour,
      first,
    );
    const after: OpenObject = { ...object, size, storedAtMs };
    this.#objects[this.#objects.indexOf(object)] = after;
    return after;
  }

  /** An object is kept for certain: its rows go. To be called in a transaction. */
  remove(object: OpenObject): void {
    const { hour, first, last } = object;
    const range = "hour = ? AND n BETWEEN ? AND ?";
    const { records, chars } = this.#sum(range, hour, first, last);
    this.#write(`DELETE FROM batch WHERE ${range}`, hour, first, last);
    this.#write("DELETE FROM object WHERE hour = ? AND first = ?", hour, first);
    this.#keepLast();
    this.#objects.splice(this.#objects.indexOf(object), 1);
    this.#chars -= chars;
    this.#records -= records;
  }

  /**
   * Gives up the oldest rows that are in no object until there are `charsMax` characters at most; answers their
   * records. To be called in a transaction.
   */
  dropOldest(charsMax: number): number {
    let dropped = 0;
    for (const hour of [...this.#gatherings.keys()].toSorted((a, b) => a - b)) {
      while (this.#chars > charsMax && this.#gatherings.has(hour)) dropped += this.#dropFirst(hour);
    }
    if (dropped > 0) this.#keepLast();
    return dropped;
  }

  #dropFirst(hour: number): number {
    const [row] = this.#sql
      .exec(
        "SELECT n, records, chars FROM batch WHERE hour = ? AND n > ? ORDER BY n LIMIT 1",
        hour,
        this.#lastFixed(hour),
      )
      .toArray();
    const [records, chars] = [Number(row!["records"]), Number(row!["chars"])];
    this.#write("DELETE FROM batch WHERE hour = ? AND n = ?", hour, Number(row!["n"]));
    const gathering = this.#gatherings.get(hour)!;
    gathering.records -= records;
    gathering.chars -= chars;
    if (gathering.records === 0) this.#gatherings.delete(hour);
    this.#chars -= chars;
    this.#records -= records;
    return records;
  }

  #lastFixed(hour: number): number {
    return this.#objects.reduce(
      (last, object) => (object.hour === hour ? Math.max(last, object.last) : last),
      0,
    );
  }

  #keepLast(): void {
    this.#write(
      "INSERT INTO number VALUES (1, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
      this.#last,
    );
  }

  #count(hour: number, records: number, chars: number, takenAtMs: number): void {
    const known = this.#gatherings.get(hour);
    if (known === undefined) this.#gatherings.set(hour, { hour, records, chars, takenAtMs });
    else {
      known.records += records;
      known.chars += chars;
    }
    this.#records += records;
    this.#chars += chars;
  }

  #load(): void {
    const [number] = this.#sql.exec("SELECT last FROM number").toArray();
    this.#last = Number(number?.["last"] ?? 0);
    for (const row of this.#sql.exec("SELECT * FROM object ORDER BY hour, first")) {
      const stored = row["stored_at"] === null ? null : Number(row["stored_at"]);
      this.#objects.push({
        hour: Number(row["hour"]),
        first: Number(row["first"]),
        last: Number(row["last"]),
        token: String(row["token"]),
        size: row["size"] === null ? null : Number(row["size"]),
        storedAtMs: stored,
      });
    }
    for (const row of this.#sql.exec("SELECT hour, n, records, chars, taken_at FROM batch")) {
      const [hour, n, records] = [Number(row["hour"]), Number(row["n"]), Number(row["records"])];
      this.#last = Math.max(this.#last, n + records - 1);
      if (n > this.#lastFixed(hour))
        this.#count(hour, records, Number(row["chars"]), Number(row["taken_at"]));
      else {
        this.#records += records;
        this.#chars += Number(row["chars"]);
      }
    }
  }

  #sum(where: string, ...values: SqlStorageValue[]): { records: number; chars: number } {
    const [row] = this.#sql
      .exec(
        `SELECT sum(records) AS records, sum(chars) AS chars FROM batch WHERE ${where}`,
        ...values,
      )
      .toArray();
    return { records: Number(row?.["records"] ?? 0), chars: Number(row?.["chars"] ?? 0) };
  }

  #write(query: string, ...values: SqlStorageValue[]): void {
    this.rowsWritten += this.#sql.exec(query, ...values).rowsWritten;
  }
}
