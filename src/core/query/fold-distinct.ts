/** How many different values there are: exactly, by remembering them all. Whoever adds looks at `size` for its bound. */
import { assert } from "../assert.ts";
import { columnOf, valueAt } from "./column-view.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart, Scalar } from "./plan.ts";
import type { FieldType } from "../model.ts";

export class DistinctFold implements Fold {
  readonly #type: FieldType;
  readonly #sets: Set<Scalar>[] = [];

  constructor(type: FieldType) {
    this.#type = type;
  }

  /** Values remembered, over all groups. */
  get size(): number {
    return this.#sets.reduce((size, set) => size + set.size, 0);
  }

  reserve(groups: number): void {
    while (this.#sets.length < groups) this.#sets.push(new Set());
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = valueAt(view!, rows[i]!);
      if (value !== null) this.#sets[groups[i]!]!.add(value);
    }
  }

  part(groups: number): FoldPart {
    const ends = new Uint32Array(groups);
    const values: Scalar[] = [];
    for (let g = 0; g < groups; g++) {
      for (const value of this.#sets[g]!) values.push(value);
      ends[g] = values.length;
    }
    return { kind: "distinct", ends, values: columnOf(this.#type, values) };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "distinct", "different values are merged with different values");
    let at = 0;
    for (let g = 0; g < groups.length; g++) {
      const set = this.#sets[groups[g]!]!;
      for (const end = part.ends[g]!; at < end; at++) set.add(valueAt(part.values, at)!);
    }
  }

  value(_op: AggregateOp, group: number): number {
    return this.#sets[group]!.size;
  }
}
