/**
 * The contracts between the Worker and its Durable Objects, and among these. Each says who calls, how often,
 * and whether a repeat is harmless. Answers are plain data: failures that are expected come back as refusals.
 */
import type { Silence } from "../core/alerts/alert.ts";
import type { AlertRule, Sample } from "../core/alerts/rule.ts";
import type { AlertFilter, AlertPage, AlertView, LiveAlerts } from "../core/alerts/view.ts";
import type { HistoryQuery, HistoryView } from "../core/cell/history.ts";
import type { LogEntry, LogFilter } from "../core/cell/log.ts";
import type { PendingCommand } from "../core/cell/mailbox.ts";
import type { CommandsWanted } from "../core/cell/requests.ts";
import type { ChildrenPage, TwinView } from "../core/cell/view.ts";
import type { ColumnDelta } from "../core/columns/columns.ts";
import type { ChildReport } from "../core/hierarchy/declaration.ts";
import type { Field, Json } from "../core/model.ts";
import type { Placement } from "../core/ids.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Plan, QueryPartial } from "../core/query/plan.ts";
import type { SharedEntry } from "../core/shared-data/book.ts";
import type { TableInfo, TableSettings } from "./shared-data-v1.ts";
import type { AlertListQuery, Handling } from "./alert-v1.ts";
import type { ChannelInput, ChannelJson } from "./channel-v1.ts";
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
  /** Their ids, as many, when they wait for their acknowledgement. */
  readonly commandIds?: readonly string[];
  /** The twins that sent them, as many: with the ids. */
  readonly commandTwins?: readonly string[];
}

/** Counts since the object woke, and sizes now; `/metrics` sums them over cells. */
export type CellCounters = Readonly<Record<string, number>>;

/** Takes what cells send out. */
export interface DeliveryRpc {
  /**
   * Takes entries of a cell's outbox: JSON, a list of `DeliveredEntry` for a cell, of `ServiceEntry` for a service.
   * Called by cells after their commits. Repeats are harmless: `n` grows per sender.
   */
  deliver(sender: string, entries: string): Promise<{ readonly deliveredUpTo: number } | Refusal>;
}

/** An entry of a cell's outbox as a service gets it, with the twin that sent it. */
export type ServiceEntry = readonly [n: number, model: string, id: string, message: Json];

export interface CellRpc extends DeliveryRpc {
  /**
   * Applies messages: `slice` is JSON elements `{"id","message","messageId"?,"seq"?}` joined by commas.
   * Called by ingest once per touched cell and request. A repeat is harmless for messages that carry
   * `messageId` or `seq`.
   */
  accept(slice: string, count: number, wantCommands: CommandsWanted): Promise<AcceptReply>;
  /**
   * The oldest commands that a device has not acknowledged, COMMANDS_PER_PAGE_MAX at most. Where there are none it
   * waits up to `waitMs` for the first. Refuses with `twin/unknown`. Called by ingest for a device that asks.
   */
  commands(id: string, waitMs: number): Promise<readonly PendingCommand[] | Refusal>;
  /** A device has these commands: those that are pending go. Refuses with `twin/unknown`. Harmless to repeat. */
  acknowledge(
    id: string,
    commandIds: readonly string[],
  ): Promise<{ readonly acknowledged: number } | Refusal>;
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
  /** A page of a twin's children; null when there is no such twin. */
  children(id: string, page: ChildrenPage): Promise<readonly ChildReport[] | null>;
  /**
   * What changed since the commit `since` (everything for -1, or when the cell no longer knows), and a lease:
   * for `leaseMs` the cell publishes further changes to the shard by itself. Called by shards. Harmless to repeat.
   */
  changes(since: number, shard: number, leaseMs: number): Promise<ColumnDelta>;
  /**
   * Sees to it that the alarm is set for what is due, and runs what is overdue; answers by how many milliseconds
   * that was. Called by the watchdog. Harmless to repeat.
   */
  watch(): Promise<number>;
  log(limit: number, filter: LogFilter): Promise<readonly LogEntry[]>;
  /** The recent changes of a twin, newest first. Refuses with `history/off` and `twin/unknown`. */
  history(id: string, query: HistoryQuery): Promise<HistoryView | Refusal>;
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
  /** The open alerts have changed. Called by the alerts' object while somebody watches them. Repeats are harmless. */
  alertsChanged(): Promise<void>;
  /** The newest results of a widget, one a minute, oldest first. */
  widgetHistory(id: string, limit: number): Promise<readonly WidgetResult[]>;
  counters(): Promise<CellCounters>;
}

