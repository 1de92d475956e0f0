/** Events for the property tests, and what is expected of them told naively. */
import fc from "fast-check";
import type { TimeValue } from "livetwin";

/** An event with its time in one of its three forms; `order` tells events of one time apart. */
export interface Reading {
  readonly timestamp: TimeValue;
  readonly order: number;
}

export interface Plain {
  readonly at: number;
  readonly order: number;
}

/** Few enough times that many are equal, around 1970 so that some are negative. */
export const nearMs = fc.integer({ min: -60, max: 60 });

/** Any whole millisecond of the calendar. */
export const anyMs = fc.integer({ min: -8.64e15, max: 8.64e15 });

/** A time in one of its forms. ISO 8601 has no years before 0 here, so far ones are numbers or Dates. */
export function timeValue(epochMs: fc.Arbitrary<number>): fc.Arbitrary<TimeValue> {
  return fc
    .tuple(epochMs, fc.constantFrom("number", "text", "date"))
    .map(([ms, form]) =>
      form === "number" ? ms : form === "date" ? new Date(ms) : new Date(ms).toISOString(),
    );
}

export const readings = fc
  .array(timeValue(nearMs), { maxLength: 60 })
  .map((times) => times.map((timestamp, order): Reading => ({ timestamp, order })));

export function msOf(time: TimeValue): number {
  return new Date(time).getTime();
}

export function plain({ timestamp, order }: Reading): Plain {
  return { at: msOf(timestamp), order };
}

/** In order of time, those of one time as they came. */
export function inOrder(events: readonly Reading[]): Reading[] {
  return events.toSorted((a, b) => msOf(a.timestamp) - msOf(b.timestamp) || a.order - b.order);
}

/** Readings of a device: with six decimals, of either sign, some many times larger than others. No -0. */
export const value = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((n) => Math.round(n * 1e6) / 1e6 + 0),
);

export const values = fc.array(value, { maxLength: 50 });

/** Greatest error of a floating-point result, as a part of the largest value that went into it. */
export const RELATIVE_ERROR = 1e-9;

/** Whether two results are the same but for rounding; `scale` is the size of what went in. */
export function isClose(left: number | null, right: number | null, scale: number): boolean {
  if (left === null || right === null) return left === right;
  return Math.abs(left - right) <= RELATIVE_ERROR * Math.max(scale, Number.MIN_VALUE);
}

export function scaleOf(numbers: readonly number[]): number {
  return Math.max(0, ...numbers.map(Math.abs));
}

export function naiveMean(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}

/** In two passes: the mean, then the distances from it. */
export function naiveVariance(numbers: readonly number[]): number | null {
  if (numbers.length < 2) return null;
  const mean = naiveMean(numbers)!;
  return numbers.reduce((sum, n) => sum + (n - mean) ** 2, 0) / (numbers.length - 1);
}
