/** One roll-up over values that come and go. */
import { unreachable } from "../assert.ts";
import type { ReportedValue, Rollup } from "./declaration.ts";
import { ExactSum } from "./exact-sum.ts";

/** A child's value; undefined where its model does not report the field. */
export type Value = ReportedValue | undefined;

export interface Tally {
  add(value: Value): void;
  remove(value: Value): void;
  /** Whether what was removed can't be made up for: the tally must be made anew of all values. */
  readonly isStale: boolean;
  value(): number | string | null;
}

export function makeTally(rollup: Rollup): Tally {
  switch (rollup.op) {
    case "count":
      return new Count(rollup.field === undefined ? undefined : rollup.is);
    case "sum":
    case "mean":
      return new Sum(rollup.op);
    case "min":
      return new Extreme(isLess);
    case "max":
      return new Extreme((a, b) => isLess(b, a));
    case "worst":
      return new Worst(rollup.order);
    default:
      return unreachable(rollup);
  }
}

class Count implements Tally {
  readonly isStale = false;
  readonly #is: Value;
  #count = 0;

  constructor(is: Value) {
    this.#is = is;
  }

  add(value: Value): void {
    if (this.#is === undefined || value === this.#is) this.#count++;
  }

  remove(value: Value): void {
    if (this.#is === undefined || value === this.#is) this.#count--;
  }

  value(): number {
    return this.#count;
  }
}

class Sum implements Tally {
  readonly #op: "sum" | "mean";
  readonly #sum = new ExactSum();
  #count = 0;

  constructor(op: "sum" | "mean") {
    this.#op = op;
  }

  get isStale(): boolean {
    return this.#sum.isBroken;
  }

  add(value: Value): void {
    if (typeof value !== "number") return;
    this.#sum.add(value);
    this.#count++;
  }

  remove(value: Value): void {
    if (typeof value !== "number") return;
    this.#sum.add(-value);
    this.#count--;
  }

  /** Null also for a sum beyond the largest number, which JSON can't hold. */
  value(): number | null {
    if (this.#op === "mean" && this.#count === 0) return null;
    const sum = this.#sum.value();
    if (!Number.isFinite(sum)) return null;
    return this.#op === "sum" ? sum : sum / this.#count;
  }
}

/** The first value by an order, with how many have it: only when the last of these goes, all must be looked at. */
class Extreme implements Tally {
  isStale = false;
  readonly #isBefore: (a: number | string, b: number | string) => boolean;
  #best: number | string | null = null;
  #holders = 0;
  #count = 0;

  constructor(isBefore: (a: number | string, b: number | string) => boolean) {
    this.#isBefore = isBefore;
  }

  add(value: Value): void {
    if (typeof value !== "number" && typeof value !== "string") return;
    this.#count++;
    if (this.#best === null || this.#isBefore(value, this.#best)) {
      this.#best = value;
      this.#holders = 1;
      // What comes before the best of all that were, comes before all that are.
      this.isStale = false;
    } else if (value === this.#best) {
      this.#holders++;
      this.isStale = false;
    }
  }

  remove(value: Value): void {
    if (typeof value !== "number" && typeof value !== "string") return;
    this.#count--;
    if (value === this.#best) this.#holders--;
    if (this.#count === 0) {
      this.#best = null;
      this.#holders = 0;
      this.isStale = false;
    } else if (this.#holders === 0) this.isStale = true;
  }

  value(): number | string | null {
    return this.#best;
  }
}

/** Numbers come before texts; a field should have but one of them. */
function isLess(a: number | string, b: number | string): boolean {
  return typeof a === typeof b ? a < b : typeof a === "number";
}

class Worst implements Tally {
  readonly isStale = false;
  readonly #order: readonly string[];
  readonly #counts: number[];

  constructor(order: readonly string[]) {
    this.#order = order;
    this.#counts = order.map(() => 0);
  }

  add(value: Value): void {
    this.#change(value, 1);
  }

  remove(value: Value): void {
    this.#change(value, -1);
  }

  value(): string | null {
    return this.#order[this.#counts.findLastIndex((count) => count > 0)] ?? null;
  }

  #change(value: Value, by: 1 | -1): void {
    const at = typeof value === "string" ? this.#order.indexOf(value) : -1;
    if (at >= 0) this.#counts[at]! += by;
  }
}
