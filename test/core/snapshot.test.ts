import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { ColumnTable } from "../../src/core/columns/table.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/core/columns/snapshot.ts";
import { CellDouble, FIELDS, rowsOf } from "./cell-double.ts";
import type { Value } from "./cell-double.ts";

const twin = fc.record({
  id: fc.stringMatching(/^[a-z]{1,20}$/),
  values: fc.tuple(
    fc.option(fc.double({ noNaN: true })),
    fc.option(fc.string({ unit: "binary", maxLength: 6 })),
    fc.option(fc.string({ unit: "grapheme-ascii", maxLength: 6 })),
    fc.option(fc.boolean()),
    fc.option(fc.integer({ min: 0, max: 2e12 })),
  ),
  isRemoved: fc.boolean(),
});

function tableOf(
  twins: readonly { id: string; values: readonly Value[]; isRemoved: boolean }[],
): ColumnTable {
  const double = new CellDouble(5);
  twins.forEach((entry, slot) => {
    double.put(slot, entry.id, entry.values);
    if (entry.isRemoved) double.remove(slot);
  });
  const table = new ColumnTable(FIELDS);
  const other = new CellDouble(1);
  other.put(0, "other", [1, "shared", "only here", true, 7]);
  table.apply(other.full());
  table.apply(double.full(1_234));
  return table;
}

function snapshotOf(table: ColumnTable): Uint8Array {
  return encodeSnapshot({
    table,
    cell: 5,
    version: table.versionOf(5),
    atMs: table.confirmedAtMs(5),
  })!;
}

function manyTwins(): ColumnTable {
  return tableOf(
    Array.from({ length: 300 }, (_, i) => ({
      id: `t${i}`,
      values: [i, `r${i % 7}`, `n${i}`, i % 2 === 0, i * 1e9],
      isRemoved: i % 11 === 0,
    })),
  );
}

describe("a snapshot", () => {
  test("is read back as the block that it was taken of", () => {
    fc.assert(
      fc.property(fc.array(twin, { maxLength: 40 }), (twins) => {
        const table = tableOf(twins);
        const reading = decodeSnapshot(snapshotOf(table), FIELDS);
        expect(reading.ok).toBe(true);
        const restored = new ColumnTable(FIELDS);
        expect(reading.ok && restored.apply(reading.delta)).toBe(true);
        expect(rowsOf(restored)).toEqual(rowsOf(table).filter((row) => row.cell === 5));
        expect([restored.versionOf(5), restored.confirmedAtMs(5)]).toEqual([
          table.versionOf(5),
          1_234,
        ]);
        expect(restored.twins).toBe(twins.filter((entry) => !entry.isRemoved).length);
      }),
      { seed: 77, numRuns: 200 },
    );
  });

  test("taken again of what was read back is the same, byte for byte", () => {
    const bytes = snapshotOf(manyTwins());
    const reading = decodeSnapshot(bytes, FIELDS);
    const restored = new ColumnTable(FIELDS);
    if (reading.ok) restored.apply(reading.delta);
    expect(snapshotOf(restored)).toEqual(bytes);
  });

  test("holds only the texts that its own block uses, in as few bytes as they take", () => {
    const bytes = snapshotOf(
      tableOf([{ id: "a", values: [1, "shared", "mine", true, 7], isRemoved: false }]),
    );
    const reading = decodeSnapshot(bytes, FIELDS);
    expect(reading.ok && reading.delta.columns[2]).toEqual({
      type: "string",
      codes: Uint32Array.of(1),
      dictionary: ["mine"],
    });
    expect(bytes.byteLength).toBeLessThan(400);
  });

  test("keeps codes of dictionaries of 255, 256, 65,535 and 65,536 texts", () => {
    for (const count of [255, 256, 65_535, 65_536]) {
      const double = new CellDouble(5);
      const since = double.delta(0);
      const table = new ColumnTable(FIELDS);
      const texts = Array.from({ length: count }, (_, i) => `x${i}`);
      const numbers = new Float64Array(count);
      table.apply({
        ...since,
        since: -1,
        slotCount: count,
        slots: Int32Array.from({ length: count }, (_, i) => i),
        alive: new Uint8Array(count).fill(1),
        ids: texts,
        columns: [
          { type: "number", values: numbers },
          {
            type: "string",
            codes: Uint32Array.from({ length: count }, (_, i) => count - i),
            dictionary: texts,
          },
          { type: "string", codes: new Uint32Array(count), dictionary: [] },
          { type: "boolean", values: new Uint8Array(count) },
          { type: "time", values: numbers },
        ],
      });
      const reading = decodeSnapshot(snapshotOf(table), FIELDS);
      const restored = new ColumnTable(FIELDS);
      expect(reading.ok && restored.apply(reading.delta)).toBe(true);
      expect(rowsOf(restored).at(-1)).toEqual({
        cell: 5,
        slot: count - 1,
        id: `x${count - 1}`,
        values: [0, "x0", null, false, 0],
      });
    }
  });

  test("of a cell without a block does not exist", () => {
    expect(
      encodeSnapshot({ table: new ColumnTable(FIELDS), cell: 5, version: 1, atMs: 1 }),
    ).toBeUndefined();
  });

  test("of other fields is refused as such", () => {
    const bytes = snapshotOf(manyTwins());
    const renamed = FIELDS.with(0, { name: "height", type: "number" });
    const retyped = FIELDS.with(0, { name: "level", type: "time" });
    for (const fields of [renamed, retyped, FIELDS.slice(1), []]) {
      expect(decodeSnapshot(bytes, fields)).toEqual({ ok: false, reason: "other-fields" });
    }
  });
});

describe("a damaged snapshot is refused and never throws", () => {
  const whole = snapshotOf(manyTwins());
  const damaged = { ok: false, reason: "damaged" };

  test("when any one byte is altered", () => {
    fc.assert(
      fc.property(fc.nat(whole.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = whole.slice();
        bytes[at]! ^= flip;
        expect(decodeSnapshot(bytes, FIELDS)).toEqual(damaged);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("when it is cut anywhere", () => {
    fc.assert(
      fc.property(fc.nat(whole.byteLength - 1), (length) => {
        expect(decodeSnapshot(whole.slice(0, length), FIELDS)).toEqual(damaged);
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  test("when it is anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeSnapshot(bytes, FIELDS)).toEqual(damaged);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test("when it lies at an odd place in a larger buffer it is read all the same", () => {
    const buffer = new Uint8Array(whole.byteLength + 3);
    buffer.set(whole, 3);
    expect(decodeSnapshot(buffer.subarray(3), FIELDS).ok).toBe(true);
  });
});
