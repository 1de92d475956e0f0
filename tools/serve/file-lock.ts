/**
 * A lock that ends with its process. The kernel holds it (SQLite takes it on the file), so a crash leaves nothing
 * to clean up, a process id that was given to another program means nothing, and containers that share a volume on
 * one machine see each other's.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

const RETRY_MS = 100;

/** SQLite's result code for "another connection holds the lock". */
const SQLITE_BUSY = 5;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, or answers `undefined` at once when another process has it. Creates the file.
 * Throws when the file can't be created or written.
 */
export function tryLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // The reserved lock of a transaction that never writes: the file stays empty, and there is no journal beside it.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** Takes the lock, waiting for as long as another process has it, or until `signal` aborts: then it throws. */
export async function waitForLock(path: string, signal: AbortSignal): Promise<FileLock> {
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    await delay(RETRY_MS, undefined, { signal });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
