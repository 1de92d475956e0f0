import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  maxOf,
  meanOf,
  minOf,
  newSummary,
  percentileOf,
  standardDeviationOf,
  sumOf,
  summaryOf,
  tumblingWindows,
  zScoreOf,
} from "livetwin";
import { addToEwma, newEwma } from "livetwin";
import { isClose, naiveMean, naiveVariance, scaleOf, value, values } from "./arbitraries.ts";

describe("statistics of a list", () => {
  test("are what two passes over the values say", () => {
    fc.assert(
      fc.property(values, (numbers) => {
        const scale = scaleOf(numbers);
        const variance = naiveVariance(numbers);
        expect(
          isClose(
            sumOf(numbers),
            (naiveMean(numbers) ?? 0) * numbers.length,
            scale * numbers.length,
          ),
        ).toBe(true);
        expect(isClose(meanOf(numbers), naiveMean(numbers), scale)).toBe(true);
        expect(minOf(numbers)).toBe(numbers.length === 0 ? null : Math.min(...numbers));
        expect(maxOf(numbers)).toBe(numbers.length === 0 ? null : Math.max(...numbers));
        const deviation = standardDeviationOf(numbers);
        expect(isClose(deviation === null ? null : deviation ** 2, variance, scale ** 2)).toBe(
          true,
        );
      }),
    );
  });

  test("read a value of each item, of lists and windows alike", () => {
    const list = [1, 2, 6, 7].map((n) => ({ timestamp: n, n }));
    const [early, late] = tumblingWindows(list, { lengthMs: 5 });
    expect(meanOf(early!, ({ n }) => n)).toBe(1.5);
    expect(sumOf(late!, ({ n }) => n)).toBe(13);
    expect(maxOf(list, ({ n }) => -n)).toBe(-1);
    // @ts-expect-error -- of what is no number, the value must be said.
    expect(() => meanOf(list)).toThrow("meanOf: value 0 is an object; it must be a number.");
  });

  test("add up small values among large ones", () => {
    expect(sumOf([1e16, 1, -1e16])).toBe(1);
    expect(meanOf(Array.from({ length: 10 }, () => 0.1))).toBe(0.1);
  });

  test("of equal values have no deviation, of one value none that is known", () => {
    expect(standardDeviationOf([0.1, 0.1, 0.1])).toBe(0);
    expect(standardDeviationOf([0.1])).toBe(null);
  });
});

describe("a percentile", () => {
  test("is the smallest value that so many percent of the values do not exceed", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 800 }),
        fc.integer({ min: 0, max: 100 }),
        (numbers, percent) => {
          const reaching = numbers.filter(
            (candidate) =>
              numbers.filter((n) => n <= candidate).length * 100 >= percent * numbers.length,
          );
          expect(percentileOf(numbers, percent)! + 0).toBe(Math.min(...reaching) + 0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("leaves the list in its order, and is one of its values", () => {
    const numbers = [5, 1, 4, 2, 3, 6];
    expect([0, 50, 51, 99.9, 100].map((percent) => percentileOf(numbers, percent))).toEqual([
      1, 3, 4, 6, 6,
    ]);
    expect(numbers).toEqual([5, 1, 4, 2, 3, 6]);
    expect(percentileOf([], 50)).toBe(null);
  });

  test.each([
    [-1, "percentileOf: percent is -1; it must be from 0 to 100."],
    [100.5, "percent is 100.5;"],
    [NaN, "percent is NaN; it must be a finite number."],
  ])("of %d is refused", (percent, text) => {
    expect(() => percentileOf([1], percent)).toThrow(text);
  });
});

describe("a z-score", () => {
  test("is the distance from the mean in deviations, of a list as of its summary", () => {
    fc.assert(
      fc.property(
        value,
        fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 30 }),
        (score, numbers) => {
          const deviation = Math.sqrt(naiveVariance(numbers) ?? 0);
          const expected = deviation === 0 ? null : (score - naiveMean(numbers)!) / deviation;
          const scale = Math.abs(expected ?? 0) + 1;
          expect(isClose(zScoreOf(score, numbers), expected, scale)).toBe(true);
          expect(isClose(zScoreOf(score, summaryOf(numbers)), expected, scale)).toBe(true);
        },
      ),
    );
  });

  test("of a mean that forgets is by its own weights", () => {
    const ewma = newEwma();
    expect(zScoreOf(1, ewma)).toBe(null);
    addToEwma(ewma, 0, 4, { halfLifeMs: 10 });
    expect(zScoreOf(1, ewma)).toBe(null);
    addToEwma(ewma, 10, 10, { halfLifeMs: 10 });
    // Weights 1/2 and 1: mean 8, variance (16 · 1/2 + 4 · 1) / 1.5 = 8.
    expect(zScoreOf(16, ewma)).toBeCloseTo(8 / Math.sqrt(8), 12);
  });

  test("is not known where nothing deviates", () => {
    expect(zScoreOf(1, [])).toBe(null);
    expect(zScoreOf(1, [0])).toBe(null);
    expect(zScoreOf(1, [0.1, 0.1, 0.1])).toBe(null);
    expect(zScoreOf(1, newSummary())).toBe(null);
  });

  test.each([
    [NaN, [1, 2], "zScoreOf: the value is NaN;"],
    [1, [1, NaN], "zScoreOf: value 1 is NaN;"],
    [1, null, "zScoreOf: null is no list of numbers, summary or EWMA."],
    [1, {}, "zScoreOf: an object is no list of events or values."],
    [1e308, [0, 1e-9], "zScoreOf: the score is beyond what a number holds"],
  ])("of %d among %j is refused", (score, others, text) => {
    expect(() => zScoreOf(score, others as number[])).toThrow(text);
  });
});

describe("what is wrong is refused with the function and the value", () => {
  const functions = [sumOf, meanOf, minOf, maxOf, standardDeviationOf, summaryOf];

  test.each(functions.map((f) => [f.name, f] as const))("by %s", (name, f) => {
    expect(() => f([1, NaN])).toThrow(`${name}: value 1 is NaN; it must be a finite number.`);
    expect(() => f([Infinity])).toThrow(RangeError);
    expect(() => f([1, "2" as unknown as number])).toThrow(
      `${name}: value 1 is "2"; it must be a number.`,
    );
    expect(() => f([undefined as unknown as number])).toThrow(TypeError);
    expect(() => f(null as unknown as number[])).toThrow(
      `${name}: null is no list of events or values.`,
    );
    expect(() => f([1], "temp" as unknown as () => number)).toThrow(
      `${name}: valueOf is "temp"; it must be a function.`,
    );
  });

  test.each([
    ["sumOf", () => sumOf([1e308, 1e308])],
    ["meanOf", () => meanOf([1e308, 1e308])],
    ["standardDeviationOf", () => standardDeviationOf([1e200, -1e200])],
    ["summaryOf", () => summaryOf([1e308, 1e308])],
  ])("by %s where the result would be no number", (name, call) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(new RegExp(`^${name}: the sum.* is beyond what a number holds`));
  });
});