/** What a rule showed last, and why it could not be evaluated last; of this life of its object. */
export interface RuleStatus {
  readonly lastEvaluatedAtMs: number | null;
  /** By group; one without a key where there are no groups. */
  readonly lastValues: readonly Sample[];
  readonly lastError: string | null;
}

/** What came back from a test of a channel: of each call that its service needs. */
export interface ChannelTest {
  readonly ok: boolean;
  readonly calls: readonly {
    readonly status: number | null;
    /** The beginning of the answer. */
    readonly answer: string;
    readonly error: string | null;
    readonly elapsedMs: number;
  }[];
}

/** One per deployment: the alerts of all twins and of rules on aggregates, and their notifications. */
export interface AlertsRpc extends DeliveryRpc {
  /** Alerts, silences, rules and channels: called by the Worker, for operators. Repeats give the same. */
  list(query: AlertListQuery): Promise<AlertPage>;
  alert(n: number): Promise<AlertView | Refusal>;
  /** Refuses with `alert/unknown` and `alert/resolved`. */
  acknowledge(n: number, handling: Handling): Promise<AlertView | Refusal>;
  resolve(n: number, handling: Handling): Promise<AlertView | Refusal>;
  listSilences(): Promise<readonly Silence[]>;
  putSilence(silence: Silence): Promise<{ readonly created: boolean } | Refusal>;
  removeSilence(id: string): Promise<boolean>;
  listRules(): Promise<readonly { readonly rule: AlertRule; readonly status: RuleStatus }[]>;
  putRule(rule: AlertRule): Promise<{ readonly created: boolean } | Refusal>;
  removeRule(id: string): Promise<boolean>;
  /** As they are shown: without secrets. */
  listChannels(): Promise<readonly ChannelJson[]>;
  putChannel(
    id: string,
    input: ChannelInput,
  ): Promise<{ readonly created: boolean; readonly channel: ChannelJson } | Refusal>;
  removeChannel(id: string): Promise<boolean>;
  /** Sends a notification that is none, and waits for the answer. Refuses with `channel/unknown`. */
  testChannel(id: string): Promise<ChannelTest | Refusal>;
  /**
   * What is open, unless it is what the caller knows; for ALERTS_WATCH_MS the reducer is then told of changes.
   * Called by the reducer once a tick for each thing that is watched.
   */
  watch(filter: AlertFilter, known: string | undefined): Promise<AlertsSeen>;
  /** Sees to it that its alarm is set if something is due. Called by the watchdog. Harmless to repeat. */
  guard(): Promise<void>;
  counters(): Promise<CellCounters>;
}

/** What a look at the open alerts gave; `seen` is absent when nothing has changed since `version`. */
export interface AlertsSeen {
  readonly version: string;
  readonly seen?: LiveAlerts;
}

/** One per model: gathers what the model's twins archive into compressed objects. */
export interface ArchiverRpc extends DeliveryRpc {
  /** Their names begin with `archive`: `/metrics` shows them beside those of the model's cells. */
  counters(): Promise<CellCounters>;
}

/** One per deployment: data that twins share, and the tables that they look things up in. */
export interface SharedDataRpc extends DeliveryRpc {
  /**
   * Answers questions in one transaction: JSON, a list of `SharedQuestion`; the answer a list of `Result`: one at
   * least, and as many as one call holds; the questions after these are to be asked again. Called by cells for their
   * look-ups, many at a time, and by ingest. A change that names its operation is harmless to repeat: `sender` and
   * operation are remembered together.
   */
  ask(sender: string, questions: string): Promise<string>;
  /** Keys of a scope that start with `prefix` and are greater than `after`, ascending. Called by ingest. */
  list(
    scope: string,
    prefix: string,
    after: string,
    limit: number,
  ): Promise<readonly SharedEntry[]>;
  /** All look-up tables. Called by ingest. */
  tables(): Promise<readonly TableInfo[]>;
  table(name: string): Promise<TableInfo | Refusal>;
  /** Makes a table of these rows (JSON, a list of `StoredTableRow`), in the place of all it had. Harmless to repeat. */
  replaceTable(settings: TableSettings, rows: string): Promise<TableInfo | Refusal>;
  /** Adds rows, in the place of those of the same keys. Harmless to repeat. */
  addToTable(name: string, rows: string): Promise<TableInfo | Refusal>;
  removeTable(name: string): Promise<true | Refusal>;
  counters(): Promise<CellCounters>;
}
