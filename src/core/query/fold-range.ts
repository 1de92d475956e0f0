/** The least and the greatest value, in one pass. Texts compare by UTF-16 units, and false is less than true. */
import { assert } from "../assert.ts";
import { columnOf, numbersOf, valueAt } from "./column-view.ts";
import { withRoom } from "./fold.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart, Scalar } from "./plan.ts";
import type { FieldType } from "../model.ts";

/** Of numbers and times. A group without a value keeps the infinities that it began with. */
export class NumberRangeFold implements Fold {
  readonly #type: "number" | "time";
  #least = new Float64Array();
  #greatest = new Float64Array();

  constructor(type: "number" | "time") {
    this.#type = type;
  }

  reserve(groups: number): void {
    this.#least = withRoom(this.#least, groups, Number.POSITIVE_INFINITY);
    this.#greatest = withRoom(this.#greatest, groups, Number.NEGATIVE_INFINITY);
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    const values = numbersOf(view!);
    const least = this.#least;
    const greatest = this.#greatest;
    for (let i = 0; i < count; i++) {
      const value = values[rows[i]!]!;
      const group = groups[i]!;
      // NaN, which is null, is neither less nor greater.
      if (value < least[group]!) least[group] = value;
      if (value > greatest[group]!) greatest[group] = value;
    }
  }

  part(groups: number): FoldPart {
    return {
      kind: "range",
      least: { type: this.#type, values: this.#least.slice(0, groups) },
      greatest: { type: this.#type, values: this.#greatest.slice(0, groups) },
    };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "range", "a range is merged with a range");
    const least = numbersOf(part.least);
    const greatest = numbersOf(part.greatest);
    for (let g = 0; g < groups.length; g++) {
      const group = groups[g]!;
      this.#least[group] = Math.min(this.#least[group]!, least[g]!);
      this.#greatest[group] = Math.max(this.#greatest[group]!, greatest[g]!);
    }
  }

  value(op: AggregateOp, group: number): number | null {
    const least = this.#least[group]!;
    const greatest = this.#greatest[group]!;
    if (least > greatest) return null;
    return op === "min" ? least : greatest;
  }
}

/** Of texts, ids and booleans. */
export class ScalarRangeFold implements Fold {
  readonly #type: FieldType;
  readonly #least: (Scalar | null)[] = [];
  readonly #greatest: (Scalar | null)[] = [];

  constructor(type: FieldType) {
    this.#type = type;
  }

  reserve(groups: number): void {
    for (let group = this.#least.length; group < groups; group++) {
      this.#least.push(null);
      this.#greatest.push(null);
    }
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#widen(groups[i]!, valueAt(view!, rows[i]!));
  }

  part(groups: number): FoldPart {
    return {
      kind: "range",
      least: columnOf(this.#type, this.#least.slice(0, groups)),
      greatest: columnOf(this.#type, this.#greatest.slice(0, groups)),
    };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "range", "a range is merged with a range");
    for (let g = 0; g < groups.length; g++) {
      this.#widen(groups[g]!, valueAt(part.least, g));
      this.#widen(groups[g]!, valueAt(part.greatest, g));
    }
  }

  value(op: AggregateOp, group: number): Scalar | null {
    return (op === "min" ? this.#least : this.#greatest)[group]!;
  }

  #widen(group: number, value: Scalar | null): void {
    if (value === null) return;
    const least = this.#least[group]!;
    const greatest = this.#greatest[group]!;
    if (least === null || value < least) this.#least[group] = value;
    if (greatest === null || value > greatest) this.#greatest[group] = value;
  }
}
