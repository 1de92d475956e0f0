/**
 * A cell: many twins of one model, their messages, timers and stored form. Pure: storage, time and the clock
 * for budgets are given. The Durable Object and the mock environment are its two hosts.
 *
 * I1. Memory equals what a recovery from the store would give, whenever no turn is in progress.
 * I2. A request is settled after the commit that holds all its effects, never before.
 * I3. A message is applied at most once for a message id that is remembered, and for a `seq` for ever.
 * I4. A refused message leaves no trace in its twin: state, timers, marks and outbox are as before.
 * I5. A failed write leaves memory ahead of the store: the host must drop this cell and load it again.
 */
import { writeCheckpoint } from "./checkpoint.ts";
import { CellLog } from "./log.ts";
import { recoverCell } from "./recovery.ts";
import type { CellStore } from "./store.ts";
import { COMMIT_MODEL_MS_MAX, JOURNAL_CHARS_MIN, JOURNAL_STATE_RATIO } from "../limits.ts";
import { MessageMarks } from "./message-marks.ts";
import { failureOf, logFailure } from "./model-failure.ts";
import type { ModelDefinition, Twin } from "../model.ts";
import { Outbox } from "./outbox.ts";
import { CommitRows } from "./records.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { Pending } from "./requests.ts";
import type { DeliveryRequest, InMessage, MessageRequest, Refused, Work } from "./requests.ts";
import { WorkRunner } from "./work-runner.ts";
import { stateOver } from "../state-fields.ts";
import { applyStep, restoreTwin } from "./step-commit.ts";
import type { StepWorld } from "../step.ts";
import { TimerQueue } from "./timer-queue.ts";
import { TwinTable } from "./twin-table.ts";

export interface CellOptions {
  readonly model: ModelDefinition;
  readonly world: StepWorld;
  readonly store: CellStore;
  /** A clock for budgets only; it need not be the time of day. */
  readonly monotonicMs: () => number;
  /** Called when an asynchronous step has ended and `turn` has something to do. */
  readonly wake: () => void;
}

/** What a cell has counted since it was loaded. */
export interface CellCounts {
  accepted: number;
  duplicates: number;
  rejected: number;
  steps: number;
  failures: number;
  commits: number;
  checkpoints: number;
  timersFired: number;
  delivered: number;
}

export class Cell {
  readonly model: ModelDefinition;
  readonly world: StepWorld;
  readonly store: CellStore;
  readonly monotonicMs: () => number;
  readonly table = new TwinTable();
  readonly timers = new TimerQueue();
  readonly outbox = new Outbox();
  readonly log = new CellLog();
  marks = new MessageMarks();
  /** Per sending cell, the number of the last message that was taken. */
  readonly received = new Map<string, number>();
  readonly counts: CellCounts = {
    accepted: 0,
    duplicates: 0,
    rejected: 0,
    steps: 0,
    failures: 0,
    commits: 0,
    checkpoints: 0,
    timersFired: 0,
    delivered: 0,
  };
  /** The newest commit's last row; 0 before the first. */
  version = 0;
  /** The commit that the pages showed when this cell was loaded: changes after it are known slot by slot. */
  baseVersion = 0;
  journalChars = 0;
  /** The commit that is being built. */
  rows = new CommitRows(1, 0);
  /** The time of the commit that is being built. */
  nowMs = 0;

  readonly #runner: WorkRunner;
  #works = new Map<string, Work>();
  #receivedChanged: Record<string, number> | undefined;
  #settling: Pending[] = [];

  constructor(options: CellOptions) {
    this.model = options.model;
    this.world = options.world;
    this.store = options.store;
    this.monotonicMs = options.monotonicMs;
    this.#runner = new WorkRunner(this, options.wake, (pending) => this.#complete(pending));
    recoverCell(this);
  }

  /** Takes messages in; they run in the next turns. */
  submit(request: MessageRequest): void {
    const { elements, wantCommands } = request;
    const pending = new Pending(elements.length, wantCommands, (settlement) =>
      request.settle(settlement),
    );
    this.#plan(elements, pending);
  }

