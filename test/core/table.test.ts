import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { ColumnTable } from "../../src/core/columns/table.ts";
import { DICTIONARY_SLACK, TWINS_PER_CELL_MAX } from "../../src/core/limits.ts";
import type { ColumnDelta } from "../../src/core/columns/columns.ts";
import { CellDouble, FIELDS, rowsOf } from "./cell-double.ts";
import type { Value } from "./cell-double.ts";

const value = fc.tuple(
  fc.option(fc.double({ noNaN: true })),
  fc.option(fc.constantFrom("NW", "SW", "", "Zürich", "区")),
  fc.option(fc.string({ maxLength: 4 })),
  fc.option(fc.boolean()),
  fc.option(fc.integer({ min: 0, max: 2e12 })),
);

const cells = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      cell: cells,
      slot: fc.nat(99),
      id: fc.nat(20),
      value,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), cell: cells, slot: fc.nat(99) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("send" as const), cell: cells }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), cell: cells }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("send-full" as const), cell: cells }) },
);

function values(
  level: number | null,
  region: string | null = null,
  note: string | null = null,
): readonly Value[] {
  return [level, region, note, null, null];
}

describe("a table follows its cells", () => {
  test("any sequence of deltas gives what the cells hold, and a lost one is noticed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const doubles = [0, 1, 2, 3].map((cell) => new CellDouble(cell));
        const published = [0, 0, 0, 0];
        const table = new ColumnTable(FIELDS);
        for (const double of doubles) expect(table.apply(double.full())).toBe(true);
        for (const s of steps) {
          const double = doubles[s.cell]!;
          if (s.kind === "put") double.put(s.slot, `twin-${s.id}`, s.value);
          if (s.kind === "remove") double.remove(s.slot);
          if (s.kind === "lose") published[s.cell] = double.version;
          if (s.kind === "send-full") expect(table.apply(double.full())).toBe(true);
          if (s.kind === "send") {
            const isContinuous = published[s.cell] === table.versionOf(s.cell);
            expect(table.apply(double.delta(published[s.cell]!))).toBe(isContinuous);
          }
          if (s.kind === "send" || s.kind === "send-full")
            published[s.cell] = table.versionOf(s.cell);
        }
        for (const double of doubles)
          expect(table.apply(double.delta(table.versionOf(double.cell)))).toBe(true);
        const rows = doubles.flatMap((double) => double.rows());
        expect(rowsOf(table)).toEqual(rows);
        expect(table.twins).toBe(rows.length);
      }),
      { seed: 20_261, numRuns: 300 },
    );
  });

  test("a delta is refused whole when it does not join on to the block's version", () => {
    const double = new CellDouble(0);
    const table = new ColumnTable(FIELDS);
    double.put(0, "a", values(1));
    expect(table.apply(double.delta(0))).toBe(false);
    expect(table.apply(double.full())).toBe(true);
    double.put(0, "a", values(2));
    const once = double.delta(1);
    expect(table.apply(once)).toBe(true);
    const before = table.version;
    expect(table.apply(once)).toBe(false);
    expect(table.version).toBe(before);
    expect(table.versionOf(0)).toBe(2);
    expect(rowsOf(table)).toEqual(double.rows());
  });

  test("a full delta replaces the block, even by an older version", () => {
    const double = new CellDouble(0);
    double.put(0, "a", values(1));
    const old = double.full(10);
    double.put(5, "b", values(2));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full(20));
    expect(table.apply(old)).toBe(true);
    expect(rowsOf(table)).toEqual([{ cell: 0, slot: 0, id: "a", values: values(1) }]);
    expect(table.versionOf(0)).toBe(1);
    expect(table.confirmedAtMs(0)).toBe(10);
    expect(table.twins).toBe(1);
  });

  test("a delta that has no rows confirms the block and leaves the table's version", () => {
    const double = new CellDouble(3);
    double.put(0, "a", values(1));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full(100));
    const before = table.version;
    expect(table.apply(double.delta(1, 250))).toBe(true);
    expect(table.version).toBe(before);
    expect(table.confirmedAtMs(3)).toBe(250);
    expect(table.apply(double.delta(1, 240))).toBe(true);
    expect(table.confirmedAtMs(3)).toBe(250);
  });

  test("an empty cell that answers in full again and again leaves the table's version", () => {
    const table = new ColumnTable(FIELDS);
    table.apply(new CellDouble(0).full(1));
    const before = table.version;
    expect(table.apply(new CellDouble(0).full(2))).toBe(true);
    expect(table.version).toBe(before);
    expect(table.confirmedAtMs(0)).toBe(2);
  });

  test("a removed twin leaves, and its slot can take another", () => {
    const double = new CellDouble(0);
    double.put(0, "a", values(1, "NW", "note"));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full());
    double.remove(0);
    table.apply(double.delta(1));
    expect([table.twins, rowsOf(table)]).toEqual([0, []]);
    double.put(0, "b", values(null));
    table.apply(double.delta(2));
    expect(rowsOf(table)).toEqual([{ cell: 0, slot: 0, id: "b", values: values(null) }]);
  });

  test("a removed twin's slot holds nulls, whatever the delta says of it", () => {
    const double = new CellDouble(0);
    double.put(0, "a", [1, "NW", "note", true, 5]);
    const full = double.full();
    const table = new ColumnTable(FIELDS);
    table.apply(full);
    table.apply({ ...full, since: 1, version: 2, alive: Uint8Array.of(0) });
    const columns = table.blocks[0]!.columns.map((column) =>
      column.type === "string" ? column.codes[0] : column.values[0],
    );
    expect(columns).toEqual([Number.NaN, 0, 0, 2, Number.NaN]);
    expect(table.blocks[0]!.ids[0]).toBeUndefined();
  });

  test("a cell that lost its twins and slots changes the table's version", () => {
    const double = new CellDouble(0);
    double.put(0, "a", values(1));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full());
    const before = table.version;
    table.apply(new CellDouble(0).full());
    expect([table.version > before, table.twins]).toEqual([true, 0]);
    table.apply(double.full());
    const again = table.version;
    expect(table.apply({ ...new CellDouble(0).full(), since: 1, version: 2 })).toBe(true);
    expect([table.version > again, table.twins]).toEqual([true, 0]);
  });

  test("a late answer confirms a block that is at least as new, and no older one", () => {
    const double = new CellDouble(0);
    double.put(0, "a", values(1));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full(10));
    table.confirm(0, 2, 30);
    expect(table.confirmedAtMs(0)).toBe(10);
    table.confirm(0, 1, 20);
    expect(table.confirmedAtMs(0)).toBe(20);
    expect(table.confirmedAtMs(7)).toBe(0);
  });

  test("a block grows by doubling and its new slots hold nulls", () => {
    const double = new CellDouble(0);
    const table = new ColumnTable(FIELDS);
    table.apply(double.full());
    for (let slot = 0; slot < 1_000; slot++) {
      double.put(slot, `t${slot}`, values(slot));
      table.apply(double.delta(slot));
    }
    const block = table.blocks[0]!;
    expect([block.slotCount, block.alive.length]).toEqual([1_000, 1_024]);
    expect(rowsOf(table)).toEqual(double.rows());
    const level = block.columns[0]!;
    expect(
      level.type === "number" && level.values.subarray(1_000).every((n) => Number.isNaN(n)),
    ).toBe(true);
  });
});

