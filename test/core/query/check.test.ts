import { describe, expect, test } from "vitest";
import {
  QUERY_COLUMNS_MAX,
  QUERY_OFFSET_MAX,
  QUERY_ROWS_MAX,
  WHERE_DEPTH_MAX,
  WHERE_TERMS_MAX,
  WHERE_VALUES_MAX,
} from "../../../src/core/limits.ts";
import { checkQuery } from "../../../src/core/query/check.ts";
import { FIELDS, planOf } from "./tables.ts";
import type {
  Aggregate,
  Comparison,
  Plan,
  QuerySpec,
  Where,
} from "../../../src/core/query/plan.ts";
import type { Result } from "../../../src/core/refusal.ts";

const check = (spec: Omit<QuerySpec, "model">): Result<Plan> =>
  checkQuery({ model: "Meter", ...spec }, FIELDS);
const isNull: Comparison = { field: "level", op: "isNull" };

describe("a plan", () => {
  test("of a listing shows the id first, then all fields, up to the limit", () => {
    expect(planOf({})).toEqual({
      kind: "rows",
      model: "Meter",
      fields: [{ name: "id", type: "string" }, ...FIELDS],
      carried: 7,
      columns: ["id", ...FIELDS.map(({ name }) => name)].map((name, field) => ({ name, field })),
      orderBy: [],
      where: null,
      limit: QUERY_ROWS_MAX,
      offset: 0,
    });
  });

  test("carries what is shown and ordered by, and not what only the condition reads", () => {
    const plan = planOf({
      select: ["load", "id", { field: "load", as: "weight" }],
      where: { field: "kind", op: "=", value: "pump" },
      orderBy: [{ field: "weight", desc: true }, { field: "seen" }],
      limit: 5,
      offset: 2,
    });
    expect(plan).toEqual({
      kind: "rows",
      model: "Meter",
      fields: ["id", "load", "seen", "kind"].map(
        (name) => FIELDS.find((field) => field.name === name) ?? { name: "id", type: "string" },
      ),
      carried: 3,
      columns: [
        { name: "id", field: 0 },
        { name: "load", field: 1 },
        { name: "weight", field: 1 },
      ],
      orderBy: [
        { field: 1, desc: true },
        { field: 2, desc: false },
      ],
      where: { kind: "compare", field: 3, op: "=", value: "pump" },
      limit: 5,
      offset: 2,
    });
  });

  test("of a grouping gathers once what several aggregates share", () => {
    const aggregates: Aggregate[] = [
      { op: "sum", field: "level" },
      { op: "avg", field: "level" },
      { op: "p50", field: "level" },
      { op: "p99", field: "level" },
      { op: "count" },
      { op: "countDistinct", field: "id", as: "ids" },
    ];
    expect(planOf({ aggregates, groupBy: ["region"] })).toMatchObject({
      kind: "groups",
      keys: [0],
      folds: [
        { kind: "sum", field: 1 },
        { kind: "quantile", field: 1 },
        { kind: "count", field: null },
      ],
      aggregates: [0, 0, 1, 1, 2, 2].map((fold, i) => ({
        op: aggregates[i]!.op,
        fold,
        type: "number",
      })),
      columns: ["region", "sum_level", "avg_level", "p50_level", "p99_level", "count", "ids"].map(
        (name, cell) => ({ name, cell }),
      ),
    });
  });

  test("holds times as epoch milliseconds, from text or number", () => {
    const where: Where = {
      field: "seen",
      op: "in",
      value: ["2026-11-22", "2026-11-22T01:00:00+01:00", 5],
    };
    const epochMs = Date.UTC(2026, 10, 22);
    expect(planOf({ where }).where).toEqual({
      kind: "in",
      field: 6,
      values: [epochMs, epochMs, 5],
    });
  });

  test("takes empty lists as none", () => {
    expect(planOf({ select: [], aggregates: [], groupBy: [], orderBy: [] })).toEqual(planOf({}));
  });

  test("groups by a field once, however often it is named", () => {
    expect(planOf({ groupBy: ["region", "region"] })).toEqual(planOf({ groupBy: ["region"] }));
  });
});

