import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketOf,
  cellKey,
  cellOf,
  hash32,
  isModelName,
  isTwinId,
  parseCellKey,
} from "../../src/core/ids.ts";
import { BUCKETS, CELLS_MAX, ID_LENGTH_MAX, MODEL_NAME_LENGTH_MAX } from "../../src/core/limits.ts";

const SEED = 20_261_123;

describe("a twin's id", () => {
  test("may have every printable ASCII character but four, and no other", () => {
    const allowed: string[] = [];
    for (let unit = 0; unit < 0x180; unit++) {
      const text = String.fromCharCode(unit);
      if (isTwinId(text)) allowed.push(text);
      expect([isTwinId(`a${text}b`), isTwinId(`${text}a`), isTwinId(`a${text}`)]).toEqual(
        Array(3).fill(isTwinId(text)),
      );
    }
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    expect(allowed).toEqual(printable.filter((text) => !"/?#%".includes(text)));
  });

  test.each(["", "\n", "a\n", "é", "水", "😀", "a\u0000"])("is not %j", (text) => {
    expect(isTwinId(text)).toBe(false);
  });

  test.each([
    [0, false],
    [1, true],
    [ID_LENGTH_MAX, true],
    [ID_LENGTH_MAX + 1, false],
  ])("of %i characters: %s", (length, allowed) => {
    expect(ID_LENGTH_MAX).toBe(128);
    expect(isTwinId("x".repeat(length))).toBe(allowed);
  });
});

describe("a model's name", () => {
  test.each(["A", "z", "Gas_Meter-2", "a".repeat(MODEL_NAME_LENGTH_MAX)])("may be %j", (name) => {
    expect(isModelName(name)).toBe(true);
  });

  test.each([
    "",
    "2a",
    "_a",
    "-a",
    "a b",
    "a:b",
    "a/b",
    "ä",
    "a\n",
    "a".repeat(MODEL_NAME_LENGTH_MAX + 1),
  ])("is not %j", (name) => {
    expect(isModelName(name)).toBe(false);
  });
});

describe("the hash of an id", () => {
  // Data is where these say. A change of any of them loses every twin that was ever stored.
  test.each([
    ["", 0x811c9dc5, 2_872_998_923],
    ["a", 0x811c9dc5, 444_641_715],
    ["b", 0x811c9dc5, 2_193_908_274],
    ["meter-1", 0x811c9dc5, 3_983_933_895],
    ["99501", 0x811c9dc5, 1_281_548_673],
    ["00501", 0x811c9dc5, 636_950_028],
    ["JFK", 0x811c9dc5, 319_501_182],
    [" ", 0x811c9dc5, 1_026_168_788],
    ["~", 0x811c9dc5, 2_693_131_916],
    ["水", 0x811c9dc5, 155_621_723],
    ["😀", 0x811c9dc5, 1_787_143_206],
    ["", 0x9747b28c, 3_954_623_016],
    ["a", 0x9747b28c, 774_554_503],
    ["Airport:3/1a2b3c4d/17", 0x9747b28c, 2_393_469_472],
    ["x".repeat(128), 0x811c9dc5, 1_514_031_068],
  ])("of %j under seed %i is %i for ever", (text, seed, hash) => {
    expect(hash32(text, seed)).toBe(hash);
  });

  test.each([
    ["a", 435, 3, 51],
    ["meter-1", 455, 3, 7],
    ["99501", 385, 1, 1],
    ["JFK", 894, 2, 62],
  ])("puts %j into bucket %i, cell %i of 4 and %i of 64 for ever", (id, bucket, of4, of64) => {
    expect(bucketOf(id)).toBe(bucket);
    expect(cellOf(id, { version: 1, cells: 4 })).toBe(of4);
    expect(cellOf(id, { version: 1, cells: 64 })).toBe(of64);
  });

  test("is a 32-bit number, the same every time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const hash = hash32(text);
        expect(hash).toBe(hash >>> 0);
        expect(hash32(text)).toBe(hash);
        expect(bucketOf(text)).toBe(hash % BUCKETS);
      }),
      { seed: SEED },
    );
  });
});

describe("buckets and cells", () => {
  const zips = Array.from({ length: 20_000 }, (_, i) => String(501 + i * 4).padStart(5, "0"));
  const families: [string, string[]][] = [
    ["zip codes", zips],
    ["meters", Array.from({ length: 20_000 }, (_, i) => `meter-${i}`)],
    [
      "serial numbers",
      Array.from({ length: 20_000 }, (_, i) => `SN${(i * 7_919).toString(16).toUpperCase()}`),
    ],
    [
      "long common heads",
      Array.from({ length: 20_000 }, (_, i) =>
        `plant/7/line/3/robot/arm/${i}`.replaceAll("/", "."),
      ),
    ],
    ["long common tails", Array.from({ length: 20_000 }, (_, i) => `${i}.sensors.example.com`)],
  ];

  /** Chi-squared over its degrees of freedom: near 1 when the spread is that of chance. */
  const unevenness = (counts: readonly number[]): number => {
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0) / (counts.length - 1);
  };

  const countsOf = (
    ids: readonly string[],
    places: number,
    placeOf: (id: string) => number,
  ): number[] => {
    const counts = Array<number>(places).fill(0);
    for (const id of ids) counts[placeOf(id)]!++;
    return counts;
  };

  test.each(families)("spread %s as evenly as chance would", (_name, ids) => {
    expect(new Set(ids).size).toBe(ids.length);
    const counts = countsOf(ids, BUCKETS, bucketOf);
    // Five standard deviations of the statistic: sqrt(2 / 1023) each.
    expect(unevenness(counts)).toBeLessThan(1 + 5 * Math.sqrt(2 / (BUCKETS - 1)));
    expect(Math.max(...counts)).toBeLessThan(50);
    for (const cells of [4, 64]) {
      const perCell = countsOf(ids, cells, (id) => cellOf(id, { version: 1, cells }));
      const mean = ids.length / cells;
      expect(Math.max(...perCell)).toBeLessThan(mean + 5 * Math.sqrt(mean));
      expect(Math.min(...perCell)).toBeGreaterThan(mean - 5 * Math.sqrt(mean));
    }
  });

  test("every number of cells uses all of them", () => {
    for (const cells of [1, 2, 3, 7, 64, 1_000, CELLS_MAX]) {
      const used = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket % cells));
      expect(used.size).toBe(cells);
      expect(cellOf("meter-1", { version: 1, cells })).toBe(bucketOf("meter-1") % cells);
    }
  });

  test("a cell's name says its model and number", () => {
    const model = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
    fc.assert(
      fc.property(model, fc.nat(CELLS_MAX - 1), (model, cell) => {
        expect(isModelName(model)).toBe(true);
        expect(parseCellKey(cellKey(model, cell))).toEqual({ model, cell });
      }),
      { seed: SEED },
    );
  });
});
