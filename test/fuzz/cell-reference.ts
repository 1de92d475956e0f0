/**
 * What a cell is to hold, kept in plain maps: it is told of each step when the model is called, judges by the
 * messages' content how the step ends, and notes what the twins then are. It knows no slots, rows or pages.
 */
import { COMMAND_AGE_MS_MAX } from "../../src/core/limits.ts";
import type { CommandsWanted } from "../../src/core/cell/requests.ts";
import { FIRED_MAX, VALUES_MAX, isIdle } from "./ledger-model.ts";
import type { LedgerMessage } from "./ledger-model.ts";

export interface ReferenceState {
  total: number;
  values: number[];
  note: string | null;
  active: boolean;
  at: string | null;
  fired: string[];
  kept: unknown;
  bag: null;
}

export interface ReferenceTimer {
  readonly name: string;
  readonly dueAtMs: number;
  readonly everyMs: number | null;
}

export interface ReferenceTwin {
  state: ReferenceState;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  lastMessageAtMs: number | null;
  lastSeq: number;
  readonly ids: Set<string>;
  timers: ReferenceTimer[];
}

/** One sending of a message. */
export interface Sending {
  readonly n: number;
  readonly id: string;
  readonly messageId: string | undefined;
  readonly seq: number | undefined;
  readonly message: LedgerMessage;
  /** The receiver knows its number: it is not even looked at. */
  readonly isPast: boolean;
  /** Undefined for a message of a delivery. */
  readonly request: Request | undefined;
  applied: boolean;
}

/** What a request wants with the commands that it causes, and what is in its answer. */
export interface Request {
  readonly wants: CommandsWanted;
  readonly commands: unknown[];
  readonly commandIds: string[];
}

export interface ReferenceCommand {
  readonly commandId: string;
  readonly body: string;
  readonly sentAtMs: number;
}

/** An acknowledgement on its way. */
export interface Acknowledgement {
  readonly id: string;
  readonly commandIds: readonly string[];
  /** How many of them were pending. */
  expected: number;
}

/** A step whose promise is not settled. */
export interface OpenStep {
  readonly id: string;
  readonly messages: readonly LedgerMessage[];
}

export class Reference {
  readonly twins = new Map<string, ReferenceTwin>();
  readonly sendings = new Map<number, Sending>();
  readonly outbox = new Map<number, { model: string; id: string; message: unknown }>();
  outboxLast = 0;
  /** Commands that were sent and not acknowledged, by twin; the old ones among them count no more. */
  readonly commands = new Map<string, ReferenceCommand[]>();
  #commandLast = 0;
  #acknowledgements: Acknowledgement[] = [];
  readonly received = new Map<string, number>();
  /** Twins in an asynchronous step. */
  readonly busy = new Set<string>();
  /** Every id and the highest seq that was ever accepted for a twin of this name. */
  readonly everAccepted = new Map<string, { ids: Set<string>; seq: number }>();
  readonly #removals = new Map<string, number>();
  readonly #lastN = new Map<string, number>();
  #ended: OpenStep[] = [];
  #retried: { readonly id: string; left: number } | undefined;
  #turnMs = 0;

  /** A turn begins: asynchronous steps that have ended come first, in their order. */
  beginTurn(nowMs: number): void {
    this.#turnMs = nowMs;
    for (const acknowledgement of this.#acknowledgements) this.#acknowledge(acknowledgement);
    this.#acknowledgements = [];
    this.#endSteps();
  }

  /** A device says what it has; it counts from the next turn on. */
  acknowledges(acknowledgement: Acknowledgement): void {
    this.#acknowledgements.push(acknowledgement);
  }

  /** The commands that a twin's device is to get. */
  pendingOf(id: string, nowMs: number): readonly ReferenceCommand[] {
    const commands = this.commands.get(id) ?? [];
    return commands.filter(({ sentAtMs }) => nowMs < sentAtMs + COMMAND_AGE_MS_MAX);
  }

  #acknowledge(acknowledgement: Acknowledgement): void {
    const { id, commandIds } = acknowledgement;
    const pending = this.pendingOf(id, this.#turnMs);
    const kept = pending.filter(({ commandId }) => !commandIds.includes(commandId));
    acknowledgement.expected = pending.length - kept.length;
    this.commands.set(id, [...kept]);
  }

  /** Notes the commands of a step: in the last answer that wants them, and in the mailbox unless that answer takes them. */
  #command(
    id: string,
    nowMs: number,
    bodies: readonly unknown[],
    requests: readonly Request[],
  ): void {
    const request = requests.findLast(({ wants }) => wants !== false);
    request?.commands.push(...bodies);
    if (request?.wants === "taken") return;
    for (const body of bodies) {
      const commandId = `fuzz-${++this.#commandLast}`;
      request?.commandIds.push(commandId);
      const command = { commandId, body: JSON.stringify(body), sentAtMs: nowMs };
      this.commands.set(id, [...(this.commands.get(id) ?? []), command]);
    }
  }