describe("an unknown field is refused with the nearest", () => {
  test.each<[string, Omit<QuerySpec, "model">]>([
    ["select", { select: ["levle"] }],
    ["where", { where: { not: { and: [{ field: "levle", op: "isNull" }] } } }],
    ["orderBy", { orderBy: [{ field: "levle" }] }],
    ["groupBy", { groupBy: ["levle"] }],
    ["an aggregate", { aggregates: [{ op: "max", field: "levle" }] }],
    ["the select of a grouping", { groupBy: ["level"], select: ["levle"] }],
  ])("in %s", (_, spec) => {
    expect(check(spec)).toEqual({
      ok: false,
      refusal: {
        code: "query/unknown-field",
        detail: 'There is no field "levle". The nearest known field is "level".',
        data: { field: "levle", nearest: "level" },
      },
    });
  });

  test("where output columns are known too", () => {
    const spec = {
      aggregates: [{ op: "max", field: "level", as: "worst" }],
      orderBy: [{ field: "wurst" }],
    } as const;
    expect(check(spec)).toMatchObject({ refusal: { data: { field: "wurst", nearest: "worst" } } });
    expect(
      check({ select: [{ field: "load", as: "weight" }], orderBy: [{ field: "wait" }] }),
    ).toMatchObject({
      refusal: { data: { nearest: "weight" } },
    });
  });

  test("whatever the case, and however long the name", () => {
    expect(check({ select: ["REGION"] })).toMatchObject({
      refusal: { data: { nearest: "region" } },
    });
    const refused = check({ select: [`kind${"x".repeat(1_000_000)}`] });
    expect(!refused.ok && refused.refusal.detail.length).toBeLessThan(200);
  });

  test("in a model without fields, where there is still the id", () => {
    expect(checkQuery({ model: "Meter", select: ["x"] }, [])).toMatchObject({
      refusal: { data: { nearest: "id" } },
    });
  });
});

