import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { SQL_CHARS_MAX, WHERE_DEPTH_MAX } from "../../../src/core/limits.ts";
import { parseSql } from "../../../src/core/query/sql.ts";
import { toSql } from "../../../src/core/query/sql-writer.ts";
import { SEED, grouping, listing } from "./arbitraries.ts";
import { valueOf } from "./tables.ts";
import type { QuerySpec } from "../../../src/core/query/plan.ts";

const specOf = (sql: string): QuerySpec => valueOf(parseSql(sql));
const whereOf = (condition: string): unknown =>
  specOf(`SELECT * FROM Meter WHERE ${condition}`).where;

describe("SQL becomes the query that JSON would ask", () => {
  test("from the example of the interface", () => {
    const sql =
      "SELECT region, max(alert_level) AS worst, count(*) AS n FROM StatusTracker " +
      "WHERE node_type = 'controller' GROUP BY region ORDER BY worst DESC";
    expect(specOf(sql)).toEqual({
      model: "StatusTracker",
      aggregates: [
        { op: "max", field: "alert_level", as: "worst" },
        { op: "count", as: "n" },
      ],
      where: { field: "node_type", op: "=", value: "controller" },
      groupBy: ["region"],
      orderBy: [{ field: "worst", desc: true }],
    });
  });

  test("with every clause at once, in any case, over several lines, with a semicolon", () => {
    const sql = `select level, "order" as Position from Meter
      where level >= -1.5e2 and not active = true
      order by level asc nulls last, "order" desc limit 10 offset 5 ;`;
    expect(specOf(sql)).toEqual({
      model: "Meter",
      select: ["level", { field: "order", as: "Position" }],
      where: {
        and: [
          { field: "level", op: ">=", value: -150 },
          { not: { field: "active", op: "=", value: true } },
        ],
      },
      orderBy: [{ field: "level" }, { field: "order", desc: true }],
      limit: 10,
      offset: 5,
    });
  });

  test("with * for all fields, and nothing more", () => {
    expect(specOf("SELECT * FROM Meter")).toEqual({ model: "Meter" });
  });

  test("with each aggregate", () => {
    const list =
      "count(*), count(a), COUNT(DISTINCT a), sum(a), avg(a), min(a), max(a), stddev(a), p50(a), p90(a), P99(a)";
    expect(specOf(`SELECT ${list} FROM Meter`)).toEqual({
      model: "Meter",
      aggregates: [
        { op: "count" },
        { op: "count", field: "a" },
        { op: "countDistinct", field: "a" },
        ...["sum", "avg", "min", "max", "stddev", "p50", "p90", "p99"].map((op) => ({
          op,
          field: "a",
        })),
      ],
    });
  });

  test("with columns in another order than groups and aggregates, or under other names", () => {
    expect(specOf("SELECT count(*), region AS area FROM Meter GROUP BY region")).toEqual({
      model: "Meter",
      select: ["count", { field: "region", as: "area" }],
      aggregates: [{ op: "count" }],
      groupBy: ["region"],
    });
    expect(specOf("SELECT region FROM Meter GROUP BY region")).toEqual({
      model: "Meter",
      groupBy: ["region"],
    });
  });

  test("with an aggregate to order by, which is the column that shows it", () => {
    expect(
      specOf("SELECT max(a) AS top, count(*) FROM Meter ORDER BY max(a) DESC, COUNT(*)").orderBy,
    ).toEqual([{ field: "top", desc: true }, { field: "count" }]);
  });

  test("with aggregates' and other words as names where they are no keywords", () => {
    expect(specOf("SELECT count, max AS first, last, join FROM p50").select).toEqual([
      "count",
      { field: "max", as: "first" },
      "last",
      "join",
    ]);
  });

  test("with quotes in texts and names doubled", () => {
    expect(whereOf(`"a""b" = 'it''s'`)).toEqual({ field: 'a"b', op: "=", value: "it's" });
    expect(whereOf(`a = ''`)).toEqual({ field: "a", op: "=", value: "" });
  });
});

