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
import { AlertKeys } from "./alert-keys.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { historyOf } from "./history.ts";
import type { CellHistory } from "./history.ts";
import { CellLog } from "./log.ts";
import { recoverCell } from "./recovery.ts";
import { Children } from "./children.ts";
import { arrivedOf } from "./delivery.ts";
import type { CellPart } from "./part.ts";
import { ReportRunner } from "./report-runner.ts";
import { Reporting } from "./reporting.ts";
import type { CellStore } from "./store.ts";
import { COMMIT_MODEL_MS_MAX, JOURNAL_CHARS_MIN, JOURNAL_STATE_RATIO } from "../limits.ts";
import { Mailbox } from "./mailbox.ts";
import type { SentCommand } from "./mailbox.ts";
import { MessageMarks } from "./message-marks.ts";
import type { ModelDefinition } from "../model.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxItem } from "./outbox.ts";
import { CommitRows } from "./records.ts";
import { refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { Pending } from "./requests.ts";
import type {
  AcknowledgeRequest,
  DeliveryRequest,
  InMessage,
  MessageRequest,
  Refused,
  Work,
} from "./requests.ts";
import { newCounts } from "./counts.ts";
import { putTwin, refuseBusy } from "./put-twin.ts";
import { removeTwin } from "./twin-life.ts";
import { WorkRunner } from "./work-runner.ts";
import type { StepWorld } from "../step.ts";
import { Tombstones } from "./tombstones.ts";
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
  /** Tells this cell's data from other data of its name: the ids of its commands begin with it. */
  readonly incarnation: string;
  /** Called in the commit that sends commands, once they are written and before any request is settled. Must not throw. */
  readonly commandsSent?: (commands: readonly SentCommand[]) => void;
}

export class Cell {
  readonly model: ModelDefinition;
  readonly world: StepWorld;
  readonly store: CellStore;
  readonly monotonicMs: () => number;
  readonly incarnation: string;
  readonly table = new TwinTable();
  readonly timers = new TimerQueue();
  readonly outbox = new Outbox();
  readonly log = new CellLog();
  readonly tombstones = new Tombstones((record) => this.rows.part("removed", record));
  /** Commands that devices have not acknowledged. */
  readonly mailbox = new Mailbox(this);
  /** What the cell remembers beside its twins, in the order in which it is read back. */
  readonly parts: readonly CellPart[];
  /** What the twins' children reported. */
  readonly children: Children;
  /** What the twins told their parents. */
  readonly reporting: Reporting;
  /** Which alerts the twins have raised. */
  readonly alertKeys: AlertKeys;
  /** What changed in twins, where the model keeps it. */
  readonly history: CellHistory | undefined;
  marks = new MessageMarks();
  /** Per sending cell, the number of the last message that was taken. */
  readonly received = new Map<string, number>();
  readonly counts = newCounts();
  /** The newest commit's last row; 0 before the first. */
  version = 0;
  /** The commit that the pages showed when this cell was loaded: changes after it are known slot by slot. */
  baseVersion = 0;
  journalChars = 0;
  /** When the log last said something of the archive. */
  archiveLoggedAtMs = Number.NEGATIVE_INFINITY;
  /** The commit that is being built. */
  rows = new CommitRows(1, 0);
  /** The time of the commit that is being built. */
  nowMs = 0;

  readonly #runner: WorkRunner;
  readonly #reports: ReportRunner;
  #works = new Map<string, Work>();
  #receivedChanged: Record<string, number> | undefined;
  #settling: { settle(): void }[] = [];
  #acknowledgements: AcknowledgeRequest[] = [];
  readonly #commandsSent: CellOptions["commandsSent"];

  constructor(options: CellOptions) {
    this.model = options.model;
    this.world = options.world;
    this.store = options.store;
    this.monotonicMs = options.monotonicMs;
    this.history = historyOf(this);
    this.incarnation = options.incarnation;
    this.#commandsSent = options.commandsSent;
    this.#runner = new WorkRunner(this, options.wake, (pending) => this.#complete(pending));
    this.children = new Children(this);
    this.reporting = new Reporting(this);
    this.alertKeys = new AlertKeys(this);
    this.#reports = new ReportRunner(this, (pending) => this.#complete(pending));
    this.parts = [
      this.log,
      this.tombstones,
      this.mailbox,
      this.children,
      this.reporting,
      this.alertKeys,
    ];
    if (this.history !== undefined) this.parts = [...this.parts, this.history];
    recoverCell(this);
    this.children.loaded();
    this.reporting.loaded();
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
    const { messages, pending, reports } = arrivedOf(this, request);
    if (reports !== undefined) this.#reports.take(reports);
    this.#plan(messages, pending);
  }

