/**
 * Sums and averages. Each sum carries the rounding errors of its additions (Ogita, Rump and Oishi's Sum2, 2005,
 * with Knuth's TwoSum), so that it is as exact as if it were added up in twice the precision and rounded once.
 *
 * Integers are exact up to 2^53. Sums of fractions may still differ in the last digit with how rows are split over
 * shards. A sum beyond the largest number is infinite, which is shown as null.
 */
import { assert } from "../assert.ts";
import { numbersOf } from "./column-view.ts";
import { withRoom } from "./fold.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart } from "./plan.ts";

export class SumFold implements Fold {
  #counts = new Float64Array();
  #sums = new Float64Array();
  #errors = new Float64Array();

  reserve(groups: number): void {
    this.#counts = withRoom(this.#counts, groups);
    this.#sums = withRoom(this.#sums, groups);
    this.#errors = withRoom(this.#errors, groups);
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    const values = numbersOf(view!);
    const counts = this.#counts;
    const sums = this.#sums;
    const errors = this.#errors;
    for (let i = 0; i < count; i++) {
      const value = values[rows[i]!]!;
      if (value !== value) continue;
      const group = groups[i]!;
      const before = sums[group]!;
      const after = before + value;
      const added = after - before;
      sums[group] = after;
      errors[group]! += before - (after - added) + (value - added);
      counts[group]!++;
    }
  }

  part(groups: number): FoldPart {
    return {
      kind: "sum",
      counts: this.#counts.slice(0, groups),
      sums: this.#sums.slice(0, groups),
      errors: this.#errors.slice(0, groups),
    };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "sum", "a sum is merged with a sum");
    const rows = Int32Array.from(groups, (_, g) => g);
    this.add({ type: "number", values: part.sums }, rows, groups, groups.length);
    for (let g = 0; g < groups.length; g++) {
      this.#errors[groups[g]!]! += part.errors[g]!;
      // `add` has counted each part as one value.
      this.#counts[groups[g]!]! += part.counts[g]! - 1;
    }
  }

  value(op: AggregateOp, group: number): number | null {
    const count = this.#counts[group]!;
    if (count === 0) return null;
    const sum = this.#sums[group]!;
    const total = Number.isFinite(sum) ? sum + this.#errors[group]! : sum;
    return op === "avg" ? total / count : total;
  }
}
