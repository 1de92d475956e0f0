import { describe, expect, test } from "vitest";
import { QUERY_DISTINCT_MAX, QUERY_GROUPS_MAX } from "../../../src/core/limits.ts";
import { evaluatePartial } from "../../../src/core/query/evaluate.ts";
import { mergePartials } from "../../../src/core/query/merge.ts";
import { answerOf, ask, planOf, rowOf, tableOf, valueOf } from "./tables.ts";
import type { Row } from "./tables.ts";
import type { Comparison, QuerySpec, Where } from "../../../src/core/query/plan.ts";

const METERS: readonly Row[] = [
  rowOf("c", { level: 3, region: "NW", active: true, seen: 0 }),
  rowOf("a", { level: 1, region: "NW", active: false, seen: 1_500 }),
  rowOf("d", { level: null, region: "SE", kind: "pump" }),
  rowOf("b", { level: 3, region: null, kind: "valve", active: true }),
];

const idsOf = (spec: Omit<QuerySpec, "model">, rows = METERS): unknown[] =>
  ask({ select: ["id"], ...spec }, rows).rows.map(([id]) => id);

describe("a listing", () => {
  test("shows times as ISO 8601, nulls as null, booleans as booleans", () => {
    expect(ask({ where: { field: "id", op: "in", value: ["a", "d"] } }, METERS)).toEqual({
      columns: [
        { name: "id", type: "string" },
        { name: "level", type: "number" },
        { name: "load", type: "number" },
        { name: "region", type: "string" },
        { name: "kind", type: "string" },
        { name: "active", type: "boolean" },
        { name: "seen", type: "time" },
      ],
      rows: [
        ["a", 1, null, "NW", null, false, "1970-01-01T00:00:01.500Z"],
        ["d", null, null, "SE", "pump", null, null],
      ],
    });
  });

  test("shows null for what JSON or a calendar can't, and zero without a sign", () => {
    const odd = rowOf("a", { level: Number.POSITIVE_INFINITY, load: -0, seen: 9e15 });
    expect(ask({ select: ["level", "load", "seen"] }, [odd]).rows).toEqual([["a", null, 0, null]]);
  });

  test.each([
    [false, ["a", "b", "c", "d"]],
    [true, ["b", "c", "a", "d"]],
  ])("is ordered with nulls last and ties by id, descending: %s", (desc, ids) => {
    expect(idsOf({ orderBy: [{ field: "level", desc }] })).toEqual(ids);
  });

  test("without an order is by id; which rows a limit keeps is up to storage", () => {
    expect(idsOf({})).toEqual(["a", "b", "c", "d"]);
    expect(idsOf({ limit: 2 })).toEqual(["a", "c"]);
    expect(idsOf({ limit: 2, offset: 2 })).toEqual(["b", "d"]);
  });

  test("may ask for no rows, or for those beyond the last", () => {
    for (const orderBy of [[], [{ field: "level" }]]) {
      expect(idsOf({ orderBy, limit: 0, offset: 1 })).toEqual([]);
      expect(idsOf({ orderBy, offset: 4 })).toEqual([]);
      expect(idsOf({ orderBy, offset: 3 })).toHaveLength(1);
    }
  });

  test("carries no more rows from a shard than can be shown", () => {
    const table = tableOf(new Map([[0, METERS]]));
    for (const orderBy of [[], [{ field: "level" }]]) {
      const partial = valueOf(evaluatePartial(planOf({ orderBy, limit: 1, offset: 1 }), table));
      expect(partial).toMatchObject({ kind: "rows", rows: 2 });
    }
  });

  test("finds the best of many more rows than it keeps, whatever their order", () => {
    const levels = Array.from({ length: 5_000 }, (_, i) => i);
    const numbers = {
      rising: levels,
      falling: levels.toReversed(),
      mixed: levels.map((i) => (i * 2_741) % 5_000),
    };
    for (const order of Object.values(numbers)) {
      const rows = order.map((level, i) => rowOf(`m${i}`, { level, region: String(level % 7) }));
      const plan = planOf({
        select: ["level"],
        orderBy: [{ field: "level", desc: true }],
        limit: 3,
      });
      const cells = new Map([0, 1, 2].map((cell) => [cell, rows.filter((_, i) => i % 3 === cell)]));
      const shown = valueOf(answerOf(plan, [tableOf(cells)])).rows.map(([, level]) => level);
      expect(shown).toEqual([4_999, 4_998, 4_997]);
    }
  });

  test.each([false, true])("finds the first ids among many ties, descending: %s", (desc) => {
    const rows = Array.from({ length: 3_000 }, (_, i) =>
      rowOf(`m${String((i * 1_009) % 3_000).padStart(4, "0")}`, { level: i % 2 }),
    );
    const plan = planOf({ select: ["level"], orderBy: [{ field: "level", desc }], limit: 3 });
    const cells = new Map(
      [0, 1, 2].map((cell) => [cell, rows.slice(cell * 1_000, cell * 1_000 + 1_000)]),
    );
    const level = desc ? 1 : 0;
    const ids = rows.filter((row) => row["level"] === level).map(({ id }) => id);
    const first = ids.toSorted().slice(0, 3);
    expect(valueOf(answerOf(plan, [tableOf(cells)])).rows).toEqual(first.map((id) => [id, level]));
  });
});