  /** The model was called. Of a step that failed the messages come one by one, before the next step ends. */
  started(id: string, nowMs: number, messages: readonly LedgerMessage[], isAsync: boolean): void {
    if (isAsync) this.busy.add(id);
    else this.step(id, nowMs, messages);
    if (this.#retried?.id !== id) return;
    this.#retried.left--;
    if (this.#retried.left > 0 && !isAsync) return;
    this.#retried = undefined;
    this.#endSteps();
  }

  #endSteps(): void {
    for (let step = this.#ended.shift(); step !== undefined; step = this.#ended.shift()) {
      const { id, messages } = step;
      this.busy.delete(id);
      this.step(id, this.#turnMs, messages);
      if (messages.length === 1 || !messages.some(({ bad }) => bad !== undefined)) continue;
      this.#retried = { id, left: messages.length };
      return;
    }
  }

  stepEnded(step: OpenStep): void {
    this.#ended.push(step);
  }

  /** What was in memory only is gone. */
  restart(): void {
    this.#ended = [];
    this.#retried = undefined;
    this.#acknowledgements = [];
    this.busy.clear();
  }

  /** A step with these messages; nothing happens when one of them is bad. */
  step(id: string, nowMs: number, messages: readonly LedgerMessage[]): void {
    if (messages.some(({ bad }) => bad !== undefined)) return;
    const known = this.twins.get(id);
    const twin = known ?? newTwin(id, nowMs);
    for (const message of messages) this.#accept(id, twin, message);
    for (const { send } of messages) if (send !== undefined) this.#send(send.to, { add: send.add });
    const requests = messages.map(({ n }) => this.sendings.get(n)!.request);
    this.#command(
      id,
      nowMs,
      messages.flatMap(({ command }) => command ?? []),
      requests.filter((request) => request !== undefined),
    );
    if (messages.some(({ remove }) => remove === true)) {
      this.remove(id);
      return;
    }
    this.twins.set(id, twin);
    const isIdleStep = messages.every(isIdle);
    const bearsIdentity = messages.some(({ n }) => {
      const { messageId, seq } = this.sendings.get(n)!;
      return messageId !== undefined || seq !== undefined;
    });
    for (const message of messages) {
      change(twin.state, message);
      changeTimers(twin, message, nowMs);
    }
    if (!isIdleStep || known === undefined) this.#written(twin, nowMs);
    if (!isIdleStep || known === undefined || bearsIdentity) twin.lastMessageAtMs = nowMs;
  }

  fired(id: string, nowMs: number, timer: string): void {
    const twin = this.twins.get(id);
    const found = twin?.timers.find(({ name }) => name === timer);
    if (twin === undefined || found === undefined) throw new Error(`${id} has no timer ${timer}`);
    if (found.dueAtMs > nowMs)
      throw new Error(`${timer} of ${id} fired at ${nowMs}, due at ${found.dueAtMs}`);
    if (this.busy.has(id)) throw new Error(`${timer} of ${id} fired within a step`);
    twin.timers = twin.timers.filter(({ name }) => name !== timer);
    if (found.everyMs !== null) {
      let dueAtMs = found.dueAtMs;
      while (dueAtMs <= nowMs) dueAtMs += found.everyMs;
      twin.timers.push({ ...found, dueAtMs });
    }
    if (timer === "throws") return;
    if (timer === "sends") {
      this.#send("target", { add: 1 });
      this.#command(id, nowMs, [timer], []);
    }
    if (timer === "quit") {
      this.remove(id);
      return;
    }
    twin.state.fired = [...twin.state.fired, timer].slice(-FIRED_MAX);
    if (timer === "chain")
      startTimer(twin, { name: "after-chain", dueAtMs: nowMs + 3, everyMs: null });
    this.#written(twin, nowMs);
  }

  put(id: string, nowMs: number, fields: Partial<ReferenceState>): void {
    const twin = this.twins.get(id) ?? newTwin(id, nowMs);
    this.twins.set(id, twin);
    Object.assign(twin.state, fields);
    this.#written(twin, nowMs);
  }

  /** Whether a message may be called a repeat: its twin knows it, or one of the same name that was removed did. */
  isRepeat({ id, messageId, seq }: Sending): boolean {
    const twin = this.twins.get(id);
    const ever = this.everAccepted.get(id);
    // A removed twin's ids stay known, and its last seq for a while.
    const wasRemoved = this.removalsOf(id) > 0;
    const ids = wasRemoved ? ever?.ids : twin?.ids;
    const lastSeq = (wasRemoved ? ever?.seq : twin?.lastSeq) ?? -Infinity;
    return (
      (messageId !== undefined && ids?.has(messageId) === true) ||
      (seq !== undefined && seq <= lastSeq)
    );
  }

  removalsOf(id: string): number {
    return this.#removals.get(id) ?? 0;
  }

  remove(id: string): void {
    this.twins.delete(id);
    this.commands.delete(id);
    this.#removals.set(id, this.removalsOf(id) + 1);
  }

  #written(twin: ReferenceTwin, nowMs: number): void {
    twin.version++;
    twin.updatedAtMs = nowMs;
  }