  /** A sender's entries are taken up to this number, which goes into the commit. */
  noteReceived(sender: string, upTo: number): void {
    if (upTo <= (this.received.get(sender) ?? 0)) return;
    this.received.set(sender, upTo);
    (this.#receivedChanged ??= {})[sender] = upTo;
  }

  /** Takes in what a device has; it is written with the next turn. */
  submitAcknowledgement(request: AcknowledgeRequest): void {
    this.#acknowledgements.push(request);
  }

  /** Whether `turn` would do something at `nowMs`. */
  hasWork(nowMs: number): boolean {
    return (
      (this.#works.size > 0 && this.takesMore) ||
      this.#settling.length > 0 ||
      this.#acknowledgements.length > 0 ||
      this.#runner.asynchronous.hasEnded ||
      this.#reports.hasWork ||
      this.timers.firstDue(nowMs) !== undefined
    );
  }

  /**
   * One commit: runs what is due within the budget of model time, writes one journal row (more when it is
   * large), and settles every request that is complete. Throws when the store does; see I5.
   */
  turn(nowMs: number): void {
    this.#begin(nowMs);
    if (this.#acknowledgements.length > 0) this.#acknowledge();
    const startMs = this.monotonicMs();
    this.#runner.endAsynchronous((work) => this.#enqueue(work));
    if (this.#reports.hasWork) this.#reports.run(startMs);
    let lastMs = this.#runner.fireTimers(startMs);
    const works = this.#works;
    let done = 0;
    for (const work of works.values()) {
      if (!this.takesMore) break;
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
    const result = putTwin(this, id, fields);
    this.#commit();
    return result;
  }

  /** `put` for many, in one commit: an outcome for each. */
  putMany(
    elements: readonly { id: string; state: Readonly<Record<string, unknown>> }[],
    nowMs: number,
  ): Result<{ created: boolean }>[] {
    this.#begin(nowMs);
    const results = elements.map(({ id, state }) => putTwin(this, id, state));
    this.#commit();
    return results;
  }

  /** Removes a twin; a commit of its own. Refuses with `twin/unknown`, and `cell/unavailable` in an asynchronous step. */
  remove(id: string, nowMs: number): Result<true> {
    const slot = this.slotOf(id);
    if (slot === undefined)
      return refuse("twin/unknown", `There is no twin "${id}" of model ${this.model.name}.`);
    if (this.isBusy(slot)) return refuseBusy(id);
    this.#begin(nowMs);
    removeTwin(this, slot);
    this.#commit();
    return { ok: true, value: true };
  }

  /** The slot of a twin that exists: one whose first step is still under way does not yet. */
  slotOf(id: string): number | undefined {
    const slot = this.table.slotOf(id);
    return slot === undefined || this.#runner.asynchronous.isUnborn(slot) ? undefined : slot;
  }

  /** Whether a twin is in an asynchronous step; its object is then in no defined state, its text is. */
  isBusy(slot: number): boolean {
    return this.#runner.asynchronous.isBusy(slot);
  }

  isUnborn(slot: number): boolean {
    return this.#runner.asynchronous.isUnborn(slot);
  }

  /** Whether a step may be started: not while as many as there may be wait for look-ups. */
  get takesMore(): boolean {
    return !this.#runner.asynchronous.isFull;
  }

  /** Steps that wait for look-ups. */
  get stepsUnderWay(): number {
    return this.#runner.asynchronous.underWay;
  }

  /** Characters of messages that wait for twins in such steps. */
  get waitingChars(): number {
    return this.#runner.asynchronous.waitingChars;
  }

  /** The number of the commit that is being built: `seq` of its first row. */
  get nextVersion(): number {
    return this.version + 1;
  }

  /** Puts something into the outbox, and into the commit. */
  sendOut(item: OutboxItem): void {
    const entry = this.outbox.add(item);
    this.outbox.weigh(entry, this.rows.send(entry));
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
      waiting === undefined ? work : { ...work, tickets: [...work.tickets, ...waiting.tickets] },
    );
  }

  #complete(pending: Pending): void {
    pending.completed?.();
    this.#settling.push(pending);
  }

  #begin(nowMs: number): void {
    this.nowMs = nowMs;
    this.rows = new CommitRows(this.nextVersion, nowMs);
    this.mailbox.expire();
  }

  #acknowledge(): void {
    const requests = this.#acknowledgements;
    this.#acknowledgements = [];
    for (const request of requests) {
      const count = this.mailbox.acknowledge(request.id, request.commandIds);
      this.#settling.push({ settle: () => request.settle(count) });
    }
  }

  /**
   * Writes the commit, then settles: nothing after a settlement can fail it. A checkpoint comes last: when it fails,
   * what the journal has is kept all the same, and whoever is answered must be told so.
   */
  #commit(): void {
    if (this.reporting.isActive) this.reporting.flush();
    if (!this.rows.isEmpty) {
      for (const record of this.log.takeUnwritten()) this.rows.part(this.log.name, record);
    }
    const bodies = this.rows.finish(this.outbox.takeDelivered(), this.#receivedChanged);
    this.#receivedChanged = undefined;
    if (bodies.length > 0) {
      const first = this.nextVersion;
      this.store.appendJournal(bodies.map((body, i) => ({ seq: first + i, body })));
      for (const body of bodies) this.journalChars += body.length;
      this.version += bodies.length;
      this.counts.commits++;
    }
    const sent = this.mailbox.takeSent();
    if (sent.length > 0) this.#commandsSent?.(sent);
    const settling = this.#settling;
    this.#settling = [];
    for (const pending of settling) pending.settle();
    if (
      bodies.length > 0 &&
      this.journalChars > Math.max(JOURNAL_CHARS_MIN, JOURNAL_STATE_RATIO * this.#storedChars())
    )
      this.checkpoint();
  }

  /** Characters that a checkpoint writes, about. */
  #storedChars(): number {
    const { archiveChars, charsWithoutArchive } = this.outbox;
    const others = this.table.stateChars + archiveChars + charsWithoutArchive;
    return this.parts.reduce((sum, { chars }) => sum + chars, others);
  }
}