describe("conditions", () => {
  const a = { field: "a", op: "=", value: 1 };
  const b = { field: "b", op: "=", value: 2 };
  const c = { field: "c", op: "=", value: 3 };

  test.each([
    ["a = 1 OR b = 2 AND c = 3", { or: [a, { and: [b, c] }] }],
    ["(a = 1 OR b = 2) AND c = 3", { and: [{ or: [a, b] }, c] }],
    ["a = 1 AND b = 2 AND c = 3", { and: [a, b, c] }],
    ["a = 1 AND (b = 2 AND c = 3)", { and: [a, { and: [b, c] }] }],
    ["NOT a = 1 AND b = 2", { and: [{ not: a }, b] }],
    ["NOT (a = 1 AND b = 2)", { not: { and: [a, b] } }],
    ["NOT NOT a = 1", { not: { not: a } }],
    ["((a = 1))", a],
  ])("%s binds as in SQL", (condition, where) => {
    expect(whereOf(condition)).toEqual(where);
  });

  test.each([
    ["a <> 1", { field: "a", op: "!=", value: 1 }],
    ["a != .5", { field: "a", op: "!=", value: 0.5 }],
    ["a<=-1", { field: "a", op: "<=", value: -1 }],
    ["a = +1E-2", { field: "a", op: "=", value: 0.01 }],
    ["a = NULL", { field: "a", op: "=", value: null }],
    ["a IN (1, 'x', FALSE)", { field: "a", op: "in", value: [1, "x", false] }],
    ["a NOT IN (1)", { not: { field: "a", op: "in", value: [1] } }],
    ["a IS NULL", { field: "a", op: "isNull" }],
    ["a IS NOT NULL", { not: { field: "a", op: "isNull" } }],
    [
      "a BETWEEN 1 AND 2",
      {
        and: [
          { field: "a", op: ">=", value: 1 },
          { field: "a", op: "<=", value: 2 },
        ],
      },
    ],
    [
      "a BETWEEN 1 AND 2 AND b = 2",
      {
        and: [
          {
            and: [
              { field: "a", op: ">=", value: 1 },
              { field: "a", op: "<=", value: 2 },
            ],
          },
          b,
        ],
      },
    ],
    [
      "a NOT BETWEEN 1 AND 2",
      {
        not: {
          and: [
            { field: "a", op: ">=", value: 1 },
            { field: "a", op: "<=", value: 2 },
          ],
        },
      },
    ],
    ["a LIKE 'x%'", { field: "a", op: "startsWith", value: "x" }],
    ["a LIKE '%x%'", { field: "a", op: "contains", value: "x" }],
    ["a LIKE 'x'", { field: "a", op: "=", value: "x" }],
    ["a LIKE '%'", { field: "a", op: "startsWith", value: "" }],
    ["a NOT LIKE '%x%'", { not: { field: "a", op: "contains", value: "x" } }],
    ["a LIKE '50!%!_!!%' ESCAPE '!'", { field: "a", op: "startsWith", value: "50%_!" }],
    ["a LIKE 'a\\%'", { field: "a", op: "startsWith", value: "a\\" }],
  ])("%s", (condition, where) => {
    expect(whereOf(condition)).toEqual(where);
  });
});