  #accept(id: string, twin: ReferenceTwin, { n }: LedgerMessage): void {
    const sending = this.sendings.get(n);
    if (sending === undefined || sending.id !== id)
      throw new Error(`message ${n} was not sent to ${id}`);
    if (sending.isPast) throw new Error(`message ${n} of a delivery of the past is applied`);
    if (sending.applied) throw new Error(`message ${n} is applied a second time`);
    if (n <= (this.#lastN.get(id) ?? -1))
      throw new Error(`message ${n} of ${id} comes out of order`);
    const { messageId, seq } = sending;
    if (messageId !== undefined && twin.ids.has(messageId))
      throw new Error(`${messageId} of ${id} is applied a second time`);
    if (seq !== undefined && seq <= twin.lastSeq)
      throw new Error(`seq ${seq} of ${id} is applied after ${twin.lastSeq}`);
    sending.applied = true;
    this.#lastN.set(id, n);
    const ever = this.everAccepted.get(id) ?? { ids: new Set<string>(), seq: -Infinity };
    this.everAccepted.set(id, ever);
    if (messageId !== undefined) {
      twin.ids.add(messageId);
      ever.ids.add(messageId);
    }
    if (seq !== undefined) {
      twin.lastSeq = seq;
      ever.seq = Math.max(ever.seq, seq);
    }
  }

  #send(id: string, message: unknown): void {
    this.outbox.set(++this.outboxLast, { model: "Ledger", id, message });
  }
}

function newTwin(id: string, nowMs: number): ReferenceTwin {
  const note = id.startsWith("noted-") ? id : null;
  return {
    state: {
      total: 0,
      values: [],
      note,
      active: false,
      at: null,
      fired: [],
      kept: null,
      bag: null,
    },
    version: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    lastMessageAtMs: null,
    lastSeq: -Infinity,
    ids: new Set(),
    timers: [],
  };
}

function change(state: ReferenceState, { add, note, active, keep, at }: LedgerMessage): void {
  if (add !== undefined) {
    state.total += add;
    state.values.push(add);
    if (state.values.length > VALUES_MAX) state.values.shift();
  }
  if (note !== undefined) state.note = note;
  if (active !== undefined) state.active = active;
  if (keep !== undefined) state.kept = keep;
  if (at !== undefined) state.at = at === null ? null : new Date(at).toISOString();
}

function changeTimers(twin: ReferenceTwin, { start, stop }: LedgerMessage, nowMs: number): void {
  if (start !== undefined) {
    const { name, ms, recurring } = start;
    startTimer(twin, { name, dueAtMs: nowMs + ms, everyMs: recurring ? ms : null });
  }
  if (stop !== undefined) twin.timers = twin.timers.filter(({ name }) => name !== stop);
}

function startTimer(twin: ReferenceTwin, timer: ReferenceTimer): void {
  twin.timers = [...twin.timers.filter(({ name }) => name !== timer.name), timer];
}
