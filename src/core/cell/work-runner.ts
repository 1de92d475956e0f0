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
import { applyStep, storedText } from "./step-commit.ts";
import { StepContext, UNCHANGED, runStep } from "../step.ts";
import type { StepInput, StepOutcome } from "../step.ts";
import type { Timer } from "./timer-queue.ts";

interface Busy {
  readonly isNew: boolean;
  readonly waiting: Ticket[];
}

export class WorkRunner {
  readonly #cell: Cell;
  readonly #wake: () => void;
  readonly #complete: (pending: Pending) => void;
  readonly #busy = new Map<number, Busy>();
  /** One for all works: this is the hot path, and a message makes enough objects as it is. */
  readonly #admission: Admission & { slot: number | undefined; lastSeq: number; id: string };
  #ended: { readonly run: Run; readonly outcome: StepOutcome }[] = [];
  /** When the monotonic clock was looked at last: the end of one step is the beginning of the next. */
  #lastMs = 0;

  constructor(cell: Cell, wake: () => void, complete: (pending: Pending) => void) {
    this.#cell = cell;
    this.#wake = wake;
    this.#complete = complete;
    this.#admission = {
      model: cell.model,
      slot: undefined,
      lastSeq: Number.NaN,
      id: "",
      isMarked: (mark) => this.#cell.marks.has(mark),
      duplicate: (ticket) => this.#duplicate(ticket),
      reject: (ticket, refusal) => this.#rejectTicket(ticket, refusal),
      fail: (ticket, error) =>
        this.#rejectTicket(ticket, this.#failure(this.#admission.id, error, true)),
    };
  }

  get hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  isBusy(slot: number): boolean {
    return this.#busy.has(slot);
  }

  isUnborn(slot: number): boolean {
    return this.#busy.get(slot)?.isNew ?? false;
  }

  /** Runs a work that began at `startMs` of the monotonic clock; answers when it ended. */
  run(work: Work, startMs: number): number {
    const { id, tickets } = work;
    this.#lastMs = startMs;
    for (let at = 0; at < tickets.length;) {
      const slot = this.#cell.table.slotOf(id);
      const busy = slot === undefined ? undefined : this.#busy.get(slot);
      if (busy !== undefined) {
        for (const ticket of tickets.slice(at)) busy.waiting.push(ticket);
        return this.#lastMs;
      }
      const { entrants, end } = admit(tickets, at, this.#admissionTo(id, slot));
      if (entrants.length > 0) this.#start(id, slot, entrants);
      at = end;
    }
    return this.#lastMs;
  }

  #admissionTo(id: string, slot: number | undefined): Admission {
    const admission = this.#admission;
    admission.id = id;
    admission.slot = slot;
    admission.lastSeq = slot === undefined ? Number.NaN : this.#cell.table.lastSeq[slot]!;
    return admission;
  }

  /** Commits the asynchronous steps that have ended; what waited for their twins goes to `enqueue`. */
  endAsynchronous(enqueue: (work: Work) => void): void {
    const ended = this.#ended;
    this.#ended = [];
    for (const { run, outcome } of ended) {
      const waiting = this.#busy.get(run.slot)?.waiting ?? [];
      this.#busy.delete(run.slot);
      this.#end(run, outcome);
      if (waiting.length > 0) enqueue({ id: run.id, tickets: waiting });
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
      // Its twin is in a step, which nothing may come between.
      if (this.#busy.has(slot)) timers.postpone(slot, timer.name, nowMs + BUSY_TIMER_RETRY_MS);
      else lastMs = this.#fire(slot, timer, lastMs);
      if (lastMs - startMs > COMMIT_MODEL_MS_MAX) break;
    }
    return lastMs;
  }

  #start(id: string, found: number | undefined, entrants: readonly Entrant[]): void {
    const claimed = found === undefined ? this.#cell.claim(id) : ok(found);
    if (!claimed.ok) {
      for (const entrant of entrants) this.#reject(entrant, claimed.refusal);
      return;
    }
    const slot = claimed.value;
    const run: Run = { slot, id, isNew: found === undefined, entrants };
    const outcome = this.#step(slot, {
      kind: "messages",
      messages: entrants.map((entrant) => entrant.value),
    });
    if (outcome instanceof Promise) this.#waitFor(run, outcome);
    else this.#end(run, this.#inTime(outcome));
  }

  #step(slot: number, input: StepInput): StepOutcome | Promise<StepOutcome> {
    const { table, model, nowMs, world, counts } = this.#cell;
    counts.steps++;
    const context = new StepContext(model, table.ids[slot]!, table.version[slot]!, nowMs, world);
    return runStep(table.twins[slot]!, input, context);
  }

  /** The outcome of a step that began when the clock was looked at last, unless it took too long. */
  #inTime(outcome: StepOutcome): StepOutcome {
    const endMs = this.#cell.monotonicMs();
    const tookMs = endMs - this.#lastMs;
    this.#lastMs = endMs;
    if (tookMs <= STEP_MS_MAX) return outcome;
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
      this.#accept(run, outcome);
      return;
    }
    this.#cell.abandon(slot, isNew);
    if (entrants.length === 1) this.#reject(entrants[0]!, refusal);
    else this.#endOneByOne(run);
  }

  #endOneByOne({ id, entrants }: Run): void {
    for (const [i, entrant] of entrants.entries()) {
      this.#start(id, this.#cell.table.slotOf(id), [this.#checkedAgain(entrant)]);
      const slot = this.#cell.table.slotOf(id);
      const busy = slot === undefined ? undefined : this.#busy.get(slot);
      if (busy === undefined) continue;
      for (const later of entrants.slice(i + 1))
        busy.waiting.push(later.ticket, ...(later.repeats ?? []));
      return;
    }
  }

  /** The failed step may have changed the message that it was given: the schema makes it anew. */
  #checkedAgain(entrant: Entrant): Entrant {
    const check = this.#cell.model.check(entrant.ticket.message);
    return check.ok ? { ...entrant, value: check.value } : entrant;
  }

  #waitFor(run: Run, promise: Promise<StepOutcome>): void {
    const { table } = this.#cell;
    // Readers and checkpoints see the state before the step until it has ended.
    if (!run.isNew) table.texts[run.slot] = storedText(this.#cell, run.slot);
    this.#busy.set(run.slot, { isNew: run.isNew, waiting: [] });
    void promise.then((outcome) => {
      this.#ended.push({ run, outcome });
      this.#wake();
    });
  }

  /** Fires a timer; answers when it ended. */
  #fire(slot: number, timer: Timer, startMs: number): number {
    const cell = this.#cell;
    const id = cell.table.ids[slot]!;
    this.#lastMs = startMs;
    cell.timers.stop(slot, timer.name);
    cell.counts.timersFired++;
    const cause = { isNew: false, fromMessage: false, entrants: [], firedTimer: timer };
    const stepped = this.#step(slot, { kind: "timer", name: timer.name });
    const outcome: StepOutcome =
      stepped instanceof Promise
        ? {
            ok: false,
            error: new TypeError(`onTimer("${timer.name}") is asynchronous; it must not be.`),
          }
        : this.#inTime(stepped);
    const refusal = outcome.ok
      ? applyStep(cell, slot, cause, outcome)
      : this.#failure(id, outcome.error, true);
    if (refusal === undefined) return this.#lastMs;
    if (outcome.ok) logFailure(cell, id, refusal.detail);
    cell.abandon(slot, false);
    // A timer whose step failed has fired all the same: one that throws always must not fire for ever.
    const kept = applyStep(cell, slot, cause, UNCHANGED);
    assert(kept === undefined, "a state that was committed before can be committed again");
    return this.#lastMs;
  }

  #failure(id: string, error: unknown, log: boolean): Refusal {
    if (log) logFailure(this.#cell, id, error);
    return failureOf(this.#cell, id, error);
  }

  #accept({ entrants }: Run, outcome: StepOutcome): void {
    const commands = outcome.ok ? outcome.effects.commands : undefined;
    if (commands !== undefined) {
      for (const pending of new Set(entrants.map((entrant) => entrant.ticket.pending)))
        pending.commands?.push(...commands);
    }
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
