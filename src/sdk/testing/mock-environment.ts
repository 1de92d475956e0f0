/**
 * The engine's second host: a cell per model in memory, and time that moves when told to. What it shows of a
 * model's decisions is what the service does; latency, overload and the platform's failures it does not show.
 */
import { viewOf } from "../../core/cell/view.ts";
import type { Cell } from "../../core/cell/cell.ts";
import type { LogEntry } from "../../core/cell/log.ts";
import { isTwinId } from "../../core/ids.ts";
import { ID_LENGTH_MAX, MESSAGE_CHARS_MAX } from "../../core/limits.ts";
import type { Json, ModelDefinition } from "../../core/model.ts";
import { parseSlices } from "../../core/json/parse-slice.ts";
import type { InMessage, Refused, Settlement } from "../../core/cell/requests.ts";
import { MockCells, jsonCopy } from "./mock-cells.ts";
import { assertSameAnswer, assertSameTwins } from "./same-twins.ts";

export interface MockOptions {
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

export interface MockCommand {
  readonly model: string;
  readonly id: string;
  readonly body: Json;
}

export interface MockLog extends LogEntry {
  readonly model: string;
}

export type MockAlert = MockLog;

/** A twin's fields, as the service would show them: dates as ISO 8601. */
export type TwinState = Readonly<Record<string, unknown>>;

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

/** What a call is answered with, and which twin sent which command. */
interface Outcome {
  readonly result: SendResult;
  readonly sent: readonly MockCommand[];
}

export class MockEnvironment {
  readonly #options: MockOptions;
  readonly #restarts: boolean;
  #cells: MockCells;
  readonly #commands: MockCommand[] = [];
  readonly #logs: MockLog[] = [];
  #nowMs: number;

  constructor(options: MockOptions) {
    this.#options = options;
    this.#restarts = options.restartBetweenCalls ?? false;
    this.#nowMs = options.nowMs ?? Date.UTC(2026, 0, 1);
    this.#cells = new MockCells(options.models);
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
    return this.#answer(this.#call((environment) => environment.#sendBatch(model, batch)));
  }

  /** `send` for models whose `processMessages` is asynchronous. Throws when a restart loses the step. */
  async sendAsync(model: string, id: string, message: unknown): Promise<SendResult> {
    if (this.#restarts) this.restart();
    const cell = this.#cells.cellOf(model);
    const shares = submitBatch(cell, batchFor(id, message));
    for (;;) {
      this.#cells.settle(this.#nowMs);
      const outcome = outcomeOf(model, shares);
      if (outcome !== undefined) return this.#answer(outcome);
      if (this.#cells.cellOf(model) !== cell)
        throw new Error("A restart came while an asynchronous step was under way; it is lost.");
      await this.#cells.stepEnded();
    }
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

  /** Creates a twin or replaces fields of its state. Throws when the service would refuse. */
  put(model: string, id: string, fields: TwinState): void {
    if (!isTwinId(id)) throw new Error(badId(id));
    this.#call((environment) => {
      const copy = jsonCopy(fields) as TwinState;
      const result = environment.#cells.cellOf(model).put(id, copy, environment.#nowMs);
      if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
    });
  }

  /** Moves time forward; timers fire in their order, each at its own time. */
  advance(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`advance: time goes forward, not by ${byMs} ms.`);
    this.#call((environment) => environment.#advance(byMs));
  }

  /** Commands to devices that answered `send`, oldest first. */
  commands(model?: string, id?: string): readonly MockCommand[] {
    return this.#commands.filter(
      (each) => (model ?? each.model) === each.model && (id ?? each.id) === each.id,
    );
  }

  /** Alerts, newest first. */
  alerts(model?: string): readonly MockAlert[] {
    return this.logs(model).filter((entry) => entry.kind === "alert");
  }

  /** The log, newest first: what models wrote, alerts, failures. */
  logs(model?: string): readonly MockLog[] {
    return [...this.#liveLogs(), ...this.#logs]
      .filter((entry) => (model ?? entry.model) === entry.model)
      .toSorted((a, b) => b.atMs - a.atMs);
  }

  /** Reads every twin back from its stored form, as after a crash. */
  restart(): void {
    this.#logs.unshift(...this.#liveLogs());
    this.#cells.restart();
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

  #answer({ result, sent }: Outcome): SendResult {
    this.#commands.push(...sent);
    return result;
  }

  #sendBatch(model: string, batch: readonly MockMessage[]): Outcome {
    const shares = submitBatch(this.#cells.cellOf(model), batch);
    this.#cells.settle(this.#nowMs);
    const outcome = outcomeOf(model, shares);
    if (outcome !== undefined) return outcome;
    throw new Error("An asynchronous step is under way; await sendAsync instead.");
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
function outcomeOf(model: string, shares: readonly Share[]): Outcome | undefined {
  let accepted = 0;
  let duplicates = 0;
  const rejected: SendResult["rejected"][number][] = [];
  const sent: MockCommand[] = [];
  for (const { id, indexes, settlement } of shares) {
    if (settlement === undefined) return undefined;
    accepted += settlement.accepted;
    duplicates += settlement.repeated.length;
    for (const [index, { code, detail }] of settlement.rejected) {
      rejected.push({ index: indexes[index]!, code, detail });
    }
    for (const body of settlement.commands ?? []) sent.push({ model, id, body });
  }
  rejected.sort((a, b) => a.index - b.index);
  const commands = sent.map(({ body }) => body);
  return { result: { accepted, duplicates, rejected, commands }, sent };
}

function stateOf(cell: Cell, id: string): TwinState | undefined {
  const view = viewOf(cell, id);
  return view === null ? undefined : (JSON.parse(view.state) as TwinState);
}

function badId(id: string): string {
  const allowed = `1 to ${ID_LENGTH_MAX} characters of printable ASCII except / ? # %`;
  return `${JSON.stringify(id)} is no twin id: ${allowed}.`;
}
