/**
 * The Durable Object of a cell: platform calls and wiring around `core/cell/cell.ts`. Nothing here knows what a twin
 * means; nothing there knows where it runs.
 */
import { DurableObject } from "cloudflare:workers";
import { deltaSince } from "./core/cell/delta.ts";
import { readHistory } from "./core/cell/history-view.ts";
import type { HistoryQuery, HistoryView } from "./core/cell/history.ts";
import type { LogEntry, LogFilter } from "./core/cell/log.ts";
import { listChildren, listIds, unknownTwin, viewOf } from "./core/cell/view.ts";
import type { ChildrenPage, TwinView } from "./core/cell/view.ts";
import { Cell } from "./core/cell/cell.ts";
import type { ColumnDelta } from "./core/columns/columns.ts";
import { modelsByName } from "./core/hierarchy/check.ts";
import type { ChildReport } from "./core/hierarchy/declaration.ts";
import { parseCellKey } from "./core/ids.ts";
import { COMMANDS_PER_PAGE_MAX, DELIVERY_RETRY_MS, TIMER_LATE_MS } from "./core/limits.ts";
import type { PendingCommand } from "./core/cell/mailbox.ts";
import type { CommandsWanted } from "./core/cell/requests.ts";
import { parseElements } from "./core/json/parse-slice.ts";
import type { Refusal } from "./core/refusal.ts";
import type { Env } from "./env.ts";
import { MODELS } from "../models/index.ts";
import { CommitQueue } from "./twin/commit-queue.ts";
import { CommandWaiters } from "./twin/command-waiters.ts";
import { DeviceSockets, takeFrame } from "./twin/device-socket.ts";
import { CellLookups } from "./twin/lookups.ts";
import { OutboxDelivery } from "./twin/outbox-delivery.ts";
import { Publisher } from "./twin/publisher.ts";
import { SqliteStore } from "./twin/sqlite-store.ts";
import type { AcceptReply, CellCounters, CellRpc } from "./wire/internal-rpc.ts";
import { clockMs } from "./routing/clock.ts";
import { ObjectAlarm } from "./routing/object-alarm.ts";

const MODELS_BY_NAME = modelsByName(MODELS);

