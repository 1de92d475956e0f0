/**
 * Statistics of values in a list, a window, or anything else that can be iterated. Without a value, or with too few,
 * they are null, which a state can hold; a value that is no finite number is refused with the function's name.
 */
import { max, mean, min, quickselect, sampleStandardDeviation, sum } from "simple-statistics";
import { checkFunction, checkIterable, finiteNumber, finiteResult, shown } from "./arguments.ts";
import { ewmaDeviation } from "./ewma.ts";
import type { Ewma } from "./ewma.ts";
import { countIn, newSummary, statisticsOf } from "./summary.ts";
import type { Summary } from "./summary.ts";

/** Reads the value of an item; may be left out for numbers. */
export type ValueArgument<T> = [T] extends [number]
  ? [valueOf?: (item: T) => number]
  : [valueOf: (item: T) => number];

/** Zero for no values. Added up with Neumaier's correction, so that small values are not lost among large ones. */
export function sumOf<T>(items: Iterable<T>, ...[valueOf]: ValueArgument<NoInfer<T>>): number {
  return finiteResult("sumOf", "the sum", sum(valuesOf("sumOf", items, valueOf)));
}

export function meanOf<T>(
  items: Iterable<T>,
  ...[valueOf]: ValueArgument<NoInfer<T>>
): number | null {
  const values = valuesOf("meanOf", items, valueOf);
  return values.length === 0 ? null : finiteResult("meanOf", "the sum", mean(values));
}

export function minOf<T>(
  items: Iterable<T>,
  ...[valueOf]: ValueArgument<NoInfer<T>>
): number | null {
  const values = valuesOf("minOf", items, valueOf);
  return values.length === 0 ? null : min(values);
}

export function maxOf<T>(
  items: Iterable<T>,
  ...[valueOf]: ValueArgument<NoInfer<T>>
): number | null {
  const values = valuesOf("maxOf", items, valueOf);
  return values.length === 0 ? null : max(values);
}

/** Of a sample (divided by n - 1), as `stddev` in queries; null for fewer than two values. */
export function standardDeviationOf<T>(
  items: Iterable<T>,
  ...[valueOf]: ValueArgument<NoInfer<T>>
): number | null {
  const values = valuesOf("standardDeviationOf", items, valueOf);
  return values.length < 2 ? null : deviationOf("standardDeviationOf", values);
}

/**
 * A percentile by nearest rank, as in queries: the smallest value that at least `percent` % of the values do not
 * exceed. It is one of the values; 0 is the minimum, 100 the maximum, 50 of an even number the lower of the middle two.
 */
export function percentileOf<T>(
  items: Iterable<T>,
  percent: number,
  ...[valueOf]: ValueArgument<NoInfer<T>>
): number | null {
  finiteNumber("percentileOf", "percent", percent);
  if (percent < 0 || percent > 100)
    throw new RangeError(`percentileOf: percent is ${percent}; it must be from 0 to 100.`);
  const values = valuesOf("percentileOf", items, valueOf);
  if (values.length === 0) return null;
  const rank = Math.max(1, Math.ceil((percent * values.length) / 100));
  quickselect(values, rank - 1);
  return values[rank - 1]!;
}

/** All of a list's values in one summary. */
export function summaryOf<T>(items: Iterable<T>, ...[valueOf]: ValueArgument<NoInfer<T>>): Summary {
  const summary = newSummary();
  for (const value of valuesOf("summaryOf", items, valueOf)) countIn("summaryOf", summary, value);
  return summary;
}

/**
 * How many standard deviations a value is above (or, below zero, under) the mean of others: of a list of numbers, of a
 * summary, or of a mean that forgets. Score a value before it is added, or it is compared with itself, too.
 *
 * Null while there is no deviation to measure by: fewer than two values, or all of them equal.
 */
export function zScoreOf(
  value: number,
  others: Iterable<number> | Readonly<Summary> | Readonly<Ewma>,
): number | null {
  finiteNumber("zScoreOf", "the value", value);
  const { center, deviation } = spreadOf(others);
  if (center === null || deviation === null || deviation === 0) return null;
  return finiteResult("zScoreOf", "the score", (value - center) / deviation);
}

interface Spread {
  readonly center: number | null;
  readonly deviation: number | null;
}

function spreadOf(others: Iterable<number> | Readonly<Summary> | Readonly<Ewma>): Spread {
  if (typeof others !== "object" || others === null)
    throw new TypeError(`zScoreOf: ${shown(others)} is no list of numbers, summary or EWMA.`);
  if ("weight" in others) return { center: others.mean, deviation: ewmaDeviation(others) };
  if ("count" in others && "squares" in others) {
    const { mean, standardDeviation } = statisticsOf(others);
    return { center: mean, deviation: standardDeviation };
  }
  const values = valuesOf("zScoreOf", others);
  if (values.length < 2) return { center: null, deviation: null };
  return { center: mean(values), deviation: deviationOf("zScoreOf", values) };
}

function deviationOf(caller: string, values: readonly number[]): number {
  // Rounding would leave a trace of a deviation where all values are equal.
  if (values.every((value) => value === values[0])) return 0;
  return finiteResult(caller, "the sum of squares", sampleStandardDeviation(values));
}

/** The values as a list of their own, each checked. */
function valuesOf<T>(caller: string, items: Iterable<T>, valueOf: unknown = itself): number[] {
  checkIterable(caller, items);
  checkFunction(caller, "valueOf", valueOf);
  const values: number[] = [];
  for (const item of items) {
    const value = (valueOf as (item: T) => unknown)(item);
    values.push(finiteNumber(caller, `value ${values.length}`, value));
  }
  return values;
}

function itself(item: unknown): unknown {
  return item;
}
