/**
 * What a shard does, without the platform: keeps the columns of its cells current and evaluates plans over them.
 *
 * Blocks come current in two ways. Under a lease a cell publishes what it commits; and a query asks, before it is
 * evaluated, every cell that is not confirmed recently enough. So an answer's `asOfMs` is true whatever was lost on
 * the way: it is the oldest confirmation among the blocks. A cell that can't be had is counted in `cellsMissing`, its
 * block stays as old as it is.
 *
 * A lease is asked for only when reading goes on: one query, or the minute's round over the widgets, pulls once and
 * leaves no cell publishing to nobody.
 */
import { CellFeed } from "./cell-feed.ts";
import type { FeedHost } from "./cell-feed.ts";
import { ResultCache } from "./result-cache.ts";
import type { ColumnDelta } from "../core/columns/columns.ts";
import { VERSION_NONE } from "../core/columns/columns.ts";
import { CLOCK_SKEW_MS_MAX, CONFIRM_AGE_MS_MAX, LEASE_AFTER_MS, LEASE_MS } from "../core/limits.ts";
import { evaluatePartial } from "../core/query/evaluate.ts";
import type { Plan } from "../core/query/plan.ts";
import { ok } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { ColumnTable } from "../core/columns/table.ts";
import type { CellCounters, DeployedModel, ShardAnswer } from "../wire/internal-rpc.ts";

type Evaluated = ReturnType<typeof evaluatePartial>;

/** Clocks count whole milliseconds: what was acknowledged later in the same one as a confirmation may be missing. */
const CLOCK_STEP_MS = 1;

export class Replica {
  readonly table: ColumnTable;
  readonly #feeds = new Map<number, CellFeed>();
  readonly #host: FeedHost;
  readonly #results = new ResultCache<Evaluated>();
  #readingSinceMs = Number.NEGATIVE_INFINITY;
  #readAtMs = Number.NEGATIVE_INFINITY;
  readonly #counts = {
    queries: 0,
    evaluations: 0,
    publishes: 0,
    publishesRefused: 0,
    rowsPublished: 0,
  };

  constructor(model: DeployedModel, shard: number, host: FeedHost) {
    this.table = new ColumnTable(model.fields);
    this.#host = host;
    for (let cell = shard; cell < model.placement.cells; cell += model.shards) {
      this.#feeds.set(cell, new CellFeed(cell, this.table, host));
    }
  }

  /** The cells of this shard. */
  get cells(): readonly number[] {
    return [...this.#feeds.keys()];
  }

  /** Takes what a cell publishes. True when its block is then at the delta's version, so that the cell may go on. */
  publish(delta: ColumnDelta): boolean {
    this.#counts.publishes++;
    if (!this.#feeds.has(delta.cell)) return false;
    if (this.table.apply(delta)) {
      this.#counts.rowsPublished += delta.slots.length;
      return true;
    }
    this.#counts.publishesRefused++;
    const isRepeat =
      delta.since !== VERSION_NONE && this.table.versionOf(delta.cell) === delta.version;
    if (isRepeat) this.table.confirm(delta.cell, delta.version, delta.atMs);
    return isRepeat;
  }

  /**
   * Evaluates a plan over blocks that are current: confirmed within CONFIRM_AGE_MS_MAX, and, when `notBeforeMs` is
   * not 0, holding everything that was acknowledged before it.
   */
  async query(plan: Plan, notBeforeMs: number): Promise<Result<ShardAnswer>> {
    this.#counts.queries++;
    const cellsMissing = await this.#refresh(notBeforeMs);
    const evaluated = this.#evaluate(plan);
    if (!evaluated.ok) return evaluated;
    return ok({
      partial: evaluated.value,
      asOfMs: this.#asOfMs(),
      twins: this.table.twins,
      cellsMissing,
    });
  }

  counters(): CellCounters {
    const feeds = [...this.#feeds.values()];
    return {
      ...this.#counts,
      pulls: feeds.reduce((sum, feed) => sum + feed.calls, 0),
      pullsFailed: feeds.reduce((sum, feed) => sum + feed.failures, 0),
      cells: feeds.length,
      twins: this.table.twins,
      texts: this.table.dictionaries.reduce((sum, texts) => sum + (texts?.length ?? 0), 0),
    };
  }

  /** Brings the blocks up to date; resolves to the number of cells that could not be had. */
  async #refresh(notBeforeMs: number): Promise<number> {
    const nowMs = this.#host.nowMs();
    const leaseMs = this.#isReadSteadily(nowMs) ? LEASE_MS : 0;
    const waits: Promise<boolean>[] = [];
    for (const feed of this.#feeds.values()) {
      const wait = this.#refreshCell(feed, nowMs, notBeforeMs, leaseMs);
      if (wait !== undefined) waits.push(wait);
    }
    await Promise.all(waits);
    let missing = 0;
    for (const feed of this.#feeds.values()) {
      if (feed.isFailing()) missing++;
    }
    return missing;
  }

  #refreshCell(
    feed: CellFeed,
    nowMs: number,
    notBeforeMs: number,
    leaseMs: number,
  ): Promise<boolean> | undefined {
    const confirmedAtMs = this.table.confirmedAtMs(feed.cell);
    if (notBeforeMs > 0 && confirmedAtMs - CLOCK_SKEW_MS_MAX <= notBeforeMs)
      return feed.pullAfresh(leaseMs);
    if (feed.isFailing()) {
      // Waiting for a cell that hangs would make every query as slow as the time-out.
      if (feed.isRetryDue(nowMs)) void feed.pull(leaseMs);
      return undefined;
    }
    if (!feed.hasAnswered || nowMs - confirmedAtMs > CONFIRM_AGE_MS_MAX) return feed.pull(leaseMs);
    if (leaseMs > 0 && nowMs - feed.leasedAtMs > LEASE_MS / 2) void feed.pull(leaseMs);
    return undefined;
  }

  /** Whether queries have come for a while without a long gap. Notes this one. */
  #isReadSteadily(nowMs: number): boolean {
    if (nowMs - this.#readAtMs > LEASE_MS / 2) this.#readingSinceMs = nowMs;
    this.#readAtMs = nowMs;
    return nowMs - this.#readingSinceMs >= LEASE_AFTER_MS;
  }

  #evaluate(plan: Plan): Evaluated {
    const key = JSON.stringify(plan);
    const kept = this.#results.get(key, this.table.version);
    if (kept !== undefined) return kept;
    this.#counts.evaluations++;
    const evaluated = evaluatePartial(plan, this.table);
    this.#results.set(key, this.table.version, evaluated);
    return evaluated;
  }

  /** The oldest confirmation among the blocks; 0 when there is none. */
  #asOfMs(): number {
    let asOfMs = Number.POSITIVE_INFINITY;
    for (const block of this.table.blocks)
      asOfMs = Math.min(asOfMs, this.table.confirmedAtMs(block.cell));
    return Number.isFinite(asOfMs) ? asOfMs - CLOCK_STEP_MS : 0;
  }
}
