/**
 * A mean that forgets: each value weighs half as much as one that is a half-life newer, whatever the pauses between
 * them. It is the weighted mean of all values so far, as `ewm(halflife=…, times=…).mean()` of pandas, kept up in the
 * manner of West (1979). A late value gets the weight that it would have had in time, so the order of values shows in
 * the last digits at most.
 */
import { WINDOW_MS_MAX } from "../../core/limits.ts";
import { finiteNumber, finiteResult, wholeNumber } from "./arguments.ts";
import { epochMsOf } from "./time.ts";
import type { TimeValue } from "./time.ts";

/** A plain object for a field of the state. Of no values: `newEwma()`. */
export interface Ewma {
  /** Null before the first value. */
  mean: number | null;
  /** Time of the newest value in epoch milliseconds; null before the first. */
  atMs: number | null;
  /** Sum of all weights: 1 for a value of `atMs`, less for older ones. */
  weight: number;
  /** Weighted sum of the squared distances from the mean. */
  squares: number;
}

export function newEwma(): Ewma {
  return { mean: null, atMs: null, weight: 0, squares: 0 };
}

/**
 * Counts a value in, in place. `halfLifeMs` is a whole number from 1 to a century, always the same for one state.
 * Throws, with the state unchanged, when the value or its time is not finite, or the squares go beyond a number.
 */
export function addToEwma(
  ewma: Ewma,
  time: TimeValue,
  value: number,
  options: { readonly halfLifeMs: number },
): void {
  const caller = "addToEwma";
  const at = epochMsOf(caller, "the time", time);
  finiteNumber(caller, "the value", value);
  const halfLifeMs = wholeNumber(caller, "halfLifeMs", options.halfLifeMs, 1, WINDOW_MS_MAX);
  const before = ewma.mean ?? value;
  const newestMs = Math.max(at, ewma.atMs ?? at);
  const decay = 2 ** (((ewma.atMs ?? at) - newestMs) / halfLifeMs);
  const added = 2 ** ((at - newestMs) / halfLifeMs);
  const weight = ewma.weight * decay + added;
  const distance = finiteResult(caller, "the distance from the mean", value - before);
  const mean = before + distance * (added / weight);
  const squares = ewma.squares * decay + added * distance * (value - mean);
  ewma.squares = finiteResult(caller, "the sum of squares", squares);
  ewma.weight = weight;
  ewma.atMs = newestMs;
  ewma.mean = mean;
}

/** The weighted standard deviation (of a population); null before the first value. */
export function ewmaDeviation({ weight, squares }: Readonly<Ewma>): number | null {
  return weight === 0 ? null : Math.sqrt(squares / weight);
}