describe("what is not understood is refused with its place", () => {
  test.each([
    ["", 0, "Expected SELECT, found the end, at line 1, column 1."],
    ["  ", 2, "Expected SELECT, found the end, at line 1, column 3."],
    ["SELEC * FROM M", 0, "Expected SELECT, found SELEC, at line 1, column 1."],
    ["SELECT FROM M", 7, "Expected a field, an aggregate or *, found FROM, at line 1, column 8."],
    ["SELECT *, a FROM M", 8, 'Expected FROM, found ",", at line 1, column 9.'],
    ["SELECT a b FROM M", 9, 'Expected "," or FROM, found b, at line 1, column 10.'],
    [
      "SELECT a,\n  b,\n  FROM M",
      17,
      "Expected a field, an aggregate or *, found FROM, at line 3, column 3.",
    ],
    ["SELECT a FROM", 13, "Expected a model's name, found the end, at line 1, column 14."],
    [
      "SELECT * FROM M WHRE a = 1",
      16,
      "Expected WHERE, GROUP BY, ORDER BY, LIMIT, OFFSET, the end of the query, found WHRE, at line 1, column 17.",
    ],
    [
      "SELECT * FROM M LIMIT 1 WHERE a = 1",
      24,
      "Expected the end of the query, found WHERE, at line 1, column 25.",
    ],
    ["SELECT * FROM M LIMIT x", 22, "Expected a number of rows, found x, at line 1, column 23."],
    [
      "SELECT * FROM M WHERE a",
      23,
      "Expected =, !=, <, <=, >, >=, IN, LIKE, BETWEEN or IS, found the end, at line 1, column 24.",
    ],
    [
      "SELECT * FROM M WHERE a NOT = 1",
      28,
      'Expected IN, LIKE or BETWEEN, found "=", at line 1, column 29.',
    ],
    [
      "SELECT * FROM M WHERE a = b",
      26,
      "Expected a number, a 'text', TRUE, FALSE or NULL, found b, at line 1, column 27.",
    ],
    ["SELECT * FROM M WHERE a = 1 + 1", 28, "+ has no meaning here, at line 1, column 29."],
    [
      "SELECT M.a FROM M",
      8,
      "A field's name stands alone, without the model's before it, at line 1, column 9.",
    ],
    ["SELECT * FROM M WHERE (a = 1", 28, 'Expected ")", found the end, at line 1, column 29.'],
    [
      "SELECT * FROM M WHERE a IN ()",
      28,
      "Expected a number, a 'text', TRUE, FALSE or NULL, found \")\", at line 1, column 29.",
    ],
    [
      "SELECT * FROM M WHERE a = 'it''s",
      26,
      "A text has no closing quote ', at line 1, column 27.",
    ],
    ['SELECT "a FROM M', 7, 'A name has no closing quote ", at line 1, column 8.'],
    [
      "SELECT größe FROM M",
      9,
      "Put a name that has ö in it in double quotes, at line 1, column 10.",
    ],
    [
      "SELECT * FROM M WHERE a = 12px",
      26,
      "A number can't be followed by p, at line 1, column 27.",
    ],
    ["SELECT * FROM M WHERE a = 1e999", 26, "The number 1e999 is too large, at line 1, column 27."],
    [
      "SELECT * FROM M WHERE a LIKE '%x'",
      29,
      "LIKE takes 'text', 'text%' or '%text%', without other % or _, at line 1, column 30.",
    ],
    [
      "SELECT * FROM M WHERE a LIKE 'a_c'",
      29,
      "LIKE takes 'text', 'text%' or '%text%', without other % or _, at line 1, column 30.",
    ],
    [
      "SELECT * FROM M WHERE a LIKE 'a!' ESCAPE '!'",
      29,
      "LIKE takes 'text', 'text%' or '%text%', without other % or _, at line 1, column 30.",
    ],
    [
      "SELECT * FROM M WHERE a LIKE 'a' ESCAPE 'xy'",
      40,
      "ESCAPE takes exactly one character, at line 1, column 41.",
    ],
    [
      "SELECT median(a) FROM M",
      7,
      "There is no function median; known are count, sum, avg, min, max, stddev, p50, p90, p99, at line 1, column 8.",
    ],
    ["SELECT sum(*) FROM M", 11, 'Expected a field, found "*", at line 1, column 12.'],
    [
      "SELECT * FROM M GROUP BY a",
      7,
      "A query with GROUP BY shows those fields and aggregates, not *, at line 1, column 8.",
    ],
    [
      "SELECT a FROM M GROUP BY a ORDER BY sum(b)",
      36,
      "ORDER BY takes an aggregate only when SELECT shows it too, at line 1, column 37.",
    ],
    [
      "SELECT a FROM M ORDER BY a NULLS FIRST",
      33,
      "Expected LAST, found FIRST, at line 1, column 34.",
    ],
    [
      "SELECT * FROM M; SELECT * FROM M",
      17,
      "Expected nothing more, found SELECT, at line 1, column 18. One query is asked at a time, and none inside another.",
    ],
  ])("%j", (sql, position, detail) => {
    const parsed = parseSql(sql);
    const line = sql.slice(0, position).split("\n").length;
    const column = position - sql.lastIndexOf("\n", position - 1);
    expect(parsed).toMatchObject({
      ok: false,
      refusal: { code: "query/syntax", detail, data: { position, line, column } },
    });
  });

  test.each([
    ["SELECT DISTINCT a FROM M", "DISTINCT is for count(DISTINCT field)"],
    ["SELECT a, count(*) FROM M GROUP BY a HAVING count(*) > 1", "HAVING is not supported"],
    ["SELECT * FROM M JOIN N", "joins are not supported"],
    ["SELECT * FROM M LEFT JOIN N", "joins are not supported"],
    ["SELECT * FROM M WHERE a IN (SELECT a FROM N)", "none inside another"],
    ["SELECT * FROM (SELECT * FROM M)", 'Expected a model\'s name, found "("'],
    ["SELECT * FROM M UNION SELECT * FROM N", "UNION is not supported"],
    ["DELETE FROM M", "Queries only read"],
    ["WITH m AS (SELECT * FROM M) SELECT * FROM m", "WITH is not supported"],
  ])("%s is refused by name", (sql, sentence) => {
    const parsed = parseSql(sql);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.refusal.detail).toContain(sentence);
  });

  test("what was expected is data too", () => {
    expect(parseSql("SELECT * FROM M WHERE a LIKE 3")).toMatchObject({
      refusal: { data: { position: 29, expected: "a pattern in single quotes" } },
    });
  });
});

