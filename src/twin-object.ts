/**
 * The Durable Object of a cell: platform calls and wiring around `core/cell/cell.ts`. Nothing here knows what a twin
 * means; nothing there knows where it runs.
 */
import { DurableObject } from "cloudflare:workers";
import { deltaSince } from "./core/cell/delta.ts";
import type { LogEntry } from "./core/cell/log.ts";
import { listIds, viewOf } from "./core/cell/view.ts";
import type { TwinView } from "./core/cell/view.ts";
import { Cell } from "./core/cell/cell.ts";
import type { ColumnDelta } from "./core/columns/columns.ts";
import { parseCellKey } from "./core/ids.ts";
import { DELIVERY_RETRY_MS } from "./core/limits.ts";
import { parseElements } from "./core/json/parse-slice.ts";
import type { Refusal } from "./core/refusal.ts";
import type { Env } from "./env.ts";
import { MODELS } from "../models/index.ts";
import { CellAlarm } from "./twin/cell-alarm.ts";
import { CommitQueue } from "./twin/commit-queue.ts";
import { ackFrame, errorFrame, sliceOfFrame } from "./twin/device-socket.ts";
import type { SocketAttachment } from "./twin/device-socket.ts";
import { OutboxDelivery } from "./twin/outbox-delivery.ts";
import { Publisher } from "./twin/publisher.ts";
import { SqliteStore } from "./twin/sqlite-store.ts";
import type { AcceptReply, CellCounters, CellRpc } from "./wire/internal-rpc.ts";

const MODELS_BY_NAME = new Map(MODELS.map((model) => [model.name, model]));

export class TwinObject extends DurableObject<Env> implements CellRpc {
  readonly #key: string;
  readonly #index: number;
  readonly #store: SqliteStore;
  #cell: Cell;
  readonly #queue: CommitQueue;
  readonly #publisher: Publisher;
  readonly #delivery: OutboxDelivery;
  readonly #alarm: CellAlarm;
  #requests = 0;
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
    const startMs = performance.now();
    this.#cell = this.#load();
    this.#loadMs = performance.now() - startMs;
    this.#queue = new CommitQueue({
      cell: () => this.#cell,
      nowMs: () => Date.now(),
      windowMs: model.commitWindowMs,
      committed: () => this.#committed(),
      reload: (error) => this.#reload(error),
    });
    this.#publisher = new Publisher({
      nowMs: () => Date.now(),
      version: () => this.#cell.version,
      delta: (since) => deltaSince(this.#cell, this.#index, since, Date.now()),
      publish: (shard, delta) => this.env.SHARD.getByName(`${modelName}:${shard}`).publish(delta),
    });
    this.#delivery = new OutboxDelivery({
      env,
      sender: `${this.#key}/${this.#store.incarnation}`,
      outbox: () => this.#cell.outbox,
      failed: () => this.#alarm.notLaterThan(Date.now() + DELIVERY_RETRY_MS),
    });
    this.#alarm = new CellAlarm(ctx.storage);
    // A crash may have come between a commit and its deliveries, or past a timer: look once, soon.
    if (this.#cell.outbox.size > 0 || this.#cell.hasWork(Date.now())) this.#queue.schedule();
    this.#guardTimers();
  }

  async accept(slice: string, count: number, wantCommands: boolean): Promise<AcceptReply> {
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
    return viewOf(this.#cell, id);
  }

  async put(
    id: string,
    state: string,
  ): Promise<{ readonly created: boolean; readonly twin: TwinView } | Refusal> {
    this.#requests++;
    const result = this.#write(() =>
      this.#cell.put(id, JSON.parse(state) as Record<string, unknown>, Date.now()),
    );
    if (!result.ok) return result.refusal;
    return { created: result.value.created, twin: viewOf(this.#cell, id)! };
  }

  async putMany(slice: string, count: number): Promise<AcceptReply> {
    this.#requests++;
    const elements = parseElements(slice, count) as
      | { id: string; state: Record<string, unknown> }[]
      | undefined;
    if (elements === undefined)
      throw new Error(`Livetwin bug: a slice of ${count} twins is no JSON.`);
    const results = this.#write(() => this.#cell.putMany(elements, Date.now()));
    const rejected = results.flatMap((result, index) =>
      result.ok ? [] : [[index, result.refusal] as const],
    );
    return { accepted: count - rejected.length, repeated: [], rejected };
  }

  async remove(id: string): Promise<true | Refusal> {
    this.#requests++;
    const result = this.#write(() => this.#cell.remove(id, Date.now()));
    return result.ok ? true : result.refusal;
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly string[]> {
    this.#requests++;
    return listIds(this.#cell, prefix, after, limit);
  }

  async changes(since: number, shard: number, leaseMs: number): Promise<ColumnDelta> {
    this.#requests++;
    const nowMs = Date.now();
    const delta = deltaSince(this.#cell, this.#index, since, nowMs);
    this.#publisher.lease(shard, delta.version, nowMs + leaseMs);
    return delta;
  }

  async log(limit: number): Promise<readonly LogEntry[]> {
    this.#requests++;
    return this.#cell.log.newest(limit);
  }

  async counters(): Promise<CellCounters> {
    const { table, marks, outbox, counts, journalChars, version } = this.#cell;
    return {
      ...counts,
      twins: table.size,
      stateChars: table.stateChars,
      journalChars,
      version,
      messageIds: marks.count,
      messageIdBytes: marks.bytes,
      outbox: outbox.size,
      queueChars: this.#queue.chars,
      rowsWritten: this.#store.rowsWritten + this.#alarm.rowsWritten,
      requestsIn: this.#requests,
      requestsOut: this.#publisher.calls + this.#delivery.calls,
      publishes: this.#publisher.calls,
      deliveries: this.#delivery.calls,
      sockets: this.ctx.getWebSockets().length,
      databaseBytes: this.ctx.storage.sql.databaseSize,
      loadMs: this.#loadMs,
    };
  }

  /** A device connects; ingest has checked who it is and which twin it means. */
  override async fetch(request: Request): Promise<Response> {
    this.#requests++;
    const url = new URL(request.url);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const attachment: SocketAttachment = {
      id: url.searchParams.get("id") ?? "",
      envelope: url.searchParams.has("envelope"),
    };
    server.serializeAttachment(attachment);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const attachment = socket.deserializeAttachment() as SocketAttachment;
    const slice = sliceOfFrame(
      typeof frame === "string" ? frame : new TextDecoder().decode(frame),
      attachment,
    );
    if ("code" in slice) {
      socket.send(errorFrame(slice));
      return;
    }
    const settlement = await this.#queue.accept(slice.text, slice.count, true);
    for (const [i, body] of (settlement.commands ?? []).entries()) {
      socket.send(
        JSON.stringify({ type: "command", commandId: `${this.#cell.version}-${i}`, body }),
      );
    }
    socket.send(ackFrame(settlement));
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    // Answers the device's close frame; some runtimes leave that to the object.
    socket.close();
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    if (this.#cell.hasWork(Date.now())) this.#queue.schedule();
    else this.#committed();
  }

  #load(): Cell {
    const { model } = parseCellKey(this.#key);
    return new Cell({
      model: MODELS_BY_NAME.get(model)!,
      world: { models: MODELS_BY_NAME },
      store: this.#store,
      monotonicMs: () => performance.now(),
      wake: () => this.#queue.schedule(),
    });
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
    if (this.#cell.outbox.size > 0) {
      // The alarm finds what a crash would leave behind; usually the delivery is done long before.
      this.#alarm.notLaterThan(Date.now() + DELIVERY_RETRY_MS);
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
  }
}
