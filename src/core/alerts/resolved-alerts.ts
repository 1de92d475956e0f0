/** Which resolved alerts are kept, and which are dropped: of each model so many, and each for so long. */
import { ALERTS_RESOLVED_MS_MAX, ALERTS_RESOLVED_PER_MODEL_MAX } from "../limits.ts";
import type { ResolvedMark } from "./alert-store.ts";

export class ResolvedAlerts {
  /** Of each model, the oldest resolution first. */
  readonly #marks = new Map<string, ResolvedMark[]>();
  /** The highest number among them when they were read. */
  readonly last: number;

  constructor(marks: Iterable<ResolvedMark>) {
    let last = 0;
    for (const mark of marks) {
      this.add(mark);
      last = Math.max(last, mark.n);
    }
    this.last = last;
  }

  add(mark: ResolvedMark): void {
    const marks = this.#marks.get(mark.model);
    if (marks === undefined) this.#marks.set(mark.model, [mark]);
    else marks.push(mark);
  }

  /** Takes out what is too much or too old by now; answers the numbers. */
  drop(nowMs: number): readonly number[] {
    const oldestMs = nowMs - ALERTS_RESOLVED_MS_MAX;
    const dropped: number[] = [];
    for (const marks of this.#marks.values()) {
      let gone = Math.max(0, marks.length - ALERTS_RESOLVED_PER_MODEL_MAX);
      while (gone < marks.length && marks[gone]!.resolvedAtMs < oldestMs) gone++;
      if (gone > 0) for (const { n } of marks.splice(0, gone)) dropped.push(n);
    }
    return dropped;
  }
}
