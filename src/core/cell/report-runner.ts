/**
 * Takes what children report, and has it follow for their parents: the roll-ups are set and committed first, as a
 * change of their own; then `onReport` is a step over them. So a failure there takes back what it did itself, and
 * the roll-ups stay right.
 */
import { abandonTwin, claimSlot } from "./twin-life.ts";
import type { Cell } from "./cell.ts";
import type { ReportMessage } from "./children.ts";
import type { Cause } from "./step-commit.ts";
import { COMMIT_MODEL_MS_MAX, STEP_MS_MAX } from "../limits.ts";
import type { ChildReport } from "../hierarchy/declaration.ts";
import { logFailure } from "./model-failure.ts";
import { ok } from "../refusal.ts";
import type { DeliveredEntry, Pending } from "./requests.ts";
import { applyStep } from "./step-commit.ts";
import { keepState } from "./step-history.ts";
import { stepTwin } from "./step-twin.ts";
import type { StepOutcome } from "../step.ts";

/** The reports of a delivery. */
export interface ReportDelivery {
  readonly sender: string;
  readonly reports: readonly DeliveredEntry[];
  /** In it, all reports are one. */
  readonly pending: Pending;
}

const BY_ITSELF: Cause = Object.freeze({
  isNew: false,
  fromMessage: false,
  fromReport: true,
  entrants: [],
});

export class ReportRunner {
  readonly #cell: Cell;
  readonly #complete: (pending: Pending) => void;
  #taken: ReportDelivery[] = [];

  constructor(cell: Cell, complete: (pending: Pending) => void) {
    this.#cell = cell;
    this.#complete = complete;
  }

  get hasWork(): boolean {
    const { children, reporting } = this.#cell;
    return this.#taken.length > 0 || children.due.size > 0 || reporting.hasBacklog;
  }

  /** Reports wait for the next turn. */
  take(delivery: ReportDelivery): void {
    this.#taken.push(delivery);
  }

  /** Applies all that waits; what follows from it has the rest of the budget of a turn that began at `startMs`. */
  run(startMs: number): void {
    const { children, reporting } = this.#cell;
    const taken = this.#taken;
    this.#taken = [];
    for (const delivery of taken) this.#apply(delivery);
    if (reporting.hasBacklog) reporting.runBacklog();
    for (const id of children.due) {
      const slot = this.#cell.table.slotOf(id);
      if (slot !== undefined && this.#cell.isBusy(slot)) {
        children.hold(id);
        continue;
      }
      children.due.delete(id);
      this.#follow(id, slot);
      if (this.#cell.monotonicMs() - startMs > COMMIT_MODEL_MS_MAX) return;
    }
  }

  #apply({ sender, reports, pending }: ReportDelivery): void {
    const cell = this.#cell;
    // A delivery that also has messages may take several commits; its reports take one, which has its own mark.
    const mark = `reports of ${sender}`;
    // Looked at now, not when it came: the same may have come twice meanwhile.
    const last = Math.max(cell.received.get(mark) ?? 0, cell.received.get(sender) ?? 0);
    for (const [n, parent, message] of reports) {
      if (n <= last) continue;
      cell.children.apply(parent, message as ReportMessage);
      cell.counts.delivered++;
    }
    if (--pending.open === 0) this.#complete(pending);
    else cell.noteReceived(mark, reports.at(-1)![0]);
  }

  #follow(id: string, found: number | undefined): void {
    const cell = this.#cell;
    const claimed = found === undefined ? claimSlot(cell, id) : ok(found);
    if (!claimed.ok) {
      this.#giveUp(id, claimed.refusal.detail);
      return;
    }
    const slot = claimed.value;
    const isNew = found === undefined;
    keepState(cell, slot);
    if (isNew || cell.children.assign(id, cell.table.twins[slot]!)) {
      const refusal = applyStep(cell, slot, { ...BY_ITSELF, isNew }, undefined);
      if (refusal !== undefined) {
        abandonTwin(cell, slot, isNew);
        if (isNew) this.#giveUp(id, refusal.detail);
        else logFailure(cell, id, refusal.detail);
        return;
      }
    }
    if (!cell.model.hearsReports) return;
    const reports = cell.children.takeUntold(id);
    if (reports.length > 0) this.#tell(id, reports);
  }

  /** The parent can't be made: its children are forgotten, and come back with their next reports. */
  #giveUp(id: string, why: string): void {
    this.#cell.log.add(
      this.#cell.nowMs,
      "error",
      "failure",
      id,
      `Its children's reports are not taken. ${why}`,
    );
    this.#cell.children.removed(id);
  }

  /** Calls `onReport`; when it fails, once for each report, so that a bad one is alone. */
  #tell(id: string, reports: readonly ChildReport[]): void {
    const cell = this.#cell;
    // The twin may have removed itself at an earlier report.
    const slot = cell.table.slotOf(id);
    if (slot === undefined) return;
    const outcome = this.#step(slot, reports);
    const refusal = outcome.ok ? applyStep(cell, slot, BY_ITSELF, outcome) : undefined;
    if (outcome.ok && refusal === undefined) return;
    abandonTwin(cell, slot, false);
    if (reports.length === 1) logFailure(cell, id, outcome.ok ? refusal?.detail : outcome.error);
    else for (const report of reports) this.#tell(id, [report]);
  }

  #step(slot: number, reports: readonly ChildReport[]): StepOutcome {
    const startMs = this.#cell.monotonicMs();
    const outcome = stepTwin(this.#cell, slot, { kind: "reports", reports });
    if (outcome instanceof Promise)
      return { ok: false, error: new TypeError("onReport is asynchronous; it must not be.") };
    const tookMs = this.#cell.monotonicMs() - startMs;
    if (tookMs <= STEP_MS_MAX) return outcome;
    const text = `onReport took ${Math.round(tookMs)} ms; the limit is ${STEP_MS_MAX} ms.`;
    return { ok: false, error: new Error(text) };
  }
}
