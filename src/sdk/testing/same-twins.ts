/** Holds two runs of the same call together: what a twin's fields do not decide shows as a difference. */
import { viewOf } from "../../core/cell/view.ts";
import type { MockCells } from "./mock-cells.ts";

/** Throws an error that names a twin which came out differently. */
export function assertSameTwins(first: MockCells, second: MockCells): void {
  for (const [model, cell] of first.all()) {
    const other = second.cellOf(model);
    for (const id of new Set([...cell.table.ids, ...other.table.ids])) {
      if (id === undefined) continue;
      const view = JSON.stringify(viewOf(cell, id));
      const otherView = JSON.stringify(viewOf(other, id));
      if (view !== otherView) differ(`Twin "${id}" of model ${model}`, view, otherView);
    }
  }
}

/** Throws an error when a call was answered differently. */
export function assertSameAnswer(first: unknown, second: unknown): void {
  const answer = JSON.stringify(first);
  const otherAnswer = JSON.stringify(second);
  if (answer !== otherAnswer) differ("The answer", answer, otherAnswer);
}

function differ(what: string, first: string, second: string): never {
  throw new Error(
    `${what} is not decided by fields alone: the same call gave ${first}, and repeated ${second}. ` +
      "A module variable, a private member, Date.now or Math.random takes part.",
  );
}