describe("types", () => {
  test.each<[string, Comparison]>([
    [
      '"contains" is for strings; "level" is a number.',
      { field: "level", op: "contains", value: "1" },
    ],
    [
      '"startsWith" on "kind" takes a string, not 3.',
      { field: "kind", op: "startsWith", value: 3 },
    ],
    [
      '"level" is a number; it can\'t be compared with "5".',
      { field: "level", op: "<", value: "5" },
    ],
    [
      '"level" is a number; it can\'t be compared with [1].',
      { field: "level", op: "=", value: [1] },
    ],
    [
      '"kind" is a string; it can\'t be compared with 5.',
      { field: "kind", op: "in", value: ["pump", 5] },
    ],
    [
      '"active" is a boolean; it can\'t be compared with 1.',
      { field: "active", op: "=", value: 1 },
    ],
    ['"id" is a string; it can\'t be compared with 7.', { field: "id", op: "=", value: 7 }],
    [
      '"seen" is a time; it is compared with ISO 8601 text or epoch milliseconds, not "yesterday".',
      { field: "seen", op: ">", value: "yesterday" },
    ],
    [
      'Nothing equals or differs from null; ask whether "kind" "isNull" (SQL: IS NULL).',
      { field: "kind", op: "!=", value: null },
    ],
  ])("%s", (detail, where) => {
    expect(check({ where })).toEqual({ ok: false, refusal: { code: "query/bad-type", detail } });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("%d is no number to compare with", (value) => {
    for (const field of ["level", "seen"]) {
      expect(check({ where: { field, op: "=", value } })).toMatchObject({
        refusal: { code: "query/bad-type" },
      });
    }
  });

  test("decide which aggregates a field has", () => {
    const ops = [
      "count",
      "min",
      "max",
      "countDistinct",
      "avg",
      "sum",
      "stddev",
      "p50",
      "p90",
      "p99",
    ] as const;
    const opsOf = (field: string): string[] =>
      ops.filter((op) => check({ aggregates: [{ op, field }] }).ok);
    expect(opsOf("level")).toEqual(ops);
    expect(opsOf("seen")).toEqual(ops.slice(0, 5));
    for (const field of ["id", "kind", "active"]) expect(opsOf(field)).toEqual(ops.slice(0, 4));
    expect(check({ aggregates: [{ op: "avg", field: "kind" }] })).toMatchObject({
      refusal: {
        code: "query/bad-type",
        detail: '"avg" is for a number or time; "kind" is a string.',
      },
    });
  });
});

describe("what does not fit together is refused", () => {
  test.each<[string, Omit<QuerySpec, "model">]>([
    [
      'Two columns are named "level"; give one another name ("as").',
      { select: ["level", "level"] },
    ],
    [
      'Two columns are named "id"; give one another name ("as").',
      { select: [{ field: "level", as: "id" }] },
    ],
    [
      'Two columns are named "count"; give one another name ("as").',
      { aggregates: [{ op: "count" }, { op: "count" }] },
    ],
    [
      'Two columns are named "kind"; give one another name ("as").',
      { groupBy: ["kind"], aggregates: [{ op: "count", as: "kind" }] },
    ],
    [
      'Two columns are named "kind"; give one another name ("as").',
      { groupBy: ["kind", "region"], select: ["kind", { field: "region", as: "kind" }] },
    ],
    [
      '"level" has many values in a group: group by it too, or select an aggregate of it.',
      { select: ["kind", "level"], groupBy: ["kind"] },
    ],
    [
      '"select" leaves out the aggregate "count".',
      { select: ["kind"], groupBy: ["kind"], aggregates: [{ op: "count" }] },
    ],
    [
      'The aggregate "count" takes its name from its own "as".',
      { select: [{ field: "count", as: "n" }], aggregates: [{ op: "count" }] },
    ],
    ['"max" needs a field.', { aggregates: [{ op: "max" }] }],
    ['"and" needs at least one condition.', { where: { and: [] } }],
    ['"or" needs at least one condition.', { where: { not: { or: [] } } }],
    [
      '"in" on "kind" takes a list of at least one value.',
      { where: { field: "kind", op: "in", value: [] } },
    ],
    [
      '"in" on "kind" takes a list of at least one value.',
      { where: { field: "kind", op: "in", value: "pump" } },
    ],
    ['The comparison of "kind" has no value.', { where: { field: "kind", op: "=" } }],
    [
      '"isNull" on "kind" takes no value; put it under "not" for the opposite.',
      { where: { field: "kind", op: "isNull", value: false } },
    ],
  ])("%s", (detail, spec) => {
    expect(check(spec)).toEqual({ ok: false, refusal: { code: "query/malformed", detail } });
  });
});

describe("bounds", () => {
  const isMalformed = (spec: Omit<QuerySpec, "model">): boolean => {
    const plan = check(spec);
    return !plan.ok && plan.refusal.code === "query/malformed";
  };

  test.each([
    ["limit", QUERY_ROWS_MAX],
    ["offset", QUERY_OFFSET_MAX],
  ])("%s is a whole number from 0 to %d", (name, max) => {
    for (const count of [0, 1, max]) expect(check({ [name]: count }).ok).toBe(true);
    for (const count of [-1, 0.5, max + 1, Number.NaN])
      expect(isMalformed({ [name]: count })).toBe(true);
    expect(check({ [name]: max + 1 })).toMatchObject({
      refusal: {
        detail: expect.stringContaining(
          `"${name}" is a whole number from 0 to ${max}, not ${max + 1}.`,
        ),
      },
    });
  });

  test(`a where has ${WHERE_TERMS_MAX} groups and comparisons`, () => {
    const or = (terms: number): Where => ({ or: Array.from({ length: terms - 1 }, () => isNull) });
    expect(check({ where: or(WHERE_TERMS_MAX) }).ok).toBe(true);
    expect(isMalformed({ where: or(WHERE_TERMS_MAX + 1) })).toBe(true);
  });

  test(`a where nests ${WHERE_DEPTH_MAX} deep`, () => {
    const nested = (depth: number): Where => (depth === 1 ? isNull : { not: nested(depth - 1) });
    expect(check({ where: nested(WHERE_DEPTH_MAX) }).ok).toBe(true);
    expect(isMalformed({ where: nested(WHERE_DEPTH_MAX + 1) })).toBe(true);
  });

  test(`lists of values have ${WHERE_VALUES_MAX} entries in all`, () => {
    const half = WHERE_VALUES_MAX / 2;
    const inOf = (values: number): Where => ({
      field: "level",
      op: "in",
      value: Array.from({ length: values }, (_, i) => i),
    });
    expect(check({ where: { and: [inOf(half), inOf(half)] } }).ok).toBe(true);
    expect(isMalformed({ where: { and: [inOf(half), inOf(half + 1)] } })).toBe(true);
  });

  test(`each list of a query has ${QUERY_COLUMNS_MAX} entries`, () => {
    const lists = (length: number): Omit<QuerySpec, "model">[] => {
      const names = Array.from({ length }, (_, i) => `a${i}`);
      return [
        { select: names.map((as) => ({ field: "level", as })) },
        { aggregates: names.map((as) => ({ op: "count", as })) },
        { groupBy: names.map(() => "kind") },
        { orderBy: names.map(() => ({ field: "level" })) },
      ];
    };
    for (const spec of lists(QUERY_COLUMNS_MAX)) expect(check(spec).ok).toBe(true);
    for (const spec of lists(QUERY_COLUMNS_MAX + 1)) expect(isMalformed(spec)).toBe(true);
  });
});
