/**
 * Runs the works of a cell: admits messages, steps twins, and gives every message its outcome. A step that
 * fails is rolled back and its messages are tried one by one, so that a bad one is alone. An asynchronous step
 * holds its twin and nobody else: what comes for it meanwhile waits, in order.
 */
import { admit } from "./admit.ts";
import type { Admission } from "./admit.ts";
import type { Cell } from "./cell.ts";
import { assert } from "../assert.ts";
import {
  BUSY_TIMER_RETRY_MS,
  COMMIT_MODEL_MS_MAX,
  STEP_MS_MAX,
  TIMERS_PER_COMMIT_MAX,
} from "../limits.ts";
import { failureOf, logFailure } from "./model-failure.ts";
import { ok } from "../refusal.ts";
import type { Refusal } from "../refusal.ts";
import type { Entrant, Pending, Run, Ticket, Work } from "./requests.ts";
import { AsynchronousSteps } from "./asynchronous-steps.ts";
import { applyStep } from "./step-commit.ts";
import { storedText } from "./stored-state.ts";
import { keepMessages } from "./step-history.ts";
import { stepTwin } from "./step-twin.ts";
import { UNCHANGED } from "../step.ts";
import type { StepOutcome } from "../step.ts";
import type { Timer } from "./timer-queue.ts";
import { abandonTwin, claimSlot } from "./twin-life.ts";

export class WorkRunner {
  readonly #cell: Cell;
  readonly #complete: (pending: Pending) => void;
  readonly asynchronous: AsynchronousSteps;
  /** One for all works: this is the hot path, and a message makes enough objects as it is. */
  readonly #admission: Admission & { slot: number | undefined; lastSeq: number; id: string };
  /** When the monotonic clock was looked at last: the end of one step is the beginning of the next. */
  #lastMs = 0;

