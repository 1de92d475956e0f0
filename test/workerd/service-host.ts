/** The service in workerd as a host of the model contract: over HTTP, with a clock that is moved by hand. */
import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import type { HistoryEntry } from "livetwin";
import type { ChildReport } from "livetwin";
import type { Json } from "livetwin";
import type {
  HostAnswer,
  HostCommand,
  HostArchived,
  HostLog,
  HostMessage,
  HostState,
  ModelHost,
} from "../contract/model/host.ts";
import type { AlertView } from "livetwin/testing";
import { clockMs, moveClock } from "../support/clock.ts";
import type { CellRpc } from "../../src/wire/internal-rpc.ts";
import { archivedLines } from "./archived-lines.ts";
import { bindings, call } from "./deployment-under-test.ts";

/** Objects whose alarms are the time of twins. */
const NAMESPACES = ["TWIN", "ALERTS", "ARCHIVER", "SHARED"] as const;

let made = 0;

export class ServiceHost implements ModelHost {
  fresh(name: string): string {
    return `${name}-${++made}`;
  }

  nowMs(): number {
    return clockMs();
  }

  async send(model: string, id: string, message: unknown): Promise<HostAnswer> {
    const response = await call("POST", `/v1/models/${model}/twins/${id}/messages`, message);
    const answer = (await response.json()) as HostAnswer;
    await settled();
    return answer;
  }

  sendAsync(model: string, id: string, message: unknown): Promise<HostAnswer> {
    return this.send(model, id, message);
  }

  async shared(scope: string, key: string): Promise<unknown> {
    const response = await call("GET", `/v1/shared/${scope}/${key}`);
    const body = (await response.json()) as { value?: unknown };
    return body.value ?? null;
  }

  async setShared(scope: string, key: string, value: Json): Promise<void> {
    await (await call("PUT", `/v1/shared/${scope}/${key}`, { value })).text();
  }

  async setTable(name: string, table: Parameters<ModelHost["setTable"]>[1]): Promise<void> {
    const { key, index = [], rows } = table;
    const path = `/v1/tables/${name}?key=${key}&index=${index.join(",")}`;
    await (await call("PUT", path, rows)).text();
  }

  async sendBatch(model: string, messages: readonly HostMessage[]): Promise<HostAnswer> {
    const response = await call("POST", `/v1/models/${model}/messages`, messages);
    const answer = (await response.json()) as HostAnswer;
    await settled();
    return answer;
  }

  async state(model: string, id: string): Promise<HostState | undefined> {
    const response = await call("GET", `/v1/models/${model}/twins/${id}`);
    const body = (await response.json()) as { state?: HostState };
    return body.state;
  }

  async children(model: string, id: string): Promise<readonly ChildReport[]> {
    const response = await call("GET", `/v1/models/${model}/twins/${id}/children`);
    return ((await response.json()) as { children: readonly ChildReport[] }).children;
  }

  async put(model: string, id: string, state: HostState): Promise<void> {
    await (await call("PUT", `/v1/models/${model}/twins/${id}`, { state })).text();
    await settled();
  }

  async remove(model: string, id: string): Promise<void> {
    await (await call("DELETE", `/v1/models/${model}/twins/${id}`)).text();
    await settled();
  }

  async pendingCommands(model: string, id: string): Promise<readonly HostCommand[]> {
    const response = await call("GET", `/v1/models/${model}/twins/${id}/commands`);
    return ((await response.json()) as { commands: readonly HostCommand[] }).commands;
  }

  async ackCommands(model: string, id: string, commandIds: readonly string[]): Promise<number> {
    const path = `/v1/models/${model}/twins/${id}/commands/ack`;
    const response = await call("POST", path, { commandIds });
    return ((await response.json()) as { acknowledged: number }).acknowledged;
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = clockMs() + byMs;
    for (;;) {
      const next = await nextAlarm();
      if (next === undefined || next.atMs > untilMs) break;
      moveClock(Math.max(0, next.atMs - clockMs()));
      await runDurableObjectAlarm(next.stub);
      await settled();
    }
    moveClock(Math.max(0, untilMs - clockMs()));
  }

