/**
 * The standard deviation of a sample (divided by n - 1), as SQL's `stddev`. One value at a time after Welford
 * (1962), groups with groups after Chan, Golub and LeVeque (1979): no difference of large squares is taken.
 */
import { assert } from "../assert.ts";
import { numbersOf } from "./column-view.ts";
import { withRoom } from "./fold.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart } from "./plan.ts";

export class MomentsFold implements Fold {
  #counts = new Float64Array();
  #means = new Float64Array();
  /** Sums of squared distances from the mean. */
  #squares = new Float64Array();

  reserve(groups: number): void {
    this.#counts = withRoom(this.#counts, groups);
    this.#means = withRoom(this.#means, groups);
    this.#squares = withRoom(this.#squares, groups);
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    const values = numbersOf(view!);
    const counts = this.#counts;
    const means = this.#means;
    const squares = this.#squares;
    for (let i = 0; i < count; i++) {
      const value = values[rows[i]!]!;
      if (value !== value) continue;
      const group = groups[i]!;
      const distance = value - means[group]!;
      means[group]! += distance / ++counts[group]!;
      squares[group]! += distance * (value - means[group]!);
    }
  }

  part(groups: number): FoldPart {
    return {
      kind: "moments",
      counts: this.#counts.slice(0, groups),
      means: this.#means.slice(0, groups),
      squares: this.#squares.slice(0, groups),
    };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "moments", "moments are merged with moments");
    for (let g = 0; g < groups.length; g++) {
      const group = groups[g]!;
      const added = part.counts[g]!;
      if (added === 0) continue;
      const before = this.#counts[group]!;
      const total = before + added;
      const distance = part.means[g]! - this.#means[group]!;
      this.#counts[group] = total;
      this.#means[group]! += (distance * added) / total;
      this.#squares[group]! += part.squares[g]! + (distance * distance * before * added) / total;
    }
  }

  value(_op: AggregateOp, group: number): number | null {
    const count = this.#counts[group]!;
    return count < 2 ? null : Math.sqrt(this.#squares[group]! / (count - 1));
  }
}