  /** Takes messages of another cell's outbox in; those that are here already are skipped. */
  submitDelivery(request: DeliveryRequest): void {
    const { sender, entries } = request;
    const last = this.received.get(sender) ?? 0;
    const upTo = Math.max(last, entries.at(-1)?.[0] ?? 0);
    const fresh = entries.filter(([n]) => n > last);
    // The marks matter when a delivery is interrupted between two commits; afterwards the number is enough.
    const elements = fresh.map(([n, id, message]) => ({
      id,
      message,
      messageId: `${sender}/${n}`,
    }));
    const completed = (): void => {
      if (upTo <= (this.received.get(sender) ?? 0)) return;
      this.received.set(sender, upTo);
      (this.#receivedChanged ??= {})[sender] = upTo;
    };
    this.counts.delivered += elements.length;
    const settled = ({
      rejected,
    }: {
      rejected: readonly (readonly [number, { code: string; detail: string }])[];
    }): void => {
      for (const [index, { code, detail }] of rejected) {
        const text = `A message from ${sender} was not taken: ${code}: ${detail}`;
        this.log.add(this.nowMs, "error", "failure", elements[index]!.id, text);
      }
      request.settle(upTo);
    };
    this.#plan(elements, new Pending(elements.length, false, settled, completed));
  }

  /** Whether `turn` would do something at `nowMs`. */
  hasWork(nowMs: number): boolean {
    return (
      this.#works.size > 0 ||
      this.#settling.length > 0 ||
      this.#runner.hasEnded ||
      this.timers.firstDue(nowMs) !== undefined
    );
  }

  /**
   * One commit: runs what is due within the budget of model time, writes one journal row (more when it is
   * large), and settles every request that is complete. Throws when the store does; see I5.
   */
  turn(nowMs: number): void {
    this.#begin(nowMs);
    const startMs = this.monotonicMs();
    this.#runner.endAsynchronous((work) => this.#enqueue(work));
    let lastMs = this.#runner.fireTimers(startMs);
    const works = this.#works;
    let done = 0;
    for (const work of works.values()) {
      lastMs = this.#runner.run(work, lastMs);
      done++;
      if (lastMs - startMs > COMMIT_MODEL_MS_MAX) break;
    }
    this.#works = new Map(done === works.size ? [] : [...works].slice(done));
    this.#commit();
  }

  /**
   * Creates a twin or replaces fields of its state; a commit of its own. Refuses with `twin/invalid-field`,
   * `twin/unstorable`, `twin/state-too-large`, `cell/full`, `model/failed` (the model's initial data), and
   * `cell/unavailable` in an asynchronous step.
   */
  put(
    id: string,
    fields: Readonly<Record<string, unknown>>,
    nowMs: number,
  ): Result<{ created: boolean }> {
    this.#begin(nowMs);
    const result = this.#put(id, fields);
    this.#commit();
    return result;
  }

  /** `put` for many, in one commit: an outcome for each. */
  putMany(
    elements: readonly { id: string; state: Readonly<Record<string, unknown>> }[],
    nowMs: number,
  ): Result<{ created: boolean }>[] {
    this.#begin(nowMs);
    const results = elements.map(({ id, state }) => this.#put(id, state));
    this.#commit();
    return results;
  }

  /** Removes a twin; a commit of its own. Refuses with `twin/unknown`, and `cell/unavailable` in an asynchronous step. */
  remove(id: string, nowMs: number): Result<true> {
    const slot = this.slotOf(id);
    if (slot === undefined)
      return refuse("twin/unknown", `There is no twin "${id}" of model ${this.model.name}.`);
    if (this.isBusy(slot)) return this.#refuseBusy(id);
    this.#begin(nowMs);
    this.removeSlot(slot);
    this.#commit();
    return { ok: true, value: true };
  }

  /** The slot of a twin that exists: one whose first step is still under way does not yet. */
  slotOf(id: string): number | undefined {
    const slot = this.table.slotOf(id);
    return slot === undefined || this.#runner.isUnborn(slot) ? undefined : slot;
  }

  /** Whether a twin is in an asynchronous step; its object is then in no defined state, its text is. */
  isBusy(slot: number): boolean {
    return this.#runner.isBusy(slot);
  }

  isUnborn(slot: number): boolean {
    return this.#runner.isUnborn(slot);
  }

  /** The number of the commit that is being built: `seq` of its first row. */
  get nextVersion(): number {
    return this.version + 1;
  }

  /** A twin that nobody has sent anything yet. Refuses with `model/failed` when the model can't make one. */
  newTwin(id: string): Result<Twin> {
    try {
      const twin = this.model.blank();
      const initial = this.model.initial(id);
      return ok(initial === undefined ? twin : Object.assign(twin, initial));
    } catch (error) {
      logFailure(this, id, error);
      return { ok: false, refusal: failureOf(this, id, error) };
    }
  }

  /** A slot with a new twin in it. Refuses with `cell/full` and `model/failed`. */
  claim(id: string): Result<number> {
    const twin = this.newTwin(id);
    if (!twin.ok) return twin;
    const slot = this.table.claim(id, twin.value);
    return slot === undefined
      ? refuse("cell/full", `There is no room for twin "${id}": its cell is full.`)
      : ok(slot);
  }

  /** Puts a twin back to its last committed state, or takes it away when it has none. */
  abandon(slot: number, isNew: boolean): void {
    if (isNew) {
      this.table.remove(slot);
      this.table.recycle(slot);
    } else restoreTwin(this, slot);
  }

  /** Takes a twin out of memory, and puts its removal into the commit. */
  removeSlot(slot: number): void {
    this.table.remove(slot);
    this.table.touch(slot);
    this.table.changedAt[slot] = this.nextVersion;
    this.timers.clear(slot);
    this.marks.forgetSlot(slot);
    this.table.recycle(slot);
    this.rows.removed(slot);
  }

  /** Rewrites the pages that changed and clears the journal. */
  checkpoint(): void {
    writeCheckpoint(this);
    this.counts.checkpoints++;
  }

  #plan(elements: readonly (InMessage | Refused)[], pending: Pending): void {
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]!;
      if ("refusal" in element) {
        pending.rejected.push([index, element.refusal]);
        this.counts.rejected++;
        pending.open--;
        continue;
      }
      const { id, message, messageId, seq } = element;
      const ticket = { pending, index, message, messageId, seq };
      const work = this.#works.get(id);
      if (work === undefined) this.#works.set(id, { id, tickets: [ticket] });
      else work.tickets.push(ticket);
    }
    if (pending.open === 0) this.#complete(pending);
  }

  #enqueue(work: Work): void {
    const waiting = this.#works.get(work.id);
    // What waited for an asynchronous step came first.
    this.#works.set(
      work.id,
      waiting === undefined
        ? work
        : { id: work.id, tickets: [...work.tickets, ...waiting.tickets] },
    );
  }

  #complete(pending: Pending): void {
    pending.completed?.();
    this.#settling.push(pending);
  }

  #begin(nowMs: number): void {
    this.nowMs = nowMs;
    this.rows = new CommitRows(this.nextVersion, nowMs);
  }

  /** Writes the commit, then settles: nothing after a settlement can fail it. */
  #commit(): void {
    const bodies = this.rows.finish(this.outbox.takeDelivered(), this.#receivedChanged);
    this.#receivedChanged = undefined;
    if (bodies.length > 0) {
      const first = this.nextVersion;
      this.store.appendJournal(bodies.map((body, i) => ({ seq: first + i, body })));
      for (const body of bodies) this.journalChars += body.length;
      this.version += bodies.length;
      this.counts.commits++;
      if (
        this.journalChars > Math.max(JOURNAL_CHARS_MIN, JOURNAL_STATE_RATIO * this.table.stateChars)
      )
        this.checkpoint();
    }
    const settling = this.#settling;
    this.#settling = [];
    for (const pending of settling) pending.settle();
  }

  #put(id: string, fields: Readonly<Record<string, unknown>>): Result<{ created: boolean }> {
    const checked = stateOver(this.model, fields);
    if (!checked.ok) return checked;
    const found = this.table.slotOf(id);
    if (found !== undefined && this.isBusy(found)) return this.#refuseBusy(id);
    const isNew = found === undefined;
    const claimed = found === undefined ? this.claim(id) : ok(found);
    if (!claimed.ok) return claimed;
    const slot = claimed.value;
    Object.assign(this.table.twins[slot]!, checked.value);
    const refusal = applyStep(this, slot, { isNew, fromMessage: false, entrants: [] }, undefined);
    if (refusal === undefined) return { ok: true, value: { created: isNew } };
    this.abandon(slot, isNew);
    return { ok: false, refusal };
  }

  #refuseBusy(id: string): Result<never> {
    return refuse("cell/unavailable", `Twin "${id}" is in the middle of an asynchronous step.`);
  }
}