  async restart(): Promise<void> {
    await settled();
    for (const stub of await objects()) await evict(stub);
  }

  async history(
    ...[model, id, query = {}]: Parameters<ModelHost["history"]>
  ): Promise<readonly HistoryEntry[] | string> {
    const words = Object.entries(query).map(([name, value]) => [name, String(value)]);
    const path = `/v1/models/${model}/twins/${id}/history?${new URLSearchParams(words).toString()}`;
    const body = (await (await call("GET", path)).json()) as {
      entries?: HistoryEntry[];
      code?: string;
    };
    return body.entries ?? body.code!;
  }

  async archived(model: string, id: string): Promise<readonly HostArchived[]> {
    return (await archivedLines(model)).filter((line) => line.id === id);
  }

  async alerts(
    model: string,
    id: string,
    states: readonly AlertView["state"][],
  ): Promise<readonly AlertView[]> {
    const response = await call("GET", `/v1/alerts?model=${model}&id=${id}&state=${states.join()}`);
    return ((await response.json()) as { alerts: readonly AlertView[] }).alerts;
  }

  async handleAlert(
    act: "acknowledge" | "resolve",
    alertId: string,
    note: string,
  ): Promise<AlertView> {
    return (await call("POST", `/v1/alerts/${alertId}/${act}`, { note })).json<AlertView>();
  }

  async logs(model: string, id: string): Promise<readonly HostLog[]> {
    const response = await call("GET", `/v1/models/${model}/log?limit=1000`);
    const { entries } = (await response.json()) as {
      entries: readonly (Omit<HostLog, "atMs"> & { at: string })[];
    };
    return entries
      .filter((entry) => entry.id === id)
      .map(({ at, ...entry }) => ({ ...entry, atMs: Date.parse(at) }));
  }

  async query(sql: string): Promise<readonly (readonly unknown[])[]> {
    const response = await call("POST", "/v1/query?consistent=true", { sql });
    return ((await response.json()) as { rows: readonly (readonly unknown[])[] }).rows;
  }
}

/** Evicts an object, unless it is not running anyway: services are asked by nobody for a while. */
async function evict(stub: DurableObjectStub): Promise<void> {
  try {
    await evictDurableObject(stub);
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
}

async function objects(): Promise<DurableObjectStub[]> {
  const stubs: DurableObjectStub[] = [];
  for (const binding of NAMESPACES) {
    const namespace = bindings[binding] as unknown as DurableObjectNamespace;
    for (const id of await listDurableObjectIds(namespace)) stubs.push(namespace.get(id));
  }
  return stubs;
}

async function nextAlarm(): Promise<{ stub: DurableObjectStub; atMs: number } | undefined> {
  let next: { stub: DurableObjectStub; atMs: number } | undefined;
  for (const stub of await objects()) {
    const atMs = await runInDurableObject(stub, (_, state) => state.storage.getAlarm());
    if (atMs !== null && (next === undefined || atMs < next.atMs)) next = { stub, atMs };
  }
  return next;
}

/** Resolves when no cell has anything to run now or to deliver. */
async function settled(): Promise<void> {
  const namespace = bindings.TWIN as unknown as DurableObjectNamespace;
  for (let isQuiet = false; !isQuiet;) {
    isQuiet = true;
    for (const id of await listDurableObjectIds(namespace)) {
      const cell = namespace.get(id) as unknown as CellRpc;
      const { outbox = 0, queueChars = 0, due = 0, stepsUnderWay = 0 } = await cell.counters();
      if (outbox + queueChars + due + stepsUnderWay > 0) isQuiet = false;
    }
    if (!isQuiet) await new Promise((resume) => setTimeout(resume, 1));
  }
}
