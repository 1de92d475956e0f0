/**
 * Publishes a cell's changes to its aggregator shard while a reader holds a lease: on the commit at which the
 * interval is due, and by a timer of at most one interval after the last one. Without a lease it does nothing.
 */
import type { ColumnDelta } from "../core/columns/columns.ts";
import { PUBLISH_INTERVAL_MS } from "../core/limits.ts";

export interface PublisherHost {
  nowMs(): number;
  /** The newest commit. */
  version(): number;
  delta(since: number): ColumnDelta;
  publish(shard: number, delta: ColumnDelta): Promise<boolean>;
}

interface Lease {
  readonly shard: number;
  untilMs: number;
  /** What the shard has. */
  version: number;
}

export class Publisher {
  /** Object requests made. */
  calls = 0;
  readonly #host: PublisherHost;
  #lease: Lease | undefined;
  #lastMs = 0;
  #timer = false;
  #underWay = false;

  constructor(host: PublisherHost) {
    this.#host = host;
  }

  /** A reader has `version` now and wants to be told of changes until `untilMs`. */
  lease(shard: number, version: number, untilMs: number): void {
    // A single look is no lease, and must not end a reader's.
    const until = Math.max(untilMs, this.#lease?.untilMs ?? 0);
    this.#lease = { shard, version, untilMs: until };
    this.#lastMs = this.#host.nowMs();
  }

  /** Called after each commit. */
  committed(): void {
    const lease = this.#lease;
    if (lease === undefined || this.#timer || this.#underWay) return;
    const nowMs = this.#host.nowMs();
    if (nowMs >= lease.untilMs) {
      this.#lease = undefined;
      return;
    }
    const waitMs = this.#lastMs + PUBLISH_INTERVAL_MS - nowMs;
    if (waitMs <= 0) void this.#publish(lease);
    else {
      this.#timer = true;
      setTimeout(() => {
        this.#timer = false;
        if (this.#lease !== undefined) void this.#publish(this.#lease);
      }, waitMs);
    }
  }

  async #publish(lease: Lease): Promise<void> {
    if (this.#underWay || this.#host.version() === lease.version) return;
    this.#underWay = true;
    const delta = this.#host.delta(lease.version);
    this.#lastMs = this.#host.nowMs();
    let taken = false;
    try {
      this.calls++;
      taken = await this.#host.publish(lease.shard, delta);
    } catch {
      // The shard is away. It asks for what it missed when somebody reads; until then nobody needs it.
    } finally {
      this.#underWay = false;
    }
    if (taken) lease.version = delta.version;
    else if (this.#lease === lease) this.#lease = undefined;
    // What was committed meanwhile waits for its turn.
    if (this.#lease !== undefined && this.#host.version() !== this.#lease.version) this.committed();
  }
}