describe("a condition", () => {
  const level3: Comparison = { field: "level", op: "=", value: 3 };
  const unknown: Comparison = { field: "kind", op: "=", value: "pump" };

  test.each<[string, Where, string[]]>([
    ["null differs from nothing", { field: "region", op: "!=", value: "NW" }, ["d"]],
    ["nor does it equal anything", { not: { field: "region", op: "!=", value: "NW" } }, ["a", "c"]],
    [
      "it is in no list and out of none",
      { not: { field: "region", op: "in", value: ["SE"] } },
      ["a", "c"],
    ],
    [
      "it contains nothing, not even nothing",
      { field: "region", op: "contains", value: "" },
      ["a", "c", "d"],
    ],
    [
      "it is null, which is never unknown",
      { not: { field: "region", op: "isNull" } },
      ["a", "c", "d"],
    ],
    ["unknown or true is true", { or: [unknown, level3] }, ["b", "c", "d"]],
    [
      "unknown and false is false, and its opposite true",
      { not: { and: [unknown, level3] } },
      ["a", "b"],
    ],
    [
      "not unknown is unknown",
      { not: { or: [unknown, { field: "id", op: "=", value: "x" }] } },
      ["b"],
    ],
    ["booleans are compared", { field: "active", op: ">", value: false }, ["b", "c"]],
    [
      "ids are compared",
      {
        and: [
          { field: "id", op: ">", value: "a" },
          { field: "id", op: "<=", value: "c" },
        ],
      },
      ["b", "c"],
    ],
    ["times are compared", { field: "seen", op: ">=", value: "1970-01-01T00:00:01Z" }, ["a"]],
  ])("%s", (_, where, ids) => {
    expect(idsOf({ where })).toEqual(ids);
  });
});

