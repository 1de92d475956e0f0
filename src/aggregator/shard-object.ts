/**
 * The Durable Object of an aggregator shard, named `<model>:<shard>`: platform calls around a `Replica`.
 *
 * Nothing happens until somebody reads. The first query after a start restores the snapshots and asks the cells for
 * what changed since; a cell that publishes before that is told no, and waits to be asked. An alarm saves snapshots
 * while there are unsaved changes, and none is pending otherwise.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { Replica } from "./replica.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import type { ColumnDelta } from "../core/columns/columns.ts";
import { assert } from "../core/assert.ts";
import { cellKey, parseCellKey } from "../core/ids.ts";
import {
  SNAPSHOT_BYTES_PER_ALARM,
  SNAPSHOT_INTERVAL_MS,
  SNAPSHOT_PAUSE_MS,
} from "../core/limits.ts";
import type { Plan } from "../core/query/plan.ts";
import { ok } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { deployedModel } from "../routing/deployment.ts";
import type { CellCounters, ShardAnswer, ShardRpc } from "../wire/internal-rpc.ts";
import { clockMs } from "../routing/clock.ts";

export class AggregatorShard extends DurableObject<Env> implements ShardRpc {
  readonly #snapshots: SnapshotStore;
  #opening: Promise<Result<Replica>> | undefined;
  #replica: Replica | undefined;
  #isAlarmSet = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#snapshots = new SnapshotStore(ctx.storage.sql);
  }

  async publish(delta: ColumnDelta): Promise<boolean> {
    if (this.#replica === undefined) return false;
    const isTaken = this.#replica.publish(delta);
    await this.#saveLater(this.#replica);
    return isTaken;
  }

  async query(plan: Plan, notBeforeMs: number): Promise<ShardAnswer | Refusal> {
    const opened = await this.#open();
    if (!opened.ok) return opened.refusal;
    const answer = await opened.value.query(plan, notBeforeMs);
    await this.#saveLater(opened.value);
    return answer.ok ? answer.value : answer.refusal;
  }

  async counters(): Promise<CellCounters> {
    return { ...this.#replica?.counters(), ...this.#snapshots.counts };
  }

  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    // Without a replica the object was restarted: what was not saved is asked of the cells when somebody reads.
    if (this.#replica === undefined) return;
    this.#snapshots.save(this.#replica.table, SNAPSHOT_BYTES_PER_ALARM);
    if (this.#snapshots.isBehind(this.#replica.table)) await this.#setAlarm(SNAPSHOT_PAUSE_MS);
  }

  #open(): Promise<Result<Replica>> {
    this.#opening ??= this.#load().then(
      (opened) => {
        if (opened.ok) this.#replica = opened.value;
        else this.#opening = undefined;
        return opened;
      },
      (error: unknown) => {
        // The next query tries again: a failed call must not stay cached for the life of the object.
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  async #load(): Promise<Result<Replica>> {
    const { name } = this.ctx.id;
    assert(name !== undefined, "a shard is reached by its name");
    const { model: modelName, cell: shard } = parseCellKey(name);
    const model = await deployedModel(this.env, modelName);
    if (!model.ok) return model;
    const replica = new Replica(model.value, shard, {
      changes: (cell, since, leaseMs) =>
        this.env.TWIN.getByName(cellKey(modelName, cell)).changes(since, shard, leaseMs),
      nowMs: clockMs,
    });
    this.#snapshots.restore(replica.table, replica.cells);
    return ok(replica);
  }

  async #saveLater(replica: Replica): Promise<void> {
    if (this.#isAlarmSet || !this.#snapshots.isBehind(replica.table)) return;
    await this.#setAlarm(SNAPSHOT_INTERVAL_MS);
  }

  async #setAlarm(afterMs: number): Promise<void> {
    this.#isAlarmSet = true;
    await this.ctx.storage.setAlarm(clockMs() + afterMs);
  }
}
