/** Counts rows, or the values of a field that are not null. */
import { assert, unreachable } from "../assert.ts";
import { BOOLEAN_NULL } from "./column-view.ts";
import { withRoom } from "./fold.ts";
import type { Fold } from "./fold.ts";
import type { AggregateOp, ColumnView, FoldPart } from "./plan.ts";

export class CountFold implements Fold {
  #counts = new Float64Array();

  reserve(groups: number): void {
    this.#counts = withRoom(this.#counts, groups);
  }

  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void {
    const counts = this.#counts;
    switch (view?.type) {
      case undefined:
      case "id":
        if (counts.length === 1) counts[0]! += count;
        else for (let i = 0; i < count; i++) counts[groups[i]!]!++;
        return;
      case "number":
      case "time":
        for (let i = 0; i < count; i++) {
          const value = view.values[rows[i]!]!;
          if (value === value) counts[groups[i]!]!++;
        }
        return;
      case "boolean":
        for (let i = 0; i < count; i++) {
          if (view.values[rows[i]!] !== BOOLEAN_NULL) counts[groups[i]!]!++;
        }
        return;
      case "string":
        for (let i = 0; i < count; i++) {
          if (view.codes[rows[i]!] !== 0) counts[groups[i]!]!++;
        }
        return;
      default:
        unreachable(view);
    }
  }

  part(groups: number): FoldPart {
    return { kind: "count", counts: this.#counts.slice(0, groups) };
  }

  absorb(part: FoldPart, groups: Uint32Array): void {
    assert(part.kind === "count", "a count is merged with a count");
    for (let g = 0; g < groups.length; g++) this.#counts[groups[g]!]! += part.counts[g]!;
  }

  value(_op: AggregateOp, group: number): number {
    return this.#counts[group]!;
  }
}