  constructor(cell: Cell, wake: () => void, complete: (pending: Pending) => void) {
    this.#cell = cell;
    this.asynchronous = new AsynchronousSteps(wake);
    this.#complete = complete;
    this.#admission = {
      model: cell.model,
      slot: undefined,
      lastSeq: Number.NaN,
      id: "",
      isMarked: (mark) => this.#cell.marks.has(mark),
      isBuried: (mark) => this.#cell.tombstones.isBuried(this.#admission.id, mark),
      duplicate: (ticket) => this.#duplicate(ticket),
      reject: (ticket, refusal) => this.#rejectTicket(ticket, refusal),
      fail: (ticket, error) =>
        this.#rejectTicket(ticket, this.#failure(this.#admission.id, error, true)),
    };
  }

  /** Runs a work that began at `startMs` of the monotonic clock; answers when it ended. */
  run(work: Work, startMs: number): number {
    const { id, tickets, alone = 0 } = work;
    this.#lastMs = startMs;
    for (let at = 0; at < tickets.length;) {
      const slot = this.#cell.table.slotOf(id);
      if (slot !== undefined && this.asynchronous.isBusy(slot)) {
        this.#wait(slot, { id, tickets: tickets.slice(at), alone: Math.max(0, alone - at) });
        return this.#lastMs;
      }
      const stop = at < alone ? at + 1 : tickets.length;
      const { entrants, end } = admit(tickets, at, this.#admissionTo(id, slot), stop);
      if (entrants.length > 0) this.#start(id, slot, entrants);
      at = end;
    }
    return this.#lastMs;
  }

  #admissionTo(id: string, slot: number | undefined): Admission {
    const admission = this.#admission;
    admission.id = id;
    admission.slot = slot;
    const { table, tombstones, nowMs } = this.#cell;
    admission.lastSeq = slot === undefined ? tombstones.lastSeqOf(id, nowMs) : table.lastSeq[slot]!;
    return admission;
  }

  /** Commits the asynchronous steps that have ended; what waited for their twins goes to `enqueue`. */
  endAsynchronous(enqueue: (work: Work) => void): void {
    for (const { run, outcome, waiting } of this.asynchronous.takeEnded()) {
      this.#cell.children.release(run.id);
      if (run.timer === undefined) this.#end(run, outcome);
      else this.#endTimer(run, run.timer, outcome);
      if (waiting !== undefined) enqueue(waiting);
    }
  }

  /** Fires the timers that are due, up to the limits of a commit that began at `startMs`; answers when it ended. */
  fireTimers(startMs: number): number {
    const { timers, nowMs } = this.#cell;
    let lastMs = this.#cell.monotonicMs();
    for (let fired = 0; fired < TIMERS_PER_COMMIT_MAX; fired++) {
      const due = timers.firstDue(nowMs);
      if (due === undefined) break;
      const { slot, timer } = due;
      // Its twin is in a step, which nothing may come between; or there is no room for one more that might wait.
      if (this.asynchronous.isBusy(slot) || this.asynchronous.isFull)
        timers.postpone(slot, timer.name, nowMs + BUSY_TIMER_RETRY_MS);
      else lastMs = this.#fire(slot, timer, lastMs);
      if (lastMs - startMs > COMMIT_MODEL_MS_MAX) break;
    }
    return lastMs;
  }

  #start(id: string, found: number | undefined, entrants: readonly Entrant[]): void {
    const claimed = found === undefined ? claimSlot(this.#cell, id) : ok(found);
    if (!claimed.ok) {
      for (const entrant of entrants) this.#reject(entrant, claimed.refusal);
      return;
    }
    const slot = claimed.value;
    const run: Run = { slot, id, isNew: found === undefined, entrants };
    keepMessages(this.#cell, entrants);
    const messages = entrants.map((entrant) => entrant.value);
    const outcome = stepTwin(this.#cell, slot, { kind: "messages", messages }, entrants[0]);
    const overtime = this.#overtime();
    if (outcome instanceof Promise) this.#waitFor(run, outcome, overtime);
    else this.#end(run, overtime ?? outcome);
  }

  /** The failure of a step that took too long since the clock was looked at last: to its end, or until it waits. */
  #overtime(): StepOutcome | undefined {
    const endMs = this.#cell.monotonicMs();
    const tookMs = endMs - this.#lastMs;
    this.#lastMs = endMs;
    if (tookMs <= STEP_MS_MAX) return undefined;
    return {
      ok: false,
      error: new Error(`The step took ${Math.round(tookMs)} ms; the limit is ${STEP_MS_MAX} ms.`),
    };
  }

  #end(run: Run, outcome: StepOutcome): void {
    const { slot, id, isNew, entrants } = run;
    const refusal = outcome.ok
      ? applyStep(this.#cell, slot, { isNew, fromMessage: true, entrants }, outcome)
      : this.#failure(id, outcome.error, entrants.length === 1);
    if (refusal === undefined) {
      this.#accept(run);
      return;
    }
    abandonTwin(this.#cell, slot, isNew);
    if (entrants.length === 1) this.#reject(entrants[0]!, refusal);
    else if (!outcome.ok && outcome.timedOut === true) this.#rejectAll(run, refusal);
    else this.#endOneByOne(run);
  }

  #rejectAll({ id, entrants }: Run, refusal: Refusal): void {
    logFailure(this.#cell, id, refusal.detail);
    for (const entrant of entrants) this.#reject(entrant, refusal);
  }

  #endOneByOne({ id, entrants }: Run): void {
    this.#nameAgain(entrants);
    for (const [i, entrant] of entrants.entries()) {
      this.#start(id, this.#cell.table.slotOf(id), [this.#checkedAgain(entrant)]);
      const slot = this.#cell.table.slotOf(id);
      if (slot === undefined || !this.asynchronous.isBusy(slot)) continue;
      const tickets = entrants
        .slice(i + 1)
        .flatMap(({ ticket, repeats }) => [ticket, ...(repeats ?? [])]);
      this.#wait(slot, { id, tickets, alone: tickets.length });
      return;
    }
  }

  /** What the messages changed at once when they were tried together is known again when each is tried alone. */
  #nameAgain(entrants: readonly Entrant[]): void {
    const name = entrants[0]!.ticket.operations?.name;
    if (name === undefined) return;
    const operations = { name, made: new Map<string, number>() };
    for (const { ticket } of entrants) ticket.operations = operations;
  }

  #wait(slot: number, work: Work): void {
    this.asynchronous.wait(slot, work, (ticket, refusal) => this.#rejectTicket(ticket, refusal));
  }

  /** The failed step may have changed the message that it was given: the schema makes it anew. */
  #checkedAgain(entrant: Entrant): Entrant {
    const check = this.#cell.model.check(entrant.ticket.message);
    return check.ok ? { ...entrant, value: check.value } : entrant;
  }

  /** Lets a step wait; one that stalled the cell before has failed, and ends so when its promise does. */
  #waitFor(run: Run, promise: Promise<StepOutcome>, overtime: StepOutcome | undefined): void {
    const { table } = this.#cell;
    // Readers and checkpoints see the state before the step until it has ended.
    if (!run.isNew) table.texts[run.slot] = storedText(this.#cell, run.slot);
    this.asynchronous.begin(run, overtime === undefined ? promise : promise.then(() => overtime));
  }

  /** Fires a timer; answers when it ended, or began to wait. */
  #fire(slot: number, timer: Timer, startMs: number): number {
    const cell = this.#cell;
    const id = cell.table.ids[slot]!;
    const run: Run = { slot, id, isNew: false, entrants: [], timer };
    this.#lastMs = startMs;
    cell.counts.timersFired++;
    const stepped = stepTwin(cell, slot, { kind: "timer", name: timer.name }, timer);
    const overtime = this.#overtime();
    if (stepped instanceof Promise) {
      // It is due until its step has ended: a checkpoint meanwhile must not lose it.
      cell.timers.postpone(slot, timer.name, cell.nowMs + BUSY_TIMER_RETRY_MS);
      this.#waitFor(run, stepped, overtime);
    } else this.#endTimer(run, timer, overtime ?? stepped);
    return this.#lastMs;
  }

  #endTimer({ slot, id }: Run, timer: Timer, outcome: StepOutcome): void {
    const cell = this.#cell;
    cell.timers.stop(slot, timer.name);
    const cause = { isNew: false, fromMessage: false, entrants: [], firedTimer: timer };
    const refusal = outcome.ok
      ? applyStep(cell, slot, cause, outcome)
      : this.#failure(id, outcome.error, true);
    if (refusal === undefined) return;
    if (outcome.ok) logFailure(cell, id, refusal.detail);
    abandonTwin(cell, slot, false);
    // A timer whose step failed has fired all the same: one that throws always must not fire for ever.
    const kept = applyStep(cell, slot, cause, UNCHANGED);
    assert(kept === undefined, "a state that was committed before can be committed again");
  }

  #failure(id: string, error: unknown, log: boolean): Refusal {
    if (log) logFailure(this.#cell, id, error);
    return failureOf(this.#cell, id, error);
  }

  #accept({ entrants }: Run): void {
    this.#cell.counts.accepted += entrants.length;
    for (const { ticket, repeats } of entrants) {
      ticket.pending.accepted++;
      this.#close(ticket);
      if (repeats !== undefined) for (const repeat of repeats) this.#duplicate(repeat);
    }
  }

  #duplicate(ticket: Ticket): void {
    ticket.pending.repeated.push(ticket.index);
    this.#cell.counts.duplicates++;
    this.#close(ticket);
  }

  #reject({ ticket, repeats }: Entrant, refusal: Refusal): void {
    this.#rejectTicket(ticket, refusal);
    for (const repeat of repeats ?? []) this.#rejectTicket(repeat, refusal);
  }

  #rejectTicket(ticket: Ticket, refusal: Refusal): void {
    ticket.pending.rejected.push([ticket.index, refusal]);
    this.#cell.counts.rejected++;
    this.#close(ticket);
  }

  #close({ pending }: Ticket): void {
    if (--pending.open === 0) this.#complete(pending);
  }
}
