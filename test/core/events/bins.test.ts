import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addToBins,
  addToSummary,
  mergeSummaries,
  newSummary,
  statisticsOf,
  summaryOf,
  trimBins,
  windowStartOf,
} from "livetwin";
import type { Bin, Summary } from "livetwin";
import { WINDOWS_MAX, WINDOW_MS_MAX } from "../../../src/core/limits.ts";
import {
  isClose,
  msOf,
  naiveMean,
  naiveVariance,
  nearMs,
  scaleOf,
  timeValue,
  value,
  values,
} from "./arbitraries.ts";

const HOUR_MS = 3_600_000;

/** A summary says the same as the values themselves: counts and extremes exactly, the rest but for rounding. */
function expectSummaryOf(summary: Readonly<Summary>, numbers: readonly number[]): void {
  const scale = scaleOf(numbers);
  const said = statisticsOf(summary);
  expect([said.count, said.min, said.max]).toEqual([
    numbers.length,
    numbers.length === 0 ? null : Math.min(...numbers),
    numbers.length === 0 ? null : Math.max(...numbers),
  ]);
  expect(
    isClose(said.sum, (naiveMean(numbers) ?? 0) * numbers.length, scale * numbers.length),
  ).toBe(true);
  expect(isClose(said.mean, naiveMean(numbers), scale)).toBe(true);
  expect(isClose(said.variance, naiveVariance(numbers), scale ** 2)).toBe(true);
  expect(said.standardDeviation).toBe(said.variance === null ? null : Math.sqrt(said.variance));
}

describe("a summary", () => {
  test("says of values one by one what two passes over all of them say", () => {
    fc.assert(
      fc.property(values, (numbers) => {
        const summary = newSummary();
        for (const number of numbers) addToSummary(summary, number);
        expectSummaryOf(summary, numbers);
        expect(summaryOf(numbers)).toEqual(summary);
      }),
    );
  });

  test("merged of parts, however they are split, is the summary of the whole; the parts stay", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (parts) => {
        const summaries = parts.map((part) => summaryOf(part));
        const before = structuredClone(summaries);
        expectSummaryOf(mergeSummaries(summaries), parts.flat());
        expect(summaries).toEqual(before);
      }),
    );
  });

  test("keeps sums of whole numbers exact, and the deviation of equal values at zero", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), value, (numbers, one) => {
        expect(summaryOf(numbers).sum).toBe(numbers.reduce((sum, n) => sum + n, 0));
        expect(statisticsOf(summaryOf(numbers.map(() => one))).standardDeviation).toBe(
          numbers.length === 1 ? null : 0,
        );
      }),
    );
  });

  test("of three times 0.1 has no deviation, whatever rounding makes of their mean", () => {
    const summary = summaryOf([0.1, 0.1, 0.1]);
    expect(summary.squares).toBeGreaterThan(0);
    expect(statisticsOf(summary).variance).toBe(0);
  });

  test("finds a small deviation far from zero", () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => 1e9 + (i % 2));
    expect(statisticsOf(summaryOf(numbers)).variance).toBeCloseTo(10_000 / 4 / 9_999, 9);
  });

  test("survives its way through JSON", () => {
    const summary = summaryOf([1, 2.5]);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(JSON.parse(JSON.stringify(newSummary()))).toEqual(newSummary());
  });

  test.each([
    [NaN, 1, "addToSummary: the value is NaN; it must be a finite number."],
    [Infinity, 1, "the value is Infinity;"],
    ["1", 1, 'the value is "1"; it must be a number.'],
    [undefined, 1, "the value is undefined;"],
    [1.7e308, 1e308, "the sum is beyond what a number holds; the values are too large."],
    [-1e200, 1, "the sum of squares is beyond what a number holds"],
  ])("refuses %s after %d, and stays as it was", (wrong, first, text) => {
    const summary = summaryOf([first]);
    const before = { ...summary };
    expect(() => addToSummary(summary, wrong as number)).toThrow(text);
    expect(summary).toEqual(before);
  });

  test("refuses to be merged beyond what a number holds", () => {
    expect(() => mergeSummaries([summaryOf([1e308]), summaryOf([1e308])])).toThrow(
      "mergeSummaries: the sum is beyond",
    );
    expect(() => mergeSummaries([summaryOf([1e200]), summaryOf([-1e200])])).toThrow(
      "mergeSummaries: the sum of squares is beyond",
    );
  });

  test("is told from what is none", () => {
    expect(() => statisticsOf(null as unknown as Summary)).toThrow(
      "statisticsOf: null is no summary.",
    );
    expect(() => statisticsOf({} as Summary)).toThrow("statisticsOf: an object is no summary.");
  });
});

interface Sample {
  readonly time: number | string | Date;
  readonly value: number;
}

const samples: fc.Arbitrary<Sample[]> = fc.array(fc.record({ time: timeValue(nearMs), value }), {
  maxLength: 50,
});

const options = fc.record({
  lengthMs: fc.integer({ min: 1, max: 30 }),
  countMax: fc.integer({ min: 1, max: 8 }),
});

/** Values by the start of their window. */
function grouped(all: readonly Sample[], lengthMs: number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const { time, value } of all.toSorted((a, b) => msOf(a.time) - msOf(b.time))) {
    const startMs = windowStartOf(time, lengthMs);
    groups.set(startMs, [...(groups.get(startMs) ?? []), value]);
  }
  return groups;
}

