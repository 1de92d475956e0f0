/** The same twins in SQLite, the same SQL text, the same answer: where we say SQL, it is SQL. */
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import * as fc from "fast-check";
import { checkQuery } from "../../../src/core/query/check.ts";
import { formatTime } from "../../../src/core/query/time-text.ts";
import { parseSql } from "../../../src/core/query/sql.ts";
import { toSql } from "../../../src/core/query/sql-writer.ts";
import { SEED, grouping, listing, rows } from "./arbitraries.ts";
import { FIELDS, answerOf, tableOf, valueOf } from "./tables.ts";
import type { Row } from "./tables.ts";
import type { QueryResult, QuerySpec, Where } from "../../../src/core/query/plan.ts";

const COLUMN_TYPES = { number: "REAL", time: "INTEGER", string: "TEXT", boolean: "INTEGER" };

/** A table `Meter` of its own for each run; LIKE heeds case in SQLite only when told to. */
function databaseOf(twins: readonly Row[]): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const columns = FIELDS.map(({ name, type }) => `${name} ${COLUMN_TYPES[type]}`);
  database.exec(
    `PRAGMA case_sensitive_like = ON; CREATE TABLE Meter (${[...columns, "id TEXT"].join(", ")})`,
  );
  const names = [...FIELDS.map(({ name }) => name), "id"];
  const insert = database.prepare(`INSERT INTO Meter VALUES (${names.map(() => "?").join(", ")})`);
  for (const twin of twins) {
    insert.run(
      ...names.map((name) => (typeof twin[name] === "boolean" ? Number(twin[name]) : twin[name]!)),
    );
  }
  return database;
}

/** SQLite's rows with its 0, 1 and epoch milliseconds as we show booleans and times. */
function sqliteRows(
  database: DatabaseSync,
  sql: string,
  columns: QueryResult["columns"],
): unknown[][] {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  const found = statement.all() as unknown as (null | number | string)[][];
  return found.map((row) =>
    row.map((value, i) => {
      const type = columns[i]!.type;
      if (value === null) return null;
      if (type === "boolean") return value === 1;
      return type === "time" ? formatTime(value as number) : value;
    }),
  );
}

/** Every order, ties by all that is left: SQLite promises none. */
function orderClause(spec: QuerySpec, ties: readonly string[]): string {
  const entries = [...(spec.orderBy ?? []), ...ties.map((field) => ({ field, desc: false }))];
  const terms = entries.map(
    ({ field, desc = false }) => `${field} ${desc ? "DESC" : "ASC"} NULLS LAST`,
  );
  return terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
}

/** SQLite takes OFFSET only after LIMIT, and our times may be text where its are numbers. */
function textOf(spec: QuerySpec, ties: readonly string[]): string {
  const { orderBy: _, limit = 100, offset, where, ...rest } = spec;
  const select = toSql({
    ...rest,
    ...(where === undefined ? {} : { where: withTimesAsNumbers(where) }),
  });
  return `${select}${orderClause(spec, ties)} LIMIT ${limit}${offset === undefined ? "" : ` OFFSET ${offset}`}`;
}

function withTimesAsNumbers(where: Where): Where {
  if ("and" in where) return { and: where.and.map(withTimesAsNumbers) };
  if ("or" in where) return { or: where.or.map(withTimesAsNumbers) };
  if ("not" in where) return { not: withTimesAsNumbers(where.not) };
  if (where.field !== "seen" || where.value === undefined) return where;
  const numberOf = (value: unknown): number =>
    typeof value === "string" ? Date.parse(value) : Number(value);
  return {
    ...where,
    value: Array.isArray(where.value) ? where.value.map(numberOf) : numberOf(where.value),
  };
}

function expectSame(sql: string, twins: readonly Row[]): void {
  const spec = valueOf(parseSql(sql));
  const plan = valueOf(checkQuery(spec, FIELDS));
  const shards = [
    tableOf(new Map([[0, twins.slice(0, 7)]])),
    tableOf(new Map([[1, twins.slice(7)]])),
  ];
  const answer = valueOf(answerOf(plan, shards));
  const database = databaseOf(twins);
  expect(answer.rows, sql).toEqual(sqliteRows(database, sql, answer.columns));
  database.close();
}

test("listings are SQLite's", () => {
  fc.assert(
    fc.property(listing, rows, (spec, twins) => {
      const select = [
        "id",
        ...(spec.select ?? FIELDS.map(({ name }) => name)).filter((name) => name !== "id"),
      ];
      expectSame(textOf({ ...spec, select }, ["id"]), twins);
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test("groups and aggregates are SQLite's", () => {
  const known = grouping.filter(({ aggregates = [] }) =>
    aggregates.every(({ op }) => op !== "stddev" && !op.startsWith("p")),
  );
  fc.assert(
    fc.property(known, rows, (spec, twins) => {
      expectSame(textOf(spec, spec.groupBy ?? []), twins);
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test.each([
  "region NOT IN ('NW', 'NE')",
  "NOT (region = 'NW' AND level > 0)",
  "NOT (region = 'NW' OR level > 0)",
  "level NOT BETWEEN -1 AND 1",
  "region NOT LIKE 'N%' AND region IS NOT NULL",
  "active = TRUE OR active = FALSE",
  "NOT active = TRUE AND level <> 0 OR kind IS NULL",
])("WHERE %s is SQLite's", (condition) => {
  fc.assert(
    fc.property(rows, (twins) => {
      expectSame(`SELECT id FROM Meter WHERE ${condition} ORDER BY id`, twins);
    }),
    { seed: SEED, numRuns: 50 },
  );
});
