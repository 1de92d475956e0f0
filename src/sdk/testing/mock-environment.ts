/**
 * The engine's second host: a cell per model in memory, and time that moves when told to. What it shows of a
 * model's decisions is what the service does; latency, overload and the platform's failures it does not show.
 */
import { viewOf } from "../../core/cell/view.ts";
import type { Cell } from "../../core/cell/cell.ts";
import { readHistory } from "../../core/cell/history-view.ts";
import type { HistoryQuery } from "../../core/cell/history.ts";
import type { LogEntry } from "../../core/cell/log.ts";
import type { HistoryEntry } from "../../core/history/entry.ts";
import type { ChildReport } from "../../core/hierarchy/declaration.ts";
import { isTwinId } from "../../core/ids.ts";
import { ID_LENGTH_MAX, MESSAGE_CHARS_MAX, TWIN_HISTORY_LIMIT_DEFAULT } from "../../core/limits.ts";
import type { Json, ModelDefinition } from "../../core/model.ts";
import { parseSlices } from "../../core/json/parse-slice.ts";
import type { InMessage, Refused, Settlement } from "../../core/cell/requests.ts";
import type { AlertView } from "../../core/alerts/view.ts";
import { MockAlerts } from "./mock-alerts.ts";
import type { MockAlertFilter, MockHandled } from "./mock-alerts.ts";
import { GLOBAL_SCOPE } from "../../core/shared-data/change.ts";
import type { Lane } from "../../core/cell/outbox.ts";
import { MockArchive } from "./mock-archive.ts";
import type { ArchivedLine } from "./mock-archive.ts";
import { MockCells, jsonCopy } from "./mock-cells.ts";
import type { MockService } from "./mock-services.ts";
import { mockSimulation } from "./mock-simulation.ts";
import type { MockSimulation, MockSimulationOptions } from "./mock-simulation.ts";
import { MockSharedData } from "./mock-shared-data.ts";
import type { MockSharedOptions, MockTable } from "./mock-shared-data.ts";
import type { SentMockCommand } from "./mock-cells.ts";
import { queryCell, specOf } from "./mock-query.ts";
import type { MockQuery } from "./mock-query.ts";
import type { QueryResult } from "../../core/query/plan.ts";
import { assertSameAnswer, assertSameTwins } from "./same-twins.ts";

export interface MockOptions extends MockSharedOptions {
  readonly models: readonly ModelDefinition[];
  /** Epoch milliseconds at the start. Default 2026-01-01T00:00:00Z. */
  readonly nowMs?: number;
  /**
   * Reads all twins back from their stored form before each call, as after a restart, and carries each synchronous
   * call out a second time on a copy: a model that keeps state outside its fields (in a private member, a closure,
   * a module variable) or asks the clock or chance anywhere but in its context then fails its tests. Default false.
   */
  readonly restartBetweenCalls?: boolean;
}

/** What the service would answer to the same messages. */
export interface SendResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly {
    readonly index: number;
    readonly code: string;
    readonly detail: string;
  }[];
  /** Commands that the twin sent its device while it processed these messages. */
  readonly commands: readonly Json[];
}

export type MockCommand = SentMockCommand;

/** A command that its device has not acknowledged, as `GET …/commands` lists it. */
export interface MockPendingCommand {
  readonly commandId: string;
  readonly body: Json;
  /** ISO 8601. */
  readonly sentAt: string;
}

export interface MockLog extends LogEntry {
  readonly model: string;
}

export type MockAlert = MockLog;

/** A twin's fields, as the service would show them: dates as ISO 8601. */
export type TwinState = Readonly<Record<string, unknown>>;

/** Shared data of one scope, from outside. */
export interface MockShared {
  get(key: string): Json | undefined;
  /** Throws where the service would refuse it. */
  set(key: string, value: Json): void;
  entries(): ReadonlyMap<string, Json>;
}

/** A message as a batch has it. */
export interface MockMessage {
  readonly id: string;
  readonly message: unknown;
  readonly messageId?: string;
  readonly seq?: number;
}

/** The messages of a call for one twin: a request of their own, so that its commands are known for its. */
interface Share {
  readonly id: string;
  readonly indexes: number[];
  readonly elements: (InMessage | Refused)[];
  settlement: Settlement | undefined;
}

export class MockEnvironment {
  readonly #options: MockOptions;
  readonly #restarts: boolean;
  #cells: MockCells;
  readonly #logs: MockLog[] = [];
  #nowMs: number;

