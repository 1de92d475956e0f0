import { expect, test } from "vitest";
import * as fc from "fast-check";
import { parseSql } from "../../../src/core/query/sql.ts";
import { toSql } from "../../../src/core/query/sql-writer.ts";
import { SEED, grouping, listing } from "./arbitraries.ts";

const WORDS = (
  "SELECT FROM WHERE GROUP BY ORDER LIMIT OFFSET AND OR NOT IN LIKE ESCAPE BETWEEN IS NULL TRUE FALSE AS ASC DESC " +
  "NULLS LAST DISTINCT HAVING JOIN count sum max p99 a b Meter * ( ) , ; = != <> <= '%x%' 'it''s' ' \" \"q\" 1 -2.5e3 " +
  "1e999 .5 5. 1x -- /* */ \\ ö 😀 \u0000 \ud800 \n"
).split(" ");

const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(" "));
const dense = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(""));
const anything = fc.string({ unit: "binary", maxLength: 60 });

/** A right query with a piece cut out, doubled or replaced: it goes wrong late, in every clause. */
const damaged = fc
  .tuple(
    fc.oneof(listing, grouping),
    fc.nat(),
    fc.nat({ max: 12 }),
    fc.oneof(fc.constant(""), fc.constantFrom(...WORDS)),
  )
  .map(([spec, at, length, insert]) => {
    const sql = toSql(spec);
    const start = at % sql.length;
    return sql.slice(0, start) + insert + sql.slice(start + length);
  });

test("no text makes the parser throw: it is a query, or refused at a place within the text", () => {
  let queries = 0;
  fc.assert(
    fc.property(fc.oneof(soup, dense, anything, damaged, damaged), (sql) => {
      const parsed = parseSql(sql);
      if (parsed.ok) {
        queries++;
        expect(parseSql(toSql(parsed.value)).ok).toBe(true);
        return;
      }
      const { code, detail, data } = parsed.refusal;
      expect(code).toBe("query/syntax");
      expect(detail).toMatch(/\.$/);
      expect(data?.["position"]).toBeGreaterThanOrEqual(0);
      expect(data?.["position"]).toBeLessThanOrEqual(sql.length);
    }),
    { seed: SEED, numRuns: 20_000 },
  );
  // The damaged ones are often still queries: both ways are taken.
  expect(queries).toBeGreaterThan(1_000);
});
