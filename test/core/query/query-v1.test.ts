import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { WHERE_DEPTH_MAX } from "../../../src/core/limits.ts";
import { checkQuery } from "../../../src/core/query/check.ts";
import { AGGREGATE_OPS, WHERE_OPS } from "../../../src/core/query/plan.ts";
import { parseQueryBody } from "../../../src/wire/query-v1.ts";
import { SEED, grouping, listing } from "./arbitraries.ts";
import { FIELDS, answerOf, rowOf, tableOf } from "./tables.ts";

const where = (condition: unknown): unknown => ({ model: "Meter", where: condition });

describe("the body of a query", () => {
  test("is the JSON form, taken as it is", () => {
    fc.assert(
      fc.property(fc.oneof(listing, grouping), (spec) => {
        expect(parseQueryBody(JSON.parse(JSON.stringify(spec)))).toEqual({ ok: true, value: spec });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("or SQL text, which means the same", () => {
    const value = { model: "Meter", where: { field: "level", op: ">", value: 5 }, limit: 3 };
    expect(parseQueryBody({ sql: "SELECT * FROM Meter WHERE level > 5 LIMIT 3" })).toEqual({
      ok: true,
      value,
    });
    expect(parseQueryBody({ sql: "SELECT" })).toMatchObject({
      refusal: { code: "query/syntax", data: { position: 6, line: 1, column: 7 } },
    });
  });

  test.each<[string, string, unknown]>([
    ["The query: expected object, received null.", "", null],
    ["The query: expected object, received array.", "", []],
    ['"model" in the query: expected string, but it is missing.', "model", {}],
    ['The query: unknown key "limt".', "", { model: "Meter", limt: 3 }],
    ['The query: unknown key "model".', "", { sql: "SELECT", model: "Meter" }],
    ['"sql" in the query: expected string, received number.', "sql", { sql: 5 }],
    [
      '"limit" in the query: expected number, received string.',
      "limit",
      { model: "Meter", limit: "3" },
    ],
    [
      '"orderBy[0]" in the query: unknown key "direction".',
      "orderBy[0]",
      { model: "Meter", orderBy: [{ field: "a", direction: 1 }] },
    ],
    [
      '"select[1]" in the query: expected a name, or {"field", "as"}.',
      "select[1]",
      { model: "Meter", select: ["a", 5] },
    ],
    [
      '"select[0].as" in the query: expected string, but it is missing.',
      "select[0].as",
      { model: "Meter", select: [{ field: "a" }] },
    ],
    ['"where.and" in the query: expected array, received object.', "where.and", where({ and: {} })],
    [
      '"where.and[1].or[0]" in the query: unknown key "x".',
      "where.and[1].or[0]",
      where({
        and: [{ field: "a", op: "isNull" }, { or: [{ field: "a", op: "=", value: 1, x: 1 }] }],
      }),
    ],
    ['"where" in the query: unknown key "or".', "where", where({ and: [], or: [] })],
    [
      '"where.not.value" in the query: expected a string, number or boolean, or a list of them.',
      "where.not.value",
      where({ not: { field: "a", op: "=", value: {} } }),
    ],
    [
      '"where" in the query: expected {"and": […]}, {"or": […]}, {"not": …} or {"field", "op", "value"}.',
      "where",
      where({ like: "x" }),
    ],
  ])("%s", (detail, path, body) => {
    expect(parseQueryBody(body)).toEqual({
      ok: false,
      refusal: { code: "query/malformed", detail, data: { path } },
    });
  });

  test("names the operators and aggregates that there are", () => {
    expect(parseQueryBody(where({ field: "a", op: "like", value: "x" }))).toMatchObject({
      refusal: {
        detail: expect.stringContaining('"where.op" in the query: expected one of "="|"!="|'),
      },
    });
    expect(parseQueryBody({ model: "Meter", aggregates: [{ op: "median" }] })).toMatchObject({
      refusal: {
        detail: expect.stringContaining(
          '"aggregates[0].op" in the query: expected one of "count"|',
        ),
      },
    });
  });

  test("nests as deep as a where may, with a list in its deepest place", () => {
    const nested = (depth: number): unknown =>
      depth === 1 ? { field: "a", op: "in", value: [1] } : { and: [nested(depth - 1)] };
    expect(parseQueryBody(where(nested(WHERE_DEPTH_MAX))).ok).toBe(true);
    expect(parseQueryBody(where(nested(WHERE_DEPTH_MAX + 1)))).toMatchObject({
      refusal: { data: { path: "where" } },
    });
  });

  test("exhausts no stack, however deep it nests", () => {
    let condition: unknown = { field: "a", op: "isNull" };
    for (let depth = 0; depth < 100_000; depth++) condition = { not: condition };
    expect(parseQueryBody(where(condition))).toMatchObject({
      refusal: { code: "query/malformed" },
    });
  });

  test("is refused or taken whatever it is, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map(where),
          fc.jsonValue().map((and) => where({ and: [and] })),
        ),
        (body) => {
          const parsed = parseQueryBody(body);
          if (!parsed.ok) expect(parsed.refusal.code).toMatch(/^query\/(malformed|syntax)$/);
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});

test("every body of the right shape is planned and answered, or refused by name: nothing throws on the way", () => {
  const field = fc.constantFrom(
    "id",
    "level",
    "kind",
    "active",
    "seen",
    "count",
    "constructor",
    "",
  );
  const scalar = fc.oneof(
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.constant(null),
    fc.constantFrom("pump", "2026-11-22", "%"),
  );
  const comparison = fc.record(
    {
      field,
      op: fc.constantFrom(...WHERE_OPS),
      value: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })),
    },
    { requiredKeys: ["field", "op"] },
  );
  const group = fc.array(comparison, { maxLength: 2 });
  const condition = fc.oneof(
    comparison,
    group.map((and) => ({ and })),
    group.map((or) => ({ not: { or } })),
  );
  const name = fc.oneof(field, fc.constantFrom("max_level", "n"));
  const body = fc.record(
    {
      model: fc.constant("Meter"),
      select: fc.array(fc.oneof(name, fc.record({ field: name, as: name })), { maxLength: 3 }),
      aggregates: fc.array(
        fc.record(
          { op: fc.constantFrom(...AGGREGATE_OPS), field, as: name },
          { requiredKeys: ["op"] },
        ),
        { maxLength: 2 },
      ),
      groupBy: fc.array(field, { maxLength: 2 }),
      where: condition,
      orderBy: fc.array(fc.record({ field: name, desc: fc.boolean() }), { maxLength: 2 }),
      limit: fc.integer({ min: -1, max: 3 }),
      offset: fc.integer({ min: -1, max: 3 }),
    },
    { requiredKeys: ["model"] },
  );
  const table = tableOf(
    new Map([[0, [rowOf("a", { level: 1, kind: "pump" }), rowOf("b", { active: true, seen: 5 })]]]),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(body, (input) => {
      const parsed = parseQueryBody(input);
      const plan = parsed.ok ? checkQuery(parsed.value, FIELDS) : parsed;
      const answer = plan.ok ? answerOf(plan.value, [table]) : plan;
      seen.add(answer.ok ? "answered" : answer.refusal.code);
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    }),
    { seed: SEED, numRuns: 5_000 },
  );
  expect([...seen].toSorted()).toEqual([
    "answered",
    "query/bad-type",
    "query/malformed",
    "query/unknown-field",
  ]);
});