describe("a delta that does not fit is refused whole", () => {
  const double = new CellDouble(0);
  double.put(0, "a", values(1, "NW"));
  const good = double.full();
  const cases: readonly (readonly [string, Partial<ColumnDelta>])[] = [
    ["a field is missing", { columns: good.columns.slice(1) }],
    ["fields have other types", { columns: good.columns.toReversed() }],
    ["a slot is not below slotCount", { slots: Int32Array.of(1) }],
    ["a slot is negative", { slots: Int32Array.of(-1) }],
    ["there are fewer ids than slots", { ids: [] }],
    ["there are more alive marks than slots", { alive: Uint8Array.of(1, 1) }],
    ["a twin has no id", { ids: [null] }],
    ["it has more slots than a cell may have", { slotCount: TWINS_PER_CELL_MAX + 1 }],
    [
      "a code is beyond its dictionary",
      {
        columns: good.columns.with(1, {
          type: "string",
          codes: Uint32Array.of(2),
          dictionary: ["NW"],
        }),
      },
    ],
    [
      "a column is shorter than slots",
      { columns: good.columns.with(0, { type: "number", values: new Float64Array(0) }) },
    ],
  ];
  test.each(cases)("%s", (_, wrong) => {
    const table = new ColumnTable(FIELDS);
    expect(table.apply({ ...good, ...wrong })).toBe(false);
    expect([table.version, table.twins, table.blocks.length, table.versionOf(0)]).toEqual([
      0, 0, 0, -1,
    ]);
  });

  test("a cell of the largest size is taken", () => {
    const table = new ColumnTable(FIELDS);
    expect(table.apply({ ...good, slotCount: TWINS_PER_CELL_MAX })).toBe(true);
  });
});

describe("dictionaries do not leak", () => {
  test("a string that changes with every message keeps at most the used texts twice, and the slack", () => {
    const double = new CellDouble(0);
    for (let slot = 0; slot < 50; slot++) double.put(slot, `t${slot}`, values(slot, "NW", "first"));
    const table = new ColumnTable(FIELDS);
    table.apply(double.full());
    let longest = 0;
    for (let i = 0; i < 5_000; i++) {
      const since = double.version;
      double.put(i % 50, `t${i % 50}`, values(i, i % 2 === 0 ? "NW" : "SE", `position ${i}`));
      table.apply(double.delta(since));
      longest = Math.max(longest, table.dictionaries[2]!.length);
    }
    expect(longest).toBeGreaterThan(DICTIONARY_SLACK - 1);
    expect(longest).toBeLessThanOrEqual(DICTIONARY_SLACK + 2 * 50 + (50 >> 3));
    expect(table.dictionaries[1]).toEqual(["NW", "SE"]);
    expect(rowsOf(table)).toEqual(double.rows());
  });

  test("texts that a delta's dictionary lists and no row uses are not taken", () => {
    const double = new CellDouble(0);
    double.put(0, "a", values(1, "NW"));
    const full = double.full();
    const table = new ColumnTable(FIELDS);
    table.apply({
      ...full,
      columns: full.columns.with(1, {
        type: "string",
        codes: Uint32Array.of(2),
        dictionary: ["SE", "NW"],
      }),
    });
    expect(table.dictionaries[1]).toEqual(["NW"]);
  });
});