describe("bins", () => {
  test("say of each kept window what its values say, however late these come; the others are answered", () => {
    fc.assert(
      fc.property(samples, options, (all, { lengthMs, countMax }) => {
        const bins: Bin[] = [];
        const dropped: Bin[] = [];
        for (const { time, value } of all)
          dropped.push(...addToBins(bins, time, value, { lengthMs, countMax }));

        const groups = grouped(all, lengthMs);
        const newestMs = Math.max(...groups.keys());
        const kept = [...groups].filter(([startMs]) => startMs > newestMs - countMax * lengthMs);
        expect(bins.map(({ startMs }) => startMs)).toEqual(kept.map(([startMs]) => startMs));
        for (const [i, [, held]] of kept.entries()) expectSummaryOf(bins[i]!, held);
        expectSummaryOf(
          mergeSummaries([...bins, ...dropped]),
          all.map(({ value }) => value),
        );
      }),
    );
  });

  test("are the same, but for rounding, in whatever order values come, when none come too late", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 30 }), (all, lengthMs) => {
        const limits = { lengthMs, countMax: 200 };
        const bins: Bin[] = [];
        const inTime: Bin[] = [];
        for (const { time, value } of all) addToBins(bins, time, value, limits);
        const sorted = all.toSorted((a, b) => msOf(a.time) - msOf(b.time));
        for (const { time, value } of sorted) addToBins(inTime, time, value, limits);
        const facts = ({ startMs, count, min, max }: Bin): object => ({
          startMs,
          count,
          min,
          max,
        });
        expect(bins.map(facts)).toEqual(inTime.map(facts));
        const scale = scaleOf(all.map(({ value }) => value)) * all.length;
        for (const [i, { sum, squares }] of inTime.entries()) {
          expect(isClose(bins[i]!.sum, sum, scale)).toBe(true);
          expect(isClose(bins[i]!.squares, squares, scale ** 2)).toBe(true);
        }
      }),
    );
  });

  test("of the last 24 hours give up the hour 24 before the newest, and answer what came for it", () => {
    const day = { lengthMs: HOUR_MS, countMax: 24 };
    const bins: Bin[] = [];
    addToBins(bins, 0, 1, day);
    expect(addToBins(bins, 24 * HOUR_MS - 1, 2, day)).toEqual([]);
    expect(bins).toHaveLength(2);
    expect(addToBins(bins, 24 * HOUR_MS, 3, day)).toEqual([
      { startMs: 0, count: 1, sum: 1, squares: 0, min: 1, max: 1 },
    ]);
    expect(addToBins(bins, HOUR_MS - 1, 4, day)).toEqual([
      { startMs: 0, count: 1, sum: 4, squares: 0, min: 4, max: 4 },
    ]);
    expect(addToBins(bins, HOUR_MS, 5, day)).toEqual([]);
    expect(bins.map(({ startMs }) => startMs / HOUR_MS)).toEqual([1, 23, 24]);
  });

  test("age by a given time when nothing comes", () => {
    const day = { lengthMs: HOUR_MS, countMax: 24 };
    const bins: Bin[] = [];
    for (const hour of [0, 1, 2]) addToBins(bins, hour * HOUR_MS, hour, day);
    expect(trimBins(bins, { ...day, now: 25 * HOUR_MS - 1 })).toHaveLength(1);
    expect(addToBins(bins, 3 * HOUR_MS, 3, { ...day, now: 25 * HOUR_MS })).toHaveLength(1);
    expect(bins.map(({ startMs }) => startMs / HOUR_MS)).toEqual([2, 3]);
    expect(trimBins(bins, { ...day, now: 99 * HOUR_MS })).toHaveLength(2);
    expect(trimBins(bins, { ...day, now: 99 * HOUR_MS })).toEqual([]);
  });

  test("begin where `alignTo` says", () => {
    const bins: Bin[] = [];
    const options = { lengthMs: 24 * HOUR_MS, countMax: 2, alignTo: "2026-01-01T00:00+01:00" };
    addToBins(bins, "2026-11-22T22:59:59Z", 1, options);
    addToBins(bins, "2026-11-22T23:00:00Z", 2, options);
    expect(bins.map(({ startMs }) => startMs)).toEqual([
      Date.UTC(2026, 10, 21, 23),
      Date.UTC(2026, 10, 22, 23),
    ]);
  });

  test.each([
    [0, NaN, {}, "addToBins: the value is NaN;"],
    [NaN, 1, {}, "addToBins: the time is NaN;"],
    [0, 1, { lengthMs: 0 }, "addToBins: lengthMs is 0;"],
    [0, 1, { lengthMs: WINDOW_MS_MAX + 1 }, "lengthMs is"],
    [0, 1, { countMax: 0 }, "addToBins: countMax is 0;"],
    [
      0,
      1,
      { countMax: WINDOWS_MAX + 1 },
      "countMax is 10001; it must be a whole number from 1 to 10000.",
    ],
    [0, 1, { now: "soon" }, 'addToBins: now is "soon";'],
    [0, 1, { alignTo: 0.5 }, "addToBins: alignTo is 0.5;"],
  ])("refuse what is wrong, and stay as they were: %j, %j, %j", (time, wrong, extra, text) => {
    const bins: Bin[] = [];
    addToBins(bins, 0, 1, { lengthMs: 10, countMax: 2 });
    const before = structuredClone(bins);
    const options = { lengthMs: 10, countMax: 2, ...extra };
    expect(() => addToBins(bins, time, wrong, options)).toThrow(text);
    expect(bins).toEqual(before);
  });

  test("may be as many as the limit, and as long as a century", () => {
    const options = { lengthMs: WINDOW_MS_MAX, countMax: WINDOWS_MAX };
    expect(addToBins([], 0, 1, options)).toEqual([]);
  });
});
