/**
 * Running statistics that keep no values: a summary is a small plain object in a field of the state.
 *
 * It holds the count, the sum and the sum of squared distances from the mean, kept up value by value after Youngs and
 * Cramer (1971) and merged after Chan, Golub and LeVeque (1979): no difference of large squares is taken, and the
 * order of values shows in the last digits at most. Sums of whole numbers are exact up to 2^53.
 */
import { finiteNumber, finiteResult, shown } from "./arguments.ts";

/** Statistics of values that are not kept. Of no values: `newSummary()`. */
export interface Summary {
  count: number;
  sum: number;
  /** Sum of the squared distances from the mean. */
  squares: number;
  /** Null before the first value. */
  min: number | null;
  max: number | null;
}

/** What a summary says; null where there are too few values to say it. */
export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Of a sample (divided by n - 1), as `stddev` in queries; null for fewer than two values. */
  readonly variance: number | null;
  readonly standardDeviation: number | null;
}

export function newSummary(): Summary {
  return { count: 0, sum: 0, squares: 0, min: null, max: null };
}

/** Counts a value in, in place. Throws, with the summary unchanged, when the value or the new sum is not finite. */
export function addToSummary(summary: Summary, value: number): void {
  countIn("addToSummary", summary, value);
}

/** The same for a caller of another name. */
export function countIn(caller: string, summary: Summary, value: number): void {
  finiteNumber(caller, "the value", value);
  const count = summary.count + 1;
  const sum = finiteResult(caller, "the sum", summary.sum + value);
  // In the formula's n·x − T, divided before it is squared, so that it does not overflow early.
  const distance = count === 1 ? 0 : value - sum / count;
  const added = count === 1 ? 0 : distance * distance * (count / (count - 1));
  summary.squares = finiteResult(caller, "the sum of squares", summary.squares + added);
  summary.count = count;
  summary.sum = sum;
  summary.min = Math.min(value, summary.min ?? value);
  summary.max = Math.max(value, summary.max ?? value);
}

/** One summary of all that these summarize, as of hours for their day. The parts stay as they are. */
export function mergeSummaries(parts: Iterable<Readonly<Summary>>): Summary {
  let total = newSummary();
  for (const part of parts) {
    if (part.count === 0) continue;
    total = total.count === 0 ? copyOf(part) : merged(total, part);
  }
  return total;
}

/** Reads a summary. */
export function statisticsOf(summary: Readonly<Summary>): Statistics {
  if (typeof summary?.count !== "number")
    throw new TypeError(`statisticsOf: ${shown(summary)} is no summary.`);
  const { count, sum, min, max } = summary;
  // Rounding would leave a trace of a deviation where all values are equal.
  const squares = min === max ? 0 : summary.squares;
  const variance = count < 2 ? null : squares / (count - 1);
  return {
    count,
    sum,
    mean: count === 0 ? null : sum / count,
    min,
    max,
    variance,
    standardDeviation: variance === null ? null : Math.sqrt(variance),
  };
}

/** The fields of a summary alone: a bin has more. */
function copyOf({ count, sum, squares, min, max }: Readonly<Summary>): Summary {
  return { count, sum, squares, min, max };
}

function merged(left: Readonly<Summary>, right: Readonly<Summary>): Summary {
  const caller = "mergeSummaries";
  const count = left.count + right.count;
  const distance = right.sum / right.count - left.sum / left.count;
  const between = distance * distance * ((left.count / count) * right.count);
  const squares = left.squares + right.squares + between;
  return {
    count,
    sum: finiteResult(caller, "the sum", left.sum + right.sum),
    squares: finiteResult(caller, "the sum of squares", squares),
    min: Math.min(left.min ?? Infinity, right.min ?? Infinity),
    max: Math.max(left.max ?? -Infinity, right.max ?? -Infinity),
  };
}