describe("a grouping", () => {
  test("has a group for null, the last", () => {
    const aggregates = [
      { op: "count", as: "n" },
      { op: "max", field: "level", as: "top" },
    ] as const;
    expect(ask({ groupBy: ["region"], aggregates }, METERS)).toEqual({
      columns: [
        { name: "region", type: "string" },
        { name: "n", type: "number" },
        { name: "top", type: "number" },
      ],
      rows: [
        ["NW", 2, 3],
        ["SE", 1, null],
        [null, 1, 3],
      ],
    });
  });

  test("without groups is one row even of no twins: counts are 0, all else null", () => {
    const ops = ["count", "countDistinct", "sum", "avg", "min", "max", "stddev", "p50"] as const;
    const aggregates = ops.map((op) => ({ op, field: "level" }));
    const nobody: Where = { field: "id", op: "=", value: "x" };
    expect(ask({ aggregates, where: nobody }, METERS).rows).toEqual([
      [0, 0, null, null, null, null, null, null],
    ]);
    expect(valueOf(answerOf(planOf({ aggregates }), [])).rows).toEqual([
      [0, 0, null, null, null, null, null, null],
    ]);
    expect(ask({ aggregates, groupBy: ["kind"], where: nobody }, METERS).rows).toEqual([]);
  });

  test("takes the least and greatest of every type", () => {
    const aggregates = ["region", "active", "seen", "id"].flatMap((field) => [
      { op: "min", field } as const,
      { op: "max", field } as const,
    ]);
    const times = ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.500Z"];
    expect(ask({ aggregates }, METERS).rows).toEqual([
      ["NW", "SE", false, true, ...times, "a", "d"],
    ]);
  });

  test("averages times", () => {
    const result = ask({ aggregates: [{ op: "avg", field: "seen", as: "mean" }] }, METERS);
    expect(result).toEqual({
      columns: [{ name: "mean", type: "time" }],
      rows: [["1970-01-01T00:00:00.750Z"]],
    });
  });

  test("deviates as a sample does: not at all when it is alone", () => {
    const spec = { aggregates: [{ op: "stddev", field: "level", as: "spread" }] } as const;
    expect(ask(spec, METERS.slice(0, 1)).rows).toEqual([[null]]);
    const spread = ask(
      spec,
      [2, 4, 4, 4, 5, 5, 7, 9].map((level, i) => rowOf(`m${i}`, { level })),
    ).rows[0]![0];
    expect(spread).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  test("deviates as exactly far away from zero, over shards", () => {
    const rows = [4, 7, 13, 16].map((level, i) => rowOf(`m${i}`, { level: level + 1e9 }));
    const shards = [rows.slice(0, 1), rows.slice(1)].map((part, cell) =>
      tableOf(new Map([[cell, part]])),
    );
    const plan = planOf({ aggregates: [{ op: "stddev", field: "level" }] });
    expect(valueOf(answerOf(plan, shards)).rows[0]![0]).toBeCloseTo(Math.sqrt(30), 9);
  });

  test("sums without losing small numbers beside large ones, over shards too", () => {
    const rows = [1e16, 1, 1, -1e16].map((level, i) => rowOf(`m${i}`, { level }));
    const plan = planOf({ aggregates: [{ op: "sum", field: "level", as: "total" }] });
    for (const split of [1, 2, 3]) {
      const shards = [rows.slice(0, split), rows.slice(split)].map((part, cell) =>
        tableOf(new Map([[cell, part]])),
      );
      expect(valueOf(answerOf(plan, shards)).rows).toEqual([[2]]);
    }
  });

  test("shows null for a sum beyond the largest number", () => {
    const rows = [1, 2].map((i) => rowOf(`m${i}`, { level: Number.MAX_VALUE }));
    expect(
      ask(
        {
          aggregates: [
            { op: "sum", field: "level" },
            { op: "max", field: "level" },
          ],
        },
        rows,
      ).rows,
    ).toEqual([[null, Number.MAX_VALUE]]);
  });

  test("has columns in the order and under the names that are asked", () => {
    const spec = {
      groupBy: ["region", "kind"],
      aggregates: [{ op: "count" }],
      select: ["count", { field: "kind", as: "sort" }],
      orderBy: [{ field: "sort", desc: true }, { field: "region" }],
    } as const;
    expect(ask(spec, METERS)).toEqual({
      columns: [
        { name: "count", type: "number" },
        { name: "sort", type: "string" },
      ],
      rows: [
        [1, "valve"],
        [1, "pump"],
        [2, null],
      ],
    });
  });

  test("by keys with too many combinations for a table still groups", () => {
    const rows = Array.from({ length: 3_000 }, (_, i) =>
      rowOf(`m${i}`, { region: `r${i}`, kind: `k${i % 1_500}` }),
    );
    const plan = planOf({
      groupBy: ["region", "kind"],
      aggregates: [{ op: "count" }],
      limit: 2,
      offset: 2_998,
    });
    expect(valueOf(answerOf(plan, [tableOf(new Map([[0, rows]]))])).rows).toEqual([
      ["r998", "k998", 1],
      ["r999", "k999", 1],
    ]);
  });
});

describe("bounds", () => {
  const many = (count: number, from = 0): Row[] =>
    Array.from({ length: count }, (_, i) => rowOf(`m${from + i}`, { level: from + i }));
  const codeOf = (spec: Omit<QuerySpec, "model">, shards: readonly Row[][]): string => {
    const answer = answerOf(
      planOf(spec),
      shards.map((rows, cell) => tableOf(new Map([[cell, rows]]))),
    );
    return answer.ok ? "answered" : answer.refusal.code;
  };

  test.each([
    ["groups", { groupBy: ["level"] }, QUERY_GROUPS_MAX, "query/too-many-groups"],
    [
      "different values",
      { aggregates: [{ op: "countDistinct", field: "level" }] },
      QUERY_DISTINCT_MAX,
      "query/too-many-values",
    ],
  ] as const)("a query has so many %s, in a shard and in all", (_, spec, max, code) => {
    const half = many(max / 2);
    expect(codeOf(spec, [many(max)])).toBe("answered");
    expect(codeOf(spec, [many(max + 1)])).toBe(code);
    expect(codeOf(spec, [half, many(max / 2, max / 2)])).toBe("answered");
    expect(codeOf(spec, [half, many(max / 2 + 1, max / 2)])).toBe(code);
  });
});

describe("a shard that knows other fields than the plan", () => {
  const plan = planOf({ select: ["level"] });

  test.each([
    ["lacks one", []],
    ["has it with another type", [{ name: "level", type: "string" } as const]],
  ])("because it %s refuses", (_, fields) => {
    expect(evaluatePartial(plan, tableOf(new Map(), fields))).toMatchObject({
      ok: false,
      refusal: { code: "query/unknown-field", data: { field: "level" } },
    });
  });

  test("finds fields by name, wherever they are", () => {
    const fields = [
      { name: "other", type: "string" } as const,
      { name: "level", type: "number" } as const,
    ];
    const table = tableOf(new Map([[0, [{ id: "a", other: "x", level: 5 }]]]), fields);
    const partial = valueOf(evaluatePartial(plan, table));
    expect(valueOf(mergePartials(plan, [partial])).rows).toEqual([["a", 5]]);
  });
});

test("a result shares no memory with the table", () => {
  const table = tableOf(new Map([[0, METERS]]));
  const plan = planOf({ orderBy: [{ field: "id" }] });
  const partial = valueOf(evaluatePartial(plan, table));
  const before = structuredClone(valueOf(mergePartials(plan, [partial])));
  const [block] = table.blocks;
  block!.ids.fill("gone");
  for (const column of block!.columns)
    (column.type === "string" ? column.codes : column.values).fill(1);
  expect(valueOf(mergePartials(plan, [partial]))).toEqual(before);
});
