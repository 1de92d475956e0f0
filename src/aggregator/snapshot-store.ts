/** A shard's snapshots on disk: the newest of every block, split into rows. */
import { SNAPSHOT_ROW_BYTES_MAX } from "../core/limits.ts";
import { decodeSnapshot, encodeSnapshot } from "../core/columns/snapshot.ts";
import type { ColumnTable } from "../core/columns/table.ts";

interface StoredPart extends Record<string, SqlStorageValue> {
  cell: number;
  bytes: ArrayBuffer;
}

export class SnapshotStore {
  /** Since the object woke: rows written and deleted, blocks restored, snapshots that were of no use. */
  readonly counts = { snapshotRowsWritten: 0, snapshotsRestored: 0, snapshotsRefused: 0 };
  readonly #sql: SqlStorage;
  /** The version of each cell's newest snapshot. */
  readonly #saved = new Map<number, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `create table if not exists snapshot(
        cell integer not null, part integer not null, bytes blob not null, primary key(cell, part)
      ) without rowid`,
    );
  }

  /** Gives the table the blocks that were saved. A snapshot that is damaged or of other fields is deleted. */
  restore(table: ColumnTable, cells: readonly number[]): void {
    const own = new Set(cells);
    for (const [cell, parts] of this.#readAll()) {
      const reading = decodeSnapshot(joined(parts), table.fields);
      if (
        own.has(cell) &&
        reading.ok &&
        reading.delta.cell === cell &&
        table.apply(reading.delta)
      ) {
        this.#saved.set(cell, reading.delta.version);
        this.counts.snapshotsRestored++;
      } else {
        this.counts.snapshotsRefused++;
        this.#exec("delete from snapshot where cell = ?", cell);
      }
    }
  }

  /** Whether a block is newer than its snapshot. */
  isBehind(table: ColumnTable): boolean {
    return table.blocks.some(
      (block) => this.#saved.get(block.cell) !== table.versionOf(block.cell),
    );
  }

  /** Saves blocks that are newer than their snapshots, until about `bytesMax` are written. */
  save(table: ColumnTable, bytesMax: number): void {
    let bytes = 0;
    for (const { cell } of table.blocks) {
      const version = table.versionOf(cell);
      if (this.#saved.get(cell) === version) continue;
      if (bytes >= bytesMax) return;
      const snapshot = encodeSnapshot({ table, cell, version, atMs: table.confirmedAtMs(cell) });
      if (snapshot === undefined) continue;
      this.#write(cell, snapshot);
      this.#saved.set(cell, version);
      bytes += snapshot.byteLength;
    }
  }

  /** All parts of one snapshot in one synchronous turn: one transaction. */
  #write(cell: number, snapshot: Uint8Array): void {
    let part = 0;
    for (let at = 0; at < snapshot.byteLength; at += SNAPSHOT_ROW_BYTES_MAX) {
      this.#exec(
        "insert into snapshot(cell, part, bytes) values(?, ?, ?) on conflict(cell, part) do update set bytes = excluded.bytes",
        cell,
        part++,
        snapshot.slice(at, at + SNAPSHOT_ROW_BYTES_MAX),
      );
    }
    this.#exec("delete from snapshot where cell = ? and part >= ?", cell, part);
  }

  #readAll(): Map<number, ArrayBuffer[]> {
    const cells = new Map<number, ArrayBuffer[]>();
    for (const row of this.#sql.exec<StoredPart>(
      "select cell, bytes from snapshot order by cell, part",
    )) {
      const parts = cells.get(row.cell);
      if (parts === undefined) cells.set(row.cell, [row.bytes]);
      else parts.push(row.bytes);
    }
    return cells;
  }

  #exec(statement: string, ...bindings: (number | Uint8Array)[]): void {
    this.counts.snapshotRowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}

function joined(parts: readonly ArrayBuffer[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes;
}
