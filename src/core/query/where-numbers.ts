/** The loops that compare numbers. */
import { unreachable } from "../assert.ts";
import type { CompareOp } from "./plan.ts";

/**
 * Keeps the rows whose value compares: of the first `count` of `rows` they are moved to the front, and counted. A null
 * is NaN: neither less than anything, nor equal, nor greater.
 *
 * The loops have no branch to mispredict: every row is written where the next kept one goes, and only a kept one moves
 * that place on. V8's best compiler makes arithmetic of `Number(a < b)`, but a jump of `a < b ? 1 : 0` and a call where
 * its second best has put a small function into its caller. So all are in one function, too large for that: measured,
 * 1 ns a row instead of 3 to 7.
 */
export function keepCompared(
  op: CompareOp,
  literal: number,
  values: Float64Array,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0;
  switch (op) {
    case "=":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        rows[kept] = row;
        kept += Number(literal === values[row]);
      }
      return kept;
    case "!=":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const value = values[row]!;
        rows[kept] = row;
        kept += Number(value < literal) + Number(value > literal);
      }
      return kept;
    case "<":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        rows[kept] = row;
        kept += Number(values[row]! < literal);
      }
      return kept;
    case "<=":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        rows[kept] = row;
        kept += Number(values[row]! <= literal);
      }
      return kept;
    case ">":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        rows[kept] = row;
        kept += Number(values[row]! > literal);
      }
      return kept;
    case ">=":
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        rows[kept] = row;
        kept += Number(values[row]! >= literal);
      }
      return kept;
    default:
      return unreachable(op);
  }
}