describe("bounds", () => {
  test(`a text has ${SQL_CHARS_MAX} characters at most`, () => {
    const sql = "SELECT * FROM Meter".padEnd(SQL_CHARS_MAX);
    expect(parseSql(sql).ok).toBe(true);
    expect(parseSql(`${sql} `)).toMatchObject({
      refusal: { code: "query/syntax", data: { position: SQL_CHARS_MAX } },
    });
  });

  test.each([
    ["parentheses", "(", ")"],
    ["NOT", "NOT ", ""],
  ])("%s nest as deep as a where may", (_, opening, closing) => {
    const nested = (levels: number): string =>
      `SELECT * FROM Meter WHERE ${opening.repeat(levels)}a = 1${closing.repeat(levels)}`;
    expect(parseSql(nested(WHERE_DEPTH_MAX - 1)).ok).toBe(true);
    const deeper = nested(WHERE_DEPTH_MAX);
    expect(parseSql(deeper)).toMatchObject({
      refusal: { data: { position: deeper.indexOf("a = 1") } },
    });
  });

  test("ten thousand of either exhaust no stack", () => {
    for (const opening of ["(", "NOT "]) {
      const sql = `SELECT * FROM M WHERE ${opening.repeat(SQL_CHARS_MAX)}`.slice(0, SQL_CHARS_MAX);
      expect(parseSql(sql)).toMatchObject({ refusal: { code: "query/syntax" } });
    }
  });
});

describe("SQL and JSON turn into each other", () => {
  test("for every query: parsing what was written gives the same", () => {
    fc.assert(
      fc.property(fc.oneof(listing, grouping), (spec) => {
        expect(parseSql(toSql(spec))).toEqual({ ok: true, value: spec });
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });

  test("for names and texts of any characters", () => {
    const any = fc.string({ unit: "binary", maxLength: 8 });
    fc.assert(
      fc.property(
        any,
        any,
        any,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (model, field, text, number) => {
          const spec: QuerySpec = {
            model,
            select: [field, { field, as: text }],
            where: {
              or: [
                { field, op: "=", value: text },
                { field, op: "contains", value: text },
                { not: { field, op: "startsWith", value: text } },
                { field, op: "in", value: [number === 0 ? 0 : number, text, null, true] },
              ],
            },
            orderBy: [{ field: text }],
          };
          expect(parseSql(toSql(spec))).toEqual({ ok: true, value: spec });
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test("with names of keywords and functions quoted only where they must be", () => {
    const spec = {
      model: "limit",
      select: ["count", "Group"],
      orderBy: [{ field: "asc", desc: true }],
    };
    expect(toSql(spec)).toBe('SELECT count, "Group" FROM "limit" ORDER BY "asc" DESC');
    expect(specOf(toSql(spec))).toEqual(spec);
  });

  test("with columns in an order of their own", () => {
    const spec: QuerySpec = {
      model: "Meter",
      select: ["n", { field: "region", as: "area" }],
      aggregates: [{ op: "countDistinct", field: "kind", as: "n" }],
      groupBy: ["region", "kind"],
    };
    expect(toSql(spec)).toBe(
      "SELECT count(DISTINCT kind) AS n, region AS area FROM Meter GROUP BY region, kind",
    );
    expect(specOf(toSql(spec))).toEqual(spec);
  });

  test("but for what says nothing: empty lists, desc: false, groups of one", () => {
    const spec: QuerySpec = {
      model: "Meter",
      select: [],
      aggregates: [],
      groupBy: [],
      orderBy: [{ field: "level", desc: false }],
      where: { and: [{ or: [{ field: "level", op: "isNull" }] }] },
    };
    expect(specOf(toSql(spec))).toEqual({
      model: "Meter",
      where: { field: "level", op: "isNull" },
      orderBy: [{ field: "level" }],
    });
  });
});
