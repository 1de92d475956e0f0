/**
 * Percentiles by nearest rank: p90 is the smallest value that at least 90 % of the values do not exceed. Exact while
 * a group has PERCENTILE_EXACT_VALUES_MAX values or less, else from a sketch, within PERCENTILE_ERROR (1 %) of the
 * exact one. Which of the two depends on the values alone, not on how they are split over shards.
 */
import { assert } from "../assert.ts";
import { numbersOf } from "./column-view.ts";
import { withRoom } from "./fold.ts";
import { mergeSketches, sizeOf, sketchOf, valueOfRank } from "./sketch.ts";
import { PERCENTILE_EXACT_VALUES_MAX } from "../limits.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart } from "./plan.ts";
import type { Sketch } from "./sketch.ts";

export class QuantileFold implements Fold {
  /** Values as they came, and the group of each. */
  #values = new Float64Array();
  #groups = new Float64Array();
  #length = 0;
  /** What parts brought that had too many values. */
  readonly #sketches = new Map<number, Sketch>();
  /** All of it by group; null when more has come since. */
  #settled: readonly (Float64Array | Sketch)[] | null = null;
  #groupCount = 0;

  reserve(groups: number): void {
    this.#groupCount = Math.max(this.#groupCount, groups);
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    const values = numbersOf(view!);
    this.#makeRoom(count);
    for (let i = 0; i < count; i++) {
      const value = values[rows[i]!]!;
      if (value === value) this.#push(value, groups[i]!);
    }
  }

  part(groups: number): FoldPart {
    const valueEnds = new Uint32Array(groups);
    const bucketEnds = new Uint32Array(groups);
    const values: number[] = [];
    const buckets: number[] = [];
    const bucketCounts: number[] = [];
    for (const [g, settled] of this.#settle().entries()) {
      if (settled instanceof Float64Array) {
        for (const value of settled) values.push(value);
      } else {
        for (const bucket of settled.buckets) buckets.push(bucket);
        for (const count of settled.counts) bucketCounts.push(count);
      }
      valueEnds[g] = values.length;
      bucketEnds[g] = buckets.length;
    }
    return {
      kind: "quantile",
      valueEnds,
      values: Float64Array.from(values),
      bucketEnds,
      buckets: Int32Array.from(buckets),
      bucketCounts: Float64Array.from(bucketCounts),
    };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "quantile", "percentiles are merged with percentiles");
    this.#makeRoom(part.values.length);
    let value = 0;
    let bucket = 0;
    for (let g = 0; g < groups.length; g++) {
      const group = groups[g]!;
      for (; value < part.valueEnds[g]!; value++) this.#push(part.values[value]!, group);
      const end = part.bucketEnds[g]!;
      if (end === bucket) continue;
      const sketch = {
        buckets: part.buckets.slice(bucket, end),
        counts: part.bucketCounts.slice(bucket, end),
      };
      const known = this.#sketches.get(group);
      this.#sketches.set(group, known === undefined ? sketch : mergeSketches(known, sketch));
      bucket = end;
    }
  }

  value(op: AggregateOp, group: number): number | null {
    const settled = this.#settle()[group]!;
    const percent = Number(op.slice(1));
    if (settled instanceof Float64Array) {
      return settled.length === 0 ? null : settled[rankOf(percent, settled.length) - 1]!;
    }
    return valueOfRank(settled, rankOf(percent, sizeOf(settled)));
  }

  #makeRoom(count: number): void {
    this.#settled = null;
    this.#values = withRoom(this.#values, this.#length + count);
    this.#groups = withRoom(this.#groups, this.#length + count);
  }

  #push(value: number, group: number): void {
    this.#values[this.#length] = value;
    this.#groups[this.#length++] = group;
  }

  /** Each group's values in ascending order, or the sketch of too many. */
  #settle(): readonly (Float64Array | Sketch)[] {
    this.#settled ??= this.#valuesByGroup().map((values, group) => {
      const sketch = this.#sketches.get(group);
      if (sketch !== undefined) {
        return values.length === 0 ? sketch : mergeSketches(sketch, sketchOf(values));
      }
      return values.length <= PERCENTILE_EXACT_VALUES_MAX ? values.sort() : sketchOf(values);
    });
    return this.#settled;
  }

  #valuesByGroup(): Float64Array[] {
    const counts = new Uint32Array(this.#groupCount);
    for (let i = 0; i < this.#length; i++) counts[this.#groups[i]!]!++;
    const lists = Array.from(counts, (count) => new Float64Array(count));
    for (let i = this.#length - 1; i >= 0; i--) {
      const group = this.#groups[i]!;
      lists[group]![--counts[group]!] = this.#values[i]!;
    }
    return lists;
  }
}

/** The rank of a percentile among `count` values, from 1. Whole percents keep the product exact. */
function rankOf(percent: number, count: number): number {
  return Math.ceil((percent * count) / 100);
}
