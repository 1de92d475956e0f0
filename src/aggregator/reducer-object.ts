/**
 * The Durable Object `reducer`, one per deployment: widgets and their history, and the live connections. Platform
 * calls and wiring around `WidgetStore` and `LiveHub`.
 *
 * Its alarm is the tick of the live connections. It is set while somebody watches and never otherwise; a tick that
 * was lost is set again by the minute's call.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { AlertFeed } from "./alert-feed.ts";
import { Lanes } from "./lanes.ts";
import { LiveHub } from "./live-hub.ts";
import { LogFeed } from "./log-feed.ts";
import { PlatformSocket } from "./live-socket.ts";
import { keyOf, outcomeOfAnswer, outcomeOfTwin } from "./live-topic.ts";
import type { Outcome, Watch } from "./live-topic.ts";
import { WidgetStore } from "./widget-store.ts";
import type { MinuteResult } from "./widget-store.ts";
import { cellKey, cellOf } from "../core/ids.ts";
import { EVALUATIONS_AT_ONCE, LIVE_SOCKETS_MAX, LIVE_TICK_MS } from "../core/limits.ts";
import type { QuerySpec } from "../core/query/plan.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { planQuery } from "../routing/plan-query.ts";
import { runQuery } from "../routing/run-query.ts";
import type { QueryAnswer } from "../wire/answer-v1.ts";
import type { CellCounters, DeployedModel, ReducerRpc } from "../wire/internal-rpc.ts";
import { PING_FRAME, PONG_FRAME } from "../wire/live-v1.ts";
import type { LiveTarget } from "../wire/live-v1.ts";
import { queryOfWidget } from "../wire/widget-v1.ts";
import type { Widget, WidgetResult } from "../wire/widget-v1.ts";
import { clockMs } from "../routing/clock.ts";

const MINUTE_MS = 60_000;
/** RFC 6455: the purpose of the connection is fulfilled. */
const CLOSE_NORMAL = 1000;

type QueryWatch = Extract<Watch, { kind: "query" }>;

