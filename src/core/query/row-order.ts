/** The order of listed twins: what is asked, nulls last in either direction, then the id. */
import { unreachable } from "../assert.ts";
import { BOOLEAN_NULL, booleansOf, codesOf, idsOf, numbersOf } from "./column-view.ts";
import type { ColumnView, RowPlan } from "./plan.ts";

/** A row and the columns it is in, one per field of the plan, of which the first is the id. */
export interface RowPlace {
  readonly views: readonly ColumnView[];
  readonly row: number;
}

/** Negative when `a` comes first, positive when `b` does; never 0 for two twins. */
export function compareRows(orderBy: RowPlan["orderBy"], a: RowPlace, b: RowPlace): number {
  for (const { field, desc } of orderBy) {
    const order = compareValues(a.views[field]!, a.row, b.views[field]!, b.row, desc);
    if (order !== 0) return order;
  }
  return compareTexts(idsOf(a.views[0]!)[a.row]!, idsOf(b.views[0]!)[b.row]!);
}

function compareValues(
  a: ColumnView,
  aRow: number,
  b: ColumnView,
  bRow: number,
  desc: boolean,
): number {
  switch (a.type) {
    case "number":
    case "time":
      return compareNumbers(a.values[aRow]!, numbersOf(b)[bRow]!, desc);
    case "boolean":
      return compareNumbers(numberOf(a.values[aRow]!), numberOf(booleansOf(b)[bRow]!), desc);
    case "string": {
      const aCode = a.codes[aRow]!;
      const bCode = codesOf(b)[bRow]!;
      if (aCode === 0 || bCode === 0) return Number(aCode === 0) - Number(bCode === 0);
      const bText = b.type === "string" ? b.dictionary[bCode - 1]! : "";
      const order = compareTexts(a.dictionary[aCode - 1]!, bText);
      return desc ? -order : order;
    }
    case "id": {
      const order = compareTexts(a.ids[aRow]!, idsOf(b)[bRow]!);
      return desc ? -order : order;
    }
    default:
      return unreachable(a);
  }
}

function numberOf(boolean: number): number {
  return boolean === BOOLEAN_NULL ? Number.NaN : boolean;
}

function compareNumbers(a: number, b: number, desc: boolean): number {
  if (a === b) return 0;
  if (a < b) return desc ? 1 : -1;
  if (a > b) return desc ? -1 : 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
