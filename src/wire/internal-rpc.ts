/**
 * The contracts between the Worker and its Durable Objects, and among these. Each says who calls, how often,
 * and whether a repeat is harmless. Answers are plain data: failures that are expected come back as refusals.
 */
import type { LogEntry } from "../core/cell/log.ts";
import type { TwinView } from "../core/cell/view.ts";
import type { ColumnDelta } from "../core/columns/columns.ts";
import type { Field, Json } from "../core/model.ts";
import type { Placement } from "../core/ids.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Plan, QueryPartial } from "../core/query/plan.ts";
import type { Widget, WidgetResult } from "./widget-v1.ts";

/** A message that was not taken: its place in the slice, and why. */
export type Rejection = readonly [index: number, refusal: Refusal];

/** What became of a slice of messages. Everything in `accepted` is durable and processed. */
export interface AcceptReply {
  readonly accepted: number;
  /** Messages that had been processed before, by index. */
  readonly repeated: readonly number[];
  readonly rejected: readonly Rejection[];
  /** What the twins sent their devices while processing, in order; only when asked for. */
  readonly commands?: readonly Json[];
}

/** Counts since the object woke, and sizes now; `/metrics` sums them over cells. */
export type CellCounters = Readonly<Record<string, number>>;

export interface CellRpc {
  /**
   * Applies messages: `slice` is JSON elements `{"id","message","messageId"?,"seq"?}` joined by commas.
   * Called by ingest once per touched cell and request. A repeat is harmless for messages that carry
   * `messageId` or `seq`.
   */
  accept(slice: string, count: number, wantCommands: boolean): Promise<AcceptReply>;
  /** Takes messages that another cell's twins sent. Repeats are harmless: `n` grows per sender. */
  deliver(sender: string, entries: string): Promise<{ readonly deliveredUpTo: number } | Refusal>;
  read(id: string): Promise<TwinView | null>;
  /** Creates a twin or replaces fields of its state. A repeat gives the same state. */
  put(
    id: string,
    state: string,
  ): Promise<{ readonly created: boolean; readonly twin: TwinView } | Refusal>;
  /** Creates or replaces many: `slice` is `{"id","state"}` joined by commas. */
  putMany(slice: string, count: number): Promise<AcceptReply>;
  /** Removes a twin. Refuses with `twin/unknown`. */
  remove(id: string): Promise<true | Refusal>;
  /** Ids that start with `prefix` and are greater than `after`, ascending, `limit` at most. */
  list(prefix: string, after: string, limit: number): Promise<readonly string[]>;
  /**
   * What changed since the commit `since` (everything for -1, or when the cell no longer knows), and a lease:
   * for `leaseMs` the cell publishes further changes to the shard by itself. Called by shards. Harmless to repeat.
   */
  changes(since: number, shard: number, leaseMs: number): Promise<ColumnDelta>;
  log(limit: number): Promise<readonly LogEntry[]>;
  counters(): Promise<CellCounters>;
}

/** One shard holds the columns of the cells `c` of a model with `c mod shards = shard`. */
export interface ShardRpc {
  /**
   * Takes a cell's changes under its lease; `false` when `since` is not what the shard has: the cell then waits
   * to be asked with `changes`. Called by cells at most every 500 ms. Harmless to repeat.
   */
  publish(delta: ColumnDelta): Promise<boolean>;
  /**
   * Evaluates a plan over this shard's cells. Everything acknowledged before `notBeforeMs` is in the result.
   * Called by the Worker and the reducer.
   */
  query(plan: Plan, notBeforeMs: number): Promise<ShardAnswer | Refusal>;
  counters(): Promise<CellCounters>;
}

export interface ShardAnswer {
  readonly partial: QueryPartial;
  readonly asOfMs: number;
  readonly twins: number;
  /** Cells that did not answer: their twins are as old as `asOfMs` says, or missing. */
  readonly cellsMissing: number;
}

/** A model as this deployment runs it. */
export interface DeployedModel {
  readonly name: string;
  readonly placement: Placement;
  /** Aggregator shards; fixed with the placement. */
  readonly shards: number;
  readonly fields: readonly Field[];
  readonly deployedAtMs: number;
}

export interface RegistryRpc {
  /**
   * What is deployed. Models of the bundle that are new are entered with their number of cells, which stays.
   * Called once per isolate. Harmless to repeat.
   */
  deployed(): Promise<readonly DeployedModel[]>;
}

/** One reducer per deployment: widgets, their results and history, and the live connections that watch them. */
export interface ReducerRpc {
  /** What the cron trigger does once a minute: every widget's result, watched or not. Harmless to repeat. */
  minute(scheduledAtMs: number): Promise<void>;
  listWidgets(): Promise<readonly Widget[]>;
  putWidget(widget: Widget): Promise<{ readonly created: boolean } | Refusal>;
  removeWidget(id: string): Promise<boolean>;
  /** The newest results of a widget, one a minute, oldest first. */
  widgetHistory(id: string, limit: number): Promise<readonly WidgetResult[]>;
  counters(): Promise<CellCounters>;
}
