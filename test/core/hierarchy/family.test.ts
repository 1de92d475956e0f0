import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExactSum } from "../../../src/core/hierarchy/exact-sum.ts";
import { Family } from "../../../src/core/hierarchy/family.ts";
import type { ChildReport, Rollups } from "../../../src/core/hierarchy/declaration.ts";

const double = fc.double({ noNaN: true, min: -1e300, max: 1e300 });

/** Numbers as whole multiples of the smallest one: their sum is exact. */
function exactly(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + inSmallest(value), 0n);
}

function inSmallest(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  const size = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return value < 0 ? -size : size;
}

describe("an exact sum", () => {
  test("is the number nearest to the sum of what is in it, in whatever order it came and went", () => {
    fc.assert(
      fc.property(fc.array(double, { maxLength: 20 }), fc.array(double), (kept, gone) => {
        const sum = new ExactSum();
        for (const value of gone) sum.add(value);
        for (const value of kept) sum.add(value);
        for (const value of gone.toReversed()) sum.add(-value);
        const exact = exactly(kept);
        const value = sum.value();
        // Neither neighbour is nearer.
        const off = abs(inSmallest(value) - exact);
        for (const other of neighbours(value))
          expect(abs(inSmallest(other) - exact) >= off).toBe(true);
      }),
    );
  });

  test("of what all went is 0", () => {
    const sum = new ExactSum();
    for (const value of [0.1, 1e300, -3, 0.2]) sum.add(value);
    for (const value of [-0.2, 3, -0.1, -1e300]) sum.add(value);
    expect(sum.value()).toBe(0);
  });

  test("beyond the largest number is broken", () => {
    const sum = new ExactSum();
    sum.add(1.7e308);
    expect(sum.isBroken).toBe(false);
    sum.add(1.7e308);
    expect(sum.isBroken).toBe(true);
  });
});

const ROLLUPS: Rollups = {
  count: { op: "count" },
  countOfA: { op: "count", of: "A" },
  high: { op: "count", field: "n", is: 5 },
  sum: { op: "sum", field: "n" },
  mean: { op: "mean", field: "n", of: ["A", "B"] },
  min: { op: "min", field: "n" },
  max: { op: "max", field: "n" },
  first: { op: "min", field: "text" },
  last: { op: "max", field: "text" },
  worst: { op: "worst", field: "text", order: ["a", "b", "c"] },
};

const child = fc.record({
  model: fc.constantFrom("A", "B", "C"),
  id: fc.constantFrom("1", "2", "3"),
  values: fc.record({
    n: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom(null, 0.1, -7.3, 1e200)),
    text: fc.constantFrom("a", "b", "c", "none", null),
  }),
});

/** What a family of these children says, looked at all at once. */
function recomputed(children: readonly ChildReport[]): Record<string, unknown> {
  const family = new Family(ROLLUPS);
  for (const each of children) family.set(each);
  const numbers = (of: readonly ChildReport[]): number[] =>
    of.flatMap(({ values: { n } }) => (typeof n === "number" ? [n] : []));
  const texts = children.flatMap(({ values: { text } }) =>
    typeof text === "string" ? [text] : [],
  );
  const all = numbers(children);
  const ofAB = numbers(children.filter(({ model }) => model !== "C"));
  return {
    count: children.length,
    countOfA: children.filter(({ model }) => model === "A").length,
    high: all.filter((n) => n === 5).length,
    sum: exactSum(all),
    mean: ofAB.length === 0 ? null : exactSum(ofAB) / ofAB.length,
    min: all.length === 0 ? null : Math.min(...all),
    max: all.length === 0 ? null : Math.max(...all),
    first: texts.toSorted()[0] ?? null,
    last: texts.toSorted().at(-1) ?? null,
    worst: ["c", "b", "a"].find((text) => texts.includes(text)) ?? null,
  };
}

function exactSum(values: readonly number[]): number {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.value();
}

describe("a family", () => {
  test("has the roll-ups that all its children together give, after each change", () => {
    const change = fc.record({ child, leaves: fc.boolean(), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const family = new Family(ROLLUPS);
        const known = new Map<string, ChildReport>();
        for (const { child: each, leaves, isRead } of changes) {
          const key = `${each.model}/${each.id}`;
          if (leaves) {
            family.delete(each);
            known.delete(key);
          } else {
            family.set(each);
            known.set(key, each);
          }
          if (isRead) expect(family.rollups()).toEqual(recomputed([...known.values()]));
        }
        expect(family.rollups()).toEqual(recomputed([...known.values()]));
        expect(family.size).toBe(known.size);
        expect(family.sorted().map(({ model, id }) => `${model}/${id}`)).toEqual(
          [...known.keys()].toSorted(),
        );
      }),
    );
  });

  test("whose sum is beyond the largest number has none until it is not any more", () => {
    const family = new Family({ sum: { op: "sum", field: "n" }, mean: { op: "mean", field: "n" } });
    const of = (id: string, n: number): ChildReport => ({ model: "A", id, values: { n } });
    family.set(of("1", 1.7e308));
    family.set(of("2", 1.7e308));
    expect(family.rollups()).toEqual({ sum: null, mean: null });
    family.set(of("2", 2));
    family.delete(of("1", 0));
    expect(family.rollups()).toEqual({ sum: 2, mean: 2 });
  });
});

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The next number up and down. */
function neighbours(value: number): readonly number[] {
  if (value === 0) return [5e-324, -5e-324];
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return [1n, -1n].map((by) => {
    const other = new DataView(new ArrayBuffer(8));
    other.setBigUint64(0, bits.getBigUint64(0) + by);
    return other.getFloat64(0);
  });
}