export class Reducer extends DurableObject<Env> implements ReducerRpc {
  readonly #widgets: WidgetStore;
  readonly #hub: LiveHub;
  readonly #sockets = new WeakMap<WebSocket, PlatformSocket>();
  readonly #lanes = new Lanes(EVALUATIONS_AT_ONCE);
  readonly #alerts: AlertFeed;
  readonly #logs: LogFeed;
  #models: Promise<ReadonlyMap<string, DeployedModel>> | undefined;
  /** The minute whose results are being made. */
  #minuteAtMs = 0;
  #requests = 0;
  #alarmsSet = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#widgets = new WidgetStore(ctx.storage.sql);
    this.#alerts = new AlertFeed(env);
    this.#logs = new LogFeed(env);
    this.#hub = new LiveHub({
      find: (target) => this.#find(target),
      evaluate: (watch) => this.#evaluate(watch),
      nowMs: clockMs,
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING_FRAME, PONG_FRAME));
    for (const socket of ctx.getWebSockets()) this.#hub.open(this.#socketOf(socket));
  }

  async listWidgets(): Promise<readonly Widget[]> {
    return this.#widgets.all();
  }

  async putWidget(widget: Widget): Promise<{ readonly created: boolean } | Refusal> {
    const planned = planQuery(queryOfWidget(widget), await this.#deployed());
    if (!planned.ok) return planned.refusal;
    const put = this.#widgets.put(widget, clockMs());
    if (!put.ok) return put.refusal;
    this.#hub.widgetChanged(widget.id);
    return put.value;
  }

  async removeWidget(id: string): Promise<boolean> {
    const isRemoved = this.#widgets.remove(id);
    if (isRemoved) this.#hub.widgetChanged(id);
    return isRemoved;
  }

  async alertsChanged(): Promise<void> {
    this.#hub.alertsChanged();
    await this.#tickSoon();
  }

  async widgetHistory(id: string, limit: number): Promise<readonly WidgetResult[]> {
    return this.#widgets.history(id, limit);
  }

  async minute(scheduledAtMs: number): Promise<void> {
    const minuteAtMs = Math.floor(scheduledAtMs / MINUTE_MS) * MINUTE_MS;
    this.#hub.closeSilent();
    await this.#tickSoon();
    if (this.#minuteAtMs === minuteAtMs || this.#widgets.hasMinute(minuteAtMs)) return;
    this.#minuteAtMs = minuteAtMs;
    try {
      this.#widgets.addMinute(minuteAtMs, await this.#widgetResults());
    } catch (error) {
      // The caller may repeat the minute.
      this.#minuteAtMs = 0;
      throw error;
    }
  }

  async counters(): Promise<CellCounters> {
    return {
      ...this.#hub.counters(),
      widgets: this.#widgets.all().length,
      requestsOut: this.#requests + this.#alerts.requests + this.#logs.requests,
      // An alarm that is set is a row written.
      rowsWritten: this.#widgets.rowsWritten + this.#alarmsSet,
    };
  }

  /** A live connection; the Worker has checked who it is. A refusal is answered as JSON for the Worker to dress. */
  override async fetch(): Promise<Response> {
    const sockets = this.ctx.getWebSockets().length;
    if (sockets >= LIVE_SOCKETS_MAX) {
      const refusal: Refusal = {
        code: "live/too-many",
        detail: `There are ${sockets} live connections; ${LIVE_SOCKETS_MAX} is the limit.`,
      };
      return Response.json(refusal, { status: 503 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#hub.open(this.#socketOf(server));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame);
    await this.#hub.receive(this.#socketOf(socket), text);
    await this.#tickSoon();
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    const closing = this.#socketOf(socket);
    this.#hub.close(closing);
    // The runtime does not answer a hibernating socket's close frame by itself; without this the client waits for it.
    closing.close(CLOSE_NORMAL, "");
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#hub.close(this.#socketOf(socket));
  }

  override async alarm(): Promise<void> {
    const startedAtMs = clockMs();
    try {
      await this.#hub.tick();
    } catch (error) {
      // A bug must not stop the tick for everybody: a failed alarm is retried six times and then given up.
      console.error("Reducer: a tick failed.", error);
    }
    if (this.#hub.isWatched())
      await this.#setAlarm(Math.max(startedAtMs + this.#hub.tickMs(), clockMs()));
  }

  /** Sees to it that a tick comes if somebody watches. */
  async #tickSoon(): Promise<void> {
    if (!this.#hub.isWatched()) return;
    const dueAtMs = clockMs() + LIVE_TICK_MS;
    const setAtMs = await this.ctx.storage.getAlarm();
    if (setAtMs === null || setAtMs > dueAtMs) await this.#setAlarm(dueAtMs);
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarmsSet++;
    await this.ctx.storage.setAlarm(atMs);
  }

  #socketOf(socket: WebSocket): PlatformSocket {
    let known = this.#sockets.get(socket);
    if (known === undefined) {
      known = new PlatformSocket(socket, this.ctx);
      this.#sockets.set(socket, known);
    }
    return known;
  }

  async #find(target: LiveTarget): Promise<Result<Watch>> {
    if (target.kind === "alerts") return ok({ kind: "alerts", filter: target.filter });
    let models: ReadonlyMap<string, DeployedModel>;
    try {
      models = await this.#deployed();
    } catch {
      // The registry is being reset; the client or the next tick asks again.
      return refuse("query/unavailable", "The models can't be looked up at the moment.");
    }
    if (target.kind === "twin" || target.kind === "log") {
      const model = models.get(target.model);
      if (model === undefined)
        return refuse("model/unknown", `There is no model "${target.model}" here.`);
      return target.kind === "twin"
        ? ok({ kind: "twin", model, id: target.id })
        : ok({ kind: "log", model, filter: target.filter });
    }
    const spec = target.kind === "query" ? ok(target.spec) : this.#specOf(target.id);
    if (!spec.ok) return spec;
    const planned = planQuery(spec.value, models);
    return planned.ok ? ok({ kind: "query", ...planned.value }) : planned;
  }

  #specOf(widgetId: string): Result<QuerySpec> {
    const widget = this.#widgets.get(widgetId);
    if (widget !== undefined) return ok(queryOfWidget(widget));
    return refuse("widget/unknown", `There is no widget "${widgetId}".`);
  }

  async #evaluate(watch: Watch): Promise<Result<Outcome>> {
    try {
      return await this.#look(watch);
    } catch (error) {
      // A bug in one evaluation is told to its subscribers; the others' go on.
      console.error("Reducer: an evaluation failed.", error);
      return refuse("server/error", "The evaluation failed; the server's log says why.");
    }
  }

  #look(watch: Watch): Promise<Result<Outcome>> {
    switch (watch.kind) {
      case "query":
        return this.#evaluateQuery(watch);
      case "twin":
        return this.#readTwin(watch);
      case "alerts":
        return this.#alerts.look(watch);
      case "log":
        return this.#logs.look(watch);
    }
  }

  async #evaluateQuery(watch: QueryWatch): Promise<Result<Outcome>> {
    const answer = await this.#run(watch);
    return answer.ok ? ok(outcomeOfAnswer(answer.value)) : answer;
  }

  async #readTwin({ model, id }: Extract<Watch, { kind: "twin" }>): Promise<Result<Outcome>> {
    this.#requests++;
    const cell = this.env.TWIN.getByName(cellKey(model.name, cellOf(id, model.placement)));
    try {
      return ok(outcomeOfTwin(model.name, await cell.read(id)));
    } catch {
      // The cell was reset, overloaded or out of reach; the next tick asks again.
      return refuse("cell/unavailable", `The cell of twin "${id}" can't be reached at the moment.`);
    }
  }

  #run(watch: QueryWatch): Promise<Result<QueryAnswer>> {
    this.#requests += watch.model.shards;
    return runQuery(this.env, watch.model, watch.plan, { consistent: false, nowMs: clockMs() });
  }

  /** Every widget's result; those that can't be had are left out. Equal queries are evaluated once. */
  async #widgetResults(): Promise<ReadonlyMap<string, MinuteResult>> {
    const answers = new Map<string, Promise<Result<QueryAnswer>>>();
    const asked: (readonly [id: string, key: string])[] = [];
    for (const { id } of this.#widgets.all()) {
      const found = await this.#find({ kind: "widget", id });
      if (!found.ok || found.value.kind !== "query") continue;
      const watch = found.value;
      const key = keyOf(watch);
      if (!answers.has(key))
        answers.set(
          key,
          this.#lanes.run(() => this.#run(watch)),
        );
      asked.push([id, key]);
    }
    const results = new Map<string, MinuteResult>();
    for (const [id, key] of asked) {
      const answer = await answers.get(key)!;
      if (!answer.ok) continue;
      const { columns, rows, partial } = answer.value;
      results.set(id, { columns, rows, partial });
    }
    return results;
  }

  #deployed(): Promise<ReadonlyMap<string, DeployedModel>> {
    this.#models ??= this.#askDeployed();
    return this.#models;
  }

  async #askDeployed(): Promise<ReadonlyMap<string, DeployedModel>> {
    try {
      const models = await this.env.REGISTRY.getByName("registry").deployed();
      return new Map(models.map((model) => [model.name, model]));
    } catch (error) {
      // The next call asks again: a failed one must not stay for the life of the object.
      this.#models = undefined;
      throw error;
    }
  }
}