export class TwinObject extends DurableObject<Env> implements CellRpc {
  readonly #key: string;
  readonly #index: number;
  readonly #store: SqliteStore;
  #cell: Cell;
  readonly #queue: CommitQueue;
  readonly #publisher: Publisher;
  readonly #delivery: OutboxDelivery;
  readonly #lookups: CellLookups;
  readonly #alarm: ObjectAlarm;
  readonly #sockets: DeviceSockets;
  readonly #waiters = new CommandWaiters();
  #requests = 0;
  /** Times that the watchdog found a timer overdue. */
  #late = 0;
  readonly #loadMs: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#key = ctx.id.name ?? "";
    const { model: modelName, cell: index } = parseCellKey(this.#key);
    this.#index = index;
    const model = MODELS_BY_NAME.get(modelName);
    if (model === undefined)
      throw new Error(
        `Cell "${this.#key}" is of model "${modelName}", which this deployment does not have.`,
      );
    this.#store = new SqliteStore(ctx.storage);
    this.#sockets = new DeviceSockets(ctx);
    const sender = `${this.#key}/${this.#store.incarnation}`;
    this.#lookups = new CellLookups(env, sender);
    const startMs = performance.now();
    this.#cell = this.#load();
    this.#loadMs = performance.now() - startMs;
    this.#queue = new CommitQueue({
      cell: () => this.#cell,
      nowMs: () => clockMs(),
      windowMs: model.commitWindowMs,
      durable: () => ctx.storage.sync(),
      committed: () => this.#committed(),
      reload: (error) => this.#reload(error),
    });
    this.#publisher = new Publisher({
      nowMs: () => clockMs(),
      version: () => this.#cell.version,
      delta: (since) => deltaSince(this.#cell, this.#index, since, clockMs()),
      publish: (shard, delta) => this.env.SHARD.getByName(`${modelName}:${shard}`).publish(delta),
    });
    this.#delivery = new OutboxDelivery({
      env,
      sender,
      outbox: () => this.#cell.outbox,
      failed: () => this.#alarm.notLaterThan(clockMs() + DELIVERY_RETRY_MS),
    });
    this.#alarm = new ObjectAlarm(ctx.storage);
    // A crash may have come between a commit and its deliveries, or past a timer: look once, soon.
    if (this.#cell.outbox.size > 0 || this.#cell.hasWork(clockMs())) this.#queue.schedule();
    this.#guardTimers();
  }

  async accept(slice: string, count: number, wantCommands: CommandsWanted): Promise<AcceptReply> {
    this.#requests++;
    return this.#queue.accept(slice, count, wantCommands);
  }

  async deliver(
    sender: string,
    entries: string,
  ): Promise<{ readonly deliveredUpTo: number } | Refusal> {
    this.#requests++;
    return this.#queue.deliver(sender, entries);
  }

  async read(id: string): Promise<TwinView | null> {
    this.#requests++;
    return viewOf(this.#cell, id, clockMs());
  }

  async put(
    id: string,
    state: string,
  ): Promise<{ readonly created: boolean; readonly twin: TwinView } | Refusal> {
    this.#requests++;
    const result = this.#write(() =>
      this.#cell.put(id, JSON.parse(state) as Record<string, unknown>, clockMs()),
    );
    if (!result.ok) return result.refusal;
    return { created: result.value.created, twin: viewOf(this.#cell, id, clockMs())! };
  }

  async putMany(slice: string, count: number): Promise<AcceptReply> {
    this.#requests++;
    const elements = parseElements(slice, count) as
      | { id: string; state: Record<string, unknown> }[]
      | undefined;
    if (elements === undefined)
      throw new Error(`Livetwin bug: a slice of ${count} twins is no JSON.`);
    const results = this.#write(() => this.#cell.putMany(elements, clockMs()));
    const rejected = results.flatMap((result, index) =>
      result.ok ? [] : [[index, result.refusal] as const],
    );
    return { accepted: count - rejected.length, repeated: [], rejected };
  }

  async remove(id: string): Promise<true | Refusal> {
    this.#requests++;
    const result = this.#write(() => this.#cell.remove(id, clockMs()));
    return result.ok ? true : result.refusal;
  }

  async commands(id: string, waitMs: number): Promise<readonly PendingCommand[] | Refusal> {
    this.#requests++;
    if (waitMs > 0 && this.#pendingOf(id, 1).length === 0 && this.#cell.slotOf(id) !== undefined)
      await this.#waiters.next(id, waitMs);
    // The twin may have gone meanwhile.
    return this.#cell.slotOf(id) === undefined
      ? unknownTwin(this.#cell, id)
      : this.#pendingOf(id, COMMANDS_PER_PAGE_MAX);
  }

  async acknowledge(
    id: string,
    commandIds: readonly string[],
  ): Promise<{ readonly acknowledged: number } | Refusal> {
    this.#requests++;
    return this.#cell.slotOf(id) === undefined
      ? unknownTwin(this.#cell, id)
      : this.#queue.acknowledge(id, commandIds);
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly string[]> {
    this.#requests++;
    return listIds(this.#cell, prefix, after, limit);
  }

  async children(id: string, page: ChildrenPage): Promise<readonly ChildReport[] | null> {
    this.#requests++;
    return listChildren(this.#cell, id, page);
  }

  async changes(since: number, shard: number, leaseMs: number): Promise<ColumnDelta> {
    this.#requests++;
    const nowMs = clockMs();
    const delta = deltaSince(this.#cell, this.#index, since, nowMs);
    this.#publisher.lease(shard, delta.version, nowMs + leaseMs);
    return delta;
  }

  async watch(): Promise<number> {
    this.#requests++;
    await this.#alarm.lookAgain();
    const nowMs = clockMs();
    const dueAtMs = this.#cell.timers.nextDueAtMs();
    const lateMs = dueAtMs === null ? 0 : Math.max(0, nowMs - dueAtMs);
    if (lateMs > TIMER_LATE_MS) {
      this.#late++;
      console.error(`Cell ${this.#key}: a timer is ${lateMs} ms late; its alarm was lost.`);
    }
    if (this.#cell.hasWork(nowMs)) this.#queue.schedule();
    this.#committed();
    return lateMs;
  }

  async log(limit: number, filter: LogFilter): Promise<readonly LogEntry[]> {
    this.#requests++;
    return this.#cell.log.newest(limit, filter);
  }

  async history(id: string, query: HistoryQuery): Promise<HistoryView | Refusal> {
    this.#requests++;
    const view = readHistory(this.#cell, id, query, clockMs());
    return view.ok ? view.value : view.refusal;
  }

  async counters(): Promise<CellCounters> {
    const { mailbox, table, marks, outbox, counts, journalChars, version } = this.#cell;
    return {
      ...counts,
      ...mailbox.counts,
      commandsPending: mailbox.size,
      commandWaiters: this.#waiters.count,
      twins: table.size,
      stateChars: table.stateChars,
      journalChars,
      version,
      messageIds: marks.count,
      messageIdBytes: marks.bytes,
      outbox: outbox.size,
      children: this.#cell.children.count,
      queueChars: this.#queue.chars,
      // Timers aside: they have their own time.
      due: this.#cell.hasWork(Number.NEGATIVE_INFINITY) ? 1 : 0,
      timersLate: this.#late,
      rowsWritten: this.#store.rowsWritten + this.#alarm.rowsWritten,
      requestsIn: this.#requests,
      requestsOut: this.#publisher.calls + this.#delivery.calls + this.#lookups.calls,
      stepsUnderWay: this.#cell.stepsUnderWay,
      publishes: this.#publisher.calls,
      deliveries: this.#delivery.calls,
      sockets: this.#sockets.count,
      databaseBytes: this.ctx.storage.sql.databaseSize,
      loadMs: this.#loadMs,
    };
  }

  /** A device connects; ingest has checked who it is and which twin it means. */
  override async fetch(request: Request): Promise<Response> {
    this.#requests++;
    const url = new URL(request.url);
    const id = url.searchParams.get("id") ?? "";
    const envelope = url.searchParams.has("envelope");
    return this.#sockets.connect({ id, envelope }, this.#pendingOf(id));
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    await takeFrame(socket, frame, this.#queue);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    // Answers the device's close frame; some runtimes leave that to the object.
    socket.close();
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    // Only when this returns is the alarm done with: a crash before the turn's commit lets it come again.
    if (this.#cell.hasWork(clockMs())) await this.#queue.nextTurn();
    else this.#committed();
  }

  #load(): Cell {
    const { model } = parseCellKey(this.#key);
    return new Cell({
      model: MODELS_BY_NAME.get(model)!,
      world: {
        models: MODELS_BY_NAME,
        lookups: this.#lookups,
        hasArchive: (this.env.ARCHIVE ?? this.env.ARCHIVE_FOLDER) !== undefined,
      },
      store: this.#store,
      monotonicMs: () => performance.now(),
      wake: () => this.#queue.schedule(),
      incarnation: this.#store.incarnation,
      commandsSent: (commands) => {
        this.#sockets.push(commands);
        for (const { id } of commands) this.#waiters.wake(id);
      },
    });
  }

  #pendingOf(id: string, limit?: number): readonly PendingCommand[] {
    return this.#cell.mailbox.pendingOf(id, clockMs(), limit);
  }

  /** A write outside the queue: a commit of its own. */
  #write<T>(write: () => T): T {
    try {
      const result = write();
      this.#committed();
      return result;
    } catch (error) {
      this.#queue.fail(error);
      throw error;
    }
  }

  #committed(): void {
    this.#publisher.committed();
    if (this.#delivery.hasDeliverable) {
      // The alarm finds what a crash would leave behind; usually the delivery is done long before.
      this.#alarm.notLaterThan(clockMs() + DELIVERY_RETRY_MS);
      void this.#delivery.pump();
    }
    this.#guardTimers();
  }

  #guardTimers(): void {
    const dueAtMs = this.#cell.timers.nextDueAtMs();
    if (dueAtMs !== null) this.#alarm.notLaterThan(dueAtMs);
  }

  #reload(error: unknown): void {
    console.error(`Cell ${this.#key}: storage failed, loading again.`, error);
    this.#cell = this.#load();
    // What is due by itself is tried again, after a while: the storage may go on failing.
    if (this.#cell.hasWork(clockMs())) this.#alarm.notLaterThan(clockMs() + DELIVERY_RETRY_MS);
    // A write may have been made though it failed: commands of which no device was told are then pending.
    if (this.#cell.mailbox.size > 0) this.#sockets.pushAll((id) => this.#pendingOf(id));
    // It may have been the checkpoint that failed: then there is a commit, whose timers and deliveries wait for this.
    this.#committed();
  }
}