  constructor(options: MockOptions) {
    this.#options = options;
    this.#restarts = options.restartBetweenCalls ?? false;
    this.#nowMs = options.nowMs ?? Date.UTC(2026, 0, 1);
    this.#cells = new MockCells(
      options.models,
      new Map<Lane, MockService>([
        ["alerts", new MockAlerts()],
        ["archive", new MockArchive()],
        ["shared", MockSharedData.of(options, this.#nowMs)],
      ]),
    );
  }

  /** The current time in epoch milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Sends one message, or a list as one batch, and carries out all that follows from it. */
  send(model: string, id: string, message: unknown): SendResult {
    return this.sendBatch(model, batchFor(id, message));
  }

  /** Sends messages to many twins, as `POST /v1/models/{model}/messages` does. */
  sendBatch(model: string, batch: readonly MockMessage[]): SendResult {
    return this.#call((environment) => environment.#sendBatch(model, batch));
  }

  /** `send` for models whose `processMessages` is asynchronous. Throws when a restart loses the step. */
  async sendAsync(model: string, id: string, message: unknown): Promise<SendResult> {
    if (this.#restarts) this.restart();
    const cell = this.#cells.cellOf(model);
    const shares = submitBatch(cell, batchFor(id, message));
    for (;;) {
      this.#cells.settle(this.#nowMs);
      const result = resultOf(shares);
      if (result !== undefined) return result;
      if (this.#cells.cellOf(model) !== cell)
        throw new Error("A restart came while an asynchronous step was under way; it is lost.");
      await this.#cells.stepEnded();
    }
  }

  /** Resolves when no step waits for a look-up any more. One that hangs ends when time has moved past its limit. */
  async settled(): Promise<void> {
    for (;;) {
      this.#cells.settle(this.#nowMs);
      if ([...this.#cells.all()].every(([, cell]) => cell.stepsUnderWay === 0)) return;
      await this.#cells.stepEnded();
    }
  }

  /** Makes or replaces a look-up table, as `PUT /v1/tables/{name}` does. Throws where the service would refuse it. */
  setTable(name: string, table: MockTable): void {
    this.#shared().setTable(name, table);
  }

  /** What the twins of a model share; without a model, what all share. */
  shared(model = GLOBAL_SCOPE): MockShared {
    if (this.#restarts) this.restart();
    const shared = this.#shared();
    return {
      get: (key) => shared.get(model, key),
      set: (key, value) => shared.set(model, key, value),
      entries: () => shared.entries(model),
    };
  }

  /** A twin's state, or undefined when there is none. */
  twin(model: string, id: string): TwinState | undefined {
    if (this.#restarts) this.restart();
    return stateOf(this.#cells.cellOf(model), id);
  }

  /** All twins of a model by id. */
  twins(model: string): ReadonlyMap<string, TwinState> {
    if (this.#restarts) this.restart();
    const cell = this.#cells.cellOf(model);
    const twins = new Map<string, TwinState>();
    for (const id of cell.table.ids) {
      const state = id === undefined ? undefined : stateOf(cell, id);
      if (id !== undefined && state !== undefined) twins.set(id, state);
    }
    return twins;
  }

  /** A twin's children by model and id, with what they reported last. */
  children(model: string, id: string): readonly ChildReport[] {
    if (this.#restarts) this.restart();
    return this.#cells.cellOf(model).children.of(id);
  }

  /** Creates a twin or replaces fields of its state. Throws when the service would refuse. */
  put(model: string, id: string, fields: TwinState): void {
    if (!isTwinId(id)) throw new Error(badId(id));
    this.#call((environment) => {
      const copy = jsonCopy(fields) as TwinState;
      const result = environment.#cells.cellOf(model).put(id, copy, environment.#nowMs);
      if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
      environment.#cells.settle(environment.#nowMs);
    });
  }

  /** Removes a twin. Throws when there is none. */
  remove(model: string, id: string): void {
    this.#call((environment) => {
      const result = environment.#cells.cellOf(model).remove(id, environment.#nowMs);
      if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
      environment.#cells.settle(environment.#nowMs);
    });
  }

  /**
   * What `POST /v1/query` answers: all twins as they are now. Throws where the service refuses (an unknown field, bad
   * SQL), with the refusal's code and text.
   */
  query(query: MockQuery): QueryResult {
    const spec = specOf(query);
    return queryCell(this.#cells.cellOf(spec.model), spec, this.#nowMs);
  }

  /** Moves time forward; timers fire in their order, each at its own time. */
  advance(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`advance: time goes forward, not by ${byMs} ms.`);
    this.#call((environment) => environment.#advance(byMs));
  }

  /**
   * Makes a simulation of these models beside the environment's own twins, which it touches only where `feeds` names
   * their model. Throws where an instance is not fit for its model.
   */
  simulate(options: MockSimulationOptions): MockSimulation {
    const host = {
      restarts: this.#restarts,
      feed: (model: string, batch: readonly MockMessage[]) => void this.sendBatch(model, batch),
    };
    const { models } = this.#options;
    return mockSimulation(host, { models, start: this.#nowMs, ...options });
  }

  /** All commands that twins sent their devices, acknowledged or not, oldest first. */
  commands(model?: string, id?: string): readonly MockCommand[] {
    return this.#cells.commands.filter(
      (each) => (model ?? each.model) === each.model && (id ?? each.id) === each.id,
    );
  }

  /** The commands that wait for a device's acknowledgement, oldest first: those that `send` answered with too. */
  pendingCommands(model: string, id: string): readonly MockPendingCommand[] {
    if (this.#restarts) this.restart();
    const { mailbox } = this.#cells.cellOf(model);
    return mailbox.pendingOf(id, this.#nowMs).map(({ commandId, body, sentAtMs }) => ({
      commandId,
      body: JSON.parse(body) as Json,
      sentAt: new Date(sentAtMs).toISOString(),
    }));
  }

  /** Acknowledges commands as the device does; answers how many of them were pending. */
  ackCommands(model: string, id: string, commandIds: readonly string[]): number {
    return this.#call((environment) => {
      let acknowledged = 0;
      const settle = (count: number): void => void (acknowledged = count);
      environment.#cells.cellOf(model).submitAcknowledgement({ id, commandIds, settle });
      environment.#cells.settle(environment.#nowMs);
      return acknowledged;
    });
  }

  /** Alerts as they were raised, newest first, from the log. What has become of them is in `alertList`. */
  alerts(model?: string): readonly MockAlert[] {
    return this.logs(model).filter((entry) => entry.kind === "alert");
  }

  /** What `GET /v1/alerts` lists: the alerts that a filter lets through, newest first; open ones unless it says more. */
  alertList(filter: MockAlertFilter = {}): readonly AlertView[] {
    return this.#alertService().list(filter);
  }

  /** Acknowledges an alert by its `alertId`. Throws when it is unknown or resolved. */
  acknowledgeAlert(alertId: string, handled: MockHandled = {}): AlertView {
    return this.#alertService().acknowledge(alertId, handled, this.#nowMs);
  }

  /** Resolves an alert as an operator does. Throws when it is unknown or resolved. */
  resolveAlert(alertId: string, handled: MockHandled = {}): AlertView {
    return this.#alertService().resolve(alertId, handled, this.#nowMs);
  }

  /**
   * What `GET …/history` answers: a twin's changes and what they came from, newest first. Throws where the service
   * refuses: the model has no option `history`, or there is no such twin.
   */
  history(model: string, id: string, query: Partial<HistoryQuery> = {}): readonly HistoryEntry[] {
    if (this.#restarts) this.restart();
    const full = { limit: TWIN_HISTORY_LIMIT_DEFAULT, ...query };
    const view = readHistory(this.#cells.cellOf(model), id, full, this.#nowMs);
    if (!view.ok) throw new Error(`${view.refusal.code}: ${view.refusal.detail}`);
    return view.value.entries;
  }

  /** The lines that models' code and filters have sent to the archive, oldest first. */
  archived(model?: string): readonly ArchivedLine[] {
    const { lines } = this.#cells.services.get("archive") as MockArchive;
    return lines.filter((line) => (model ?? line.model) === line.model);
  }

  /** The log, newest first: what models wrote, alerts, failures. */
  logs(model?: string): readonly MockLog[] {
    return [...this.#liveLogs(), ...this.#logs]
      .filter((entry) => (model ?? entry.model) === entry.model)
      .toSorted((a, b) => b.atMs - a.atMs);
  }

  /** Reads every twin back from its stored form, as after a crash. */
  restart(): void {
    const logs = this.#liveLogs();
    this.#cells.restart();
    // What no commit came after is lost in the service; a test still wants to see it.
    const restored = new Set(this.#liveLogs().map(({ model, n }) => `${model}/${n}`));
    this.#logs.unshift(...logs.filter(({ model, n }) => !restored.has(`${model}/${n}`)));
  }

  /** Carries a call out; when told to restart between calls, once more on a copy from before, to compare. */
  #call<T>(call: (environment: MockEnvironment) => T): T {
    if (!this.#restarts) return call(this);
    this.restart();
    const options = { ...this.#options, nowMs: this.#nowMs, restartBetweenCalls: false };
    const copy = new MockEnvironment(options);
    copy.#cells = this.#cells.copy();
    const result = call(this);
    const again = call(copy);
    assertSameTwins(this.#cells, copy.#cells);
    assertSameAnswer(result, again);
    return result;
  }

  #sendBatch(model: string, batch: readonly MockMessage[]): SendResult {
    const shares = submitBatch(this.#cells.cellOf(model), batch);
    this.#cells.settle(this.#nowMs);
    const result = resultOf(shares);
    if (result !== undefined) return result;
    throw new Error("An asynchronous step is under way; await sendAsync instead.");
  }

  #shared(): MockSharedData {
    return this.#cells.services.get("shared") as MockSharedData;
  }

  #advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const nextMs = this.#cells.nextDueAtMs();
      if (nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      this.#cells.settle(this.#nowMs);
    }
    this.#nowMs = untilMs;
  }

  #alertService(): MockAlerts {
    return this.#cells.services.get("alerts") as MockAlerts;
  }

  #liveLogs(): readonly MockLog[] {
    return [...this.#cells.all()].flatMap(([model, cell]) =>
      cell.log.newest(Number.MAX_SAFE_INTEGER).map((entry) => ({ ...entry, model })),
    );
  }
}

function batchFor(id: string, message: unknown): MockMessage[] {
  const messages = Array.isArray(message) ? (message as unknown[]) : [message];
  return messages.map((each) => ({ id, message: each }));
}

/** Submits a batch as the cell would get it, a request for each twin of it. */
function submitBatch(cell: Cell, batch: readonly MockMessage[]): readonly Share[] {
  const shares = new Map<string, Share>();
  for (const [index, message] of batch.entries()) {
    const { id } = message;
    let share = shares.get(id);
    if (share === undefined) {
      share = { id, indexes: [], elements: [], settlement: undefined };
      shares.set(id, share);
    }
    share.indexes.push(index);
    share.elements.push(arrived(message));
  }
  for (const share of shares.values()) {
    const settle = (settlement: Settlement): void => void (share.settlement = settlement);
    cell.submit({ elements: share.elements, wantCommands: true, settle });
  }
  return [...shares.values()];
}

/** A message as it comes out at the other end of the wire. */
function arrived(message: MockMessage): InMessage | Refused {
  if (!isTwinId(message.id)) return { refusal: { code: "twin/bad-id", detail: badId(message.id) } };
  const text = JSON.stringify(message);
  if (text.length > MESSAGE_CHARS_MAX) {
    const detail = `The message has ${text.length} characters; the limit is ${MESSAGE_CHARS_MAX}.`;
    return { refusal: { code: "message/too-large", detail } };
  }
  return parseSlices([{ text, count: 1 }])[0]![0]!;
}

/** The answer to a batch, or undefined while a part of it is under way. */
function resultOf(shares: readonly Share[]): SendResult | undefined {
  let accepted = 0;
  let duplicates = 0;
  const rejected: SendResult["rejected"][number][] = [];
  const commands: Json[] = [];
  for (const { indexes, settlement } of shares) {
    if (settlement === undefined) return undefined;
    accepted += settlement.accepted;
    duplicates += settlement.repeated.length;
    for (const [index, { code, detail }] of settlement.rejected) {
      rejected.push({ index: indexes[index]!, code, detail });
    }
    commands.push(...(settlement.commands ?? []));
  }
  rejected.sort((a, b) => a.index - b.index);
  return { accepted, duplicates, rejected, commands };
}

function stateOf(cell: Cell, id: string): TwinState | undefined {
  const view = viewOf(cell, id);
  return view === null ? undefined : (JSON.parse(view.state) as TwinState);
}

function badId(id: string): string {
  const allowed = `1 to ${ID_LENGTH_MAX} characters of printable ASCII except / ? # %`;
  return `${JSON.stringify(id)} is no twin id: ${allowed}.`;
}
