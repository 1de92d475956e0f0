/**
 * Keeps one cell's block current by asking the cell. At most one pull is under way; whoever needs one joins it, or,
 * when it must not have begun before now, the single one that follows.
 */
import type { ColumnDelta } from "../core/columns/columns.ts";
import { VERSION_NONE } from "../core/columns/columns.ts";
import { PULL_RETRY_MS, PULL_TIMEOUT_MS, PULL_TRIES_MAX } from "../core/limits.ts";
import type { ColumnTable } from "../core/columns/table.ts";
import { TIMED_OUT, withTimeout } from "../routing/with-timeout.ts";

/** What a feed needs of its shard. */
export interface FeedHost {
  /** Asks a cell for its changes (`CellRpc.changes`). May throw. */
  changes(cell: number, since: number, leaseMs: number): Promise<ColumnDelta>;
  nowMs(): number;
}

export class CellFeed {
  readonly cell: number;
  /** Calls made to the cell, and pulls that gave nothing. */
  calls = 0;
  failures = 0;
  /** When the newest lease was asked for; it ends LEASE_MS later at the earliest. */
  leasedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether the cell has answered since this object woke: a block from a snapshot counts as unconfirmed until then. */
  hasAnswered = false;
  #failedAtMs: number | undefined;
  readonly #table: ColumnTable;
  readonly #host: FeedHost;
  #current: Promise<boolean> | undefined;
  #following: Promise<boolean> | undefined;

  constructor(cell: number, table: ColumnTable, host: FeedHost) {
    this.cell = cell;
    this.#table = table;
    this.#host = host;
  }

  /** Whether the last pull failed: queries then go on without this cell, and it is asked again now and then. */
  isFailing(): boolean {
    return this.#failedAtMs !== undefined;
  }

  /** Whether a failing cell has been left alone long enough to be asked again. */
  isRetryDue(nowMs: number): boolean {
    return this.#failedAtMs !== undefined && nowMs - this.#failedAtMs >= PULL_RETRY_MS;
  }

  /** Brings the block up to date by the pull that is under way, or by a new one. False when the cell can't be had. */
  pull(leaseMs: number): Promise<boolean> {
    this.#current ??= this.#run(leaseMs).finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  /** The same by a pull that begins after this call: it has everything that the cell acknowledged before. */
  pullAfresh(leaseMs: number): Promise<boolean> {
    if (this.#current === undefined) return this.pull(leaseMs);
    this.#following ??= this.#current.then(() => {
      this.#following = undefined;
      return this.pull(leaseMs);
    });
    return this.#following;
  }

  async #run(leaseMs: number): Promise<boolean> {
    if (leaseMs > 0) this.leasedAtMs = this.#host.nowMs();
    let isFullNeeded = false;
    for (let tries = 0; tries < PULL_TRIES_MAX; tries++) {
      const since: number = isFullNeeded ? VERSION_NONE : this.#table.versionOf(this.cell);
      const delta = await this.#ask(since, leaseMs);
      if (delta === undefined) break;
      if (this.#table.apply(delta)) return this.#succeed();
      const version = this.#table.versionOf(this.cell);
      if (delta.since !== VERSION_NONE && version >= delta.version) {
        // The cell's own publication overtook this answer and holds all of it.
        this.#table.confirm(this.cell, delta.version, delta.atMs);
        return this.#succeed();
      }
      // A full answer that is refused does not fit this shard's fields: another version of the model is running.
      if (delta.since === VERSION_NONE) break;
      isFullNeeded = version === since;
    }
    this.failures++;
    this.#failedAtMs = this.#host.nowMs();
    return false;
  }

  #succeed(): true {
    this.hasAnswered = true;
    this.#failedAtMs = undefined;
    return true;
  }

  async #ask(since: number, leaseMs: number): Promise<ColumnDelta | undefined> {
    this.calls++;
    try {
      const delta = await withTimeout(
        this.#host.changes(this.cell, since, leaseMs),
        PULL_TIMEOUT_MS,
      );
      return delta === TIMED_OUT ? undefined : delta;
    } catch {
      // The cell was reset, overloaded or out of reach. The answer says that it is missing; the next pull asks again.
      return undefined;
    }
  }
}
