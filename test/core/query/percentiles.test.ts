import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { PERCENTILE_ERROR, PERCENTILE_EXACT_VALUES_MAX } from "../../../src/core/limits.ts";
import { mergeSketches, sizeOf, sketchOf, valueOfRank } from "../../../src/core/query/sketch.ts";
import { SEED } from "./arbitraries.ts";
import { answerOf, planOf, rowOf, tableOf, valueOf } from "./tables.ts";

const PLAN = planOf({
  aggregates: [
    { op: "p50", field: "level" },
    { op: "p90", field: "level" },
    { op: "p99", field: "level" },
  ],
});

function percentilesOf(...shards: readonly (readonly number[])[]): unknown {
  const tables = shards.map((levels, cell) =>
    tableOf(new Map([[cell, levels.map((level, i) => rowOf(`${cell}-${i}`, { level }))]])),
  );
  return valueOf(answerOf(PLAN, tables)).rows[0];
}

/** 1 to `count`, not in order. */
const upTo = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => ((i * 7_919) % count) + 1);

describe("percentiles", () => {
  test("are the nearest rank: a value that is there", () => {
    expect(percentilesOf([7])).toEqual([7, 7, 7]);
    expect(percentilesOf([1, 2])).toEqual([1, 2, 2]);
    expect(percentilesOf(upTo(100))).toEqual([50, 90, 99]);
    expect(percentilesOf(upTo(101))).toEqual([51, 91, 100]);
  });

  test(`are exact for ${PERCENTILE_EXACT_VALUES_MAX} values, and near for one more`, () => {
    const max = PERCENTILE_EXACT_VALUES_MAX;
    expect(percentilesOf(upTo(max))).toEqual([max / 2, max * 0.9, max * 0.99]);
    const near = percentilesOf(upTo(max + 1)) as number[];
    const exact = [max / 2 + 1, max * 0.9 + 1, max * 0.99 + 1];
    expect(near).not.toEqual(exact);
    for (const [i, value] of exact.entries()) {
      expect(Math.abs(near[i]! - value)).toBeLessThanOrEqual(PERCENTILE_ERROR * value);
    }
  });

  test.each([PERCENTILE_EXACT_VALUES_MAX, PERCENTILE_EXACT_VALUES_MAX + 1, 6_000])(
    "of %d values are the same however these are split",
    (count) => {
      // In order, so that each part has other values and to lose one would show.
      const values = upTo(count).toSorted((a, b) => a - b);
      const whole = percentilesOf(values);
      for (const at of [1, 500, Math.floor(count / 2), count - 500, count - 1]) {
        expect(percentilesOf(values.slice(0, at), values.slice(at))).toEqual(whole);
      }
      const third = Math.ceil(count / 3);
      const thirds = [0, 1, 2].map((i) => values.slice(i * third, (i + 1) * third));
      expect(percentilesOf([], ...thirds)).toEqual(whole);
    },
  );

  test("are of each group by itself, exact or not", () => {
    const plan = planOf({ groupBy: ["kind"], aggregates: [{ op: "p50", field: "level" }] });
    const rows = [
      ...upTo(5_000).map((level, i) => rowOf(`a${i}`, { kind: "many", level })),
      ...upTo(9).map((level, i) => rowOf(`b${i}`, { kind: "few", level })),
      rowOf("c", { kind: "none" }),
    ];
    const shards = [0, 1].map((shard) =>
      tableOf(new Map([[shard, rows.filter((_, i) => i % 2 === shard)]])),
    );
    const [few, many, none] = valueOf(answerOf(plan, shards)).rows;
    expect([few, none]).toEqual([
      ["few", 5],
      ["none", null],
    ]);
    expect(many![1]).toBeGreaterThanOrEqual(2_500 * (1 - PERCENTILE_ERROR));
    expect(many![1]).toBeLessThanOrEqual(2_500 * (1 + PERCENTILE_ERROR));
  });
});

describe("a sketch", () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const numbers = fc.array(number, { minLength: 1, maxLength: 50 });

  test("tells every rank within the promised error, for any numbers", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const sketch = sketchOf(Float64Array.from(values));
        expect(sizeOf(sketch)).toBe(values.length);
        for (const [i, exact] of values.toSorted((a, b) => a - b).entries()) {
          const error = Math.abs(valueOfRank(sketch, i + 1) - exact);
          // The least numbers have fewer digits than the error asks for; a few bits more are the logarithm's.
          expect(error).toBeLessThanOrEqual(
            PERCENTILE_ERROR * Math.abs(exact) * (1 + 1e-9) + Number.MIN_VALUE,
          );
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test("of two is the sketch of both", () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const merged = mergeSketches(
          sketchOf(Float64Array.from(left)),
          sketchOf(Float64Array.from(right)),
        );
        expect(merged).toEqual(sketchOf(Float64Array.from([...left, ...right])));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("holds the extremes of what a number can be", () => {
    const extremes = [-Number.MAX_VALUE, -Number.MIN_VALUE, 0, Number.MIN_VALUE, Number.MAX_VALUE];
    const sketch = sketchOf(Float64Array.from(extremes));
    expect(sketch.buckets).toHaveLength(5);
    for (const [i, value] of extremes.entries()) {
      expect(Math.abs(valueOfRank(sketch, i + 1) - value)).toBeLessThanOrEqual(
        PERCENTILE_ERROR * Math.abs(value),
      );
    }
  });
});
