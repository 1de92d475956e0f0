import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { FIELDS, answerOf, planOf, tableOf, valueOf } from "./tables.ts";
import { SEED, grouping, listing, placement, rows } from "./arbitraries.ts";
import { referenceAnswer } from "./reference.ts";
import type { Row } from "./tables.ts";
import type { Table } from "../../../src/core/columns/columns.ts";
import type { QueryResult, QuerySpec } from "../../../src/core/query/plan.ts";

interface Placed {
  /** In the order of storage. */
  readonly rows: readonly Row[];
  readonly shards: readonly Table[];
}

function place(
  all: readonly Row[],
  { cells, shards }: { cells: readonly number[]; shards: number },
): Placed {
  const byCell = new Map<number, Row[]>();
  for (const [i, row] of all.entries()) {
    const cell = cells[i % cells.length]!;
    byCell.set(cell, [...(byCell.get(cell) ?? []), row]);
  }
  const tables = Array.from({ length: shards }, (_, shard) => {
    // Blocks come in the order in which cells were first used, which is no particular one.
    return tableOf(new Map([...byCell].filter(([cell]) => cell % shards === shard)));
  });
  return {
    rows: [...byCell.keys()].toSorted((a, b) => a - b).flatMap((cell) => byCell.get(cell)!),
    shards: tables,
  };
}

/** Numbers to 12 digits: only `stddev` is not exact with the values used here. */
function rounded(result: QueryResult): QueryResult {
  const round = (value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(12)) : value;
  return { columns: result.columns, rows: result.rows.map((row) => row.map(round)) } as QueryResult;
}

test("what is compared below is worth it: conditions keep some twins and drop some, and answers have several rows", () => {
  const runs = fc.sample(fc.tuple(fc.oneof(listing, grouping), rows), {
    seed: SEED,
    numRuns: 1_000,
  });
  const lengths = runs.map(([spec, all]) => {
    const where = spec.where === undefined ? {} : { where: spec.where };
    const found = referenceAnswer({ model: "Meter", select: ["id"], ...where }, FIELDS, all).rows
      .length;
    return {
      found,
      dropped: all.length - found,
      shown: referenceAnswer(spec, FIELDS, all).rows.length,
    };
  });
  expect(lengths.filter(({ found, dropped }) => found > 1 && dropped > 1).length).toBeGreaterThan(
    150,
  );
  expect(lengths.filter(({ shown }) => shown > 1).length).toBeGreaterThan(500);
});

/** `stddev` is never ordered by: its last digits would decide. */
function isOrderExact({ orderBy = [], aggregates = [] }: QuerySpec): boolean {
  const inexact = aggregates.filter(({ op }) => op === "stddev").map(({ as }) => as);
  return !orderBy.some(({ field }) => inexact.includes(field));
}

describe.each([
  ["a listing", listing],
  ["a grouping", grouping],
])("%s", (_, queries) => {
  test("over any split into cells and shards is what plain objects give", () => {
    fc.assert(
      fc.property(queries.filter(isOrderExact), rows, placement, (spec, all, split) => {
        const placed = place(all, split);
        const expected = referenceAnswer(spec, FIELDS, placed.rows);
        const answer = valueOf(answerOf(planOf(spec), placed.shards));
        expect(rounded(answer)).toEqual(rounded(expected));
      }),
      { seed: SEED, numRuns: 1_500 },
    );
  });

  test("from many shards is the same as from one shard with all cells, and in any order of shards", () => {
    fc.assert(
      fc.property(queries.filter(isOrderExact), rows, placement, (spec, all, split) => {
        const plan = planOf(spec);
        const one = valueOf(answerOf(plan, place(all, { ...split, shards: 1 }).shards));
        const { shards } = place(all, split);
        expect(rounded(valueOf(answerOf(plan, shards)))).toEqual(rounded(one));
        expect(rounded(valueOf(answerOf(plan, shards.toReversed())))).toEqual(rounded(one));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("leaves the table as it was", () => {
    fc.assert(
      fc.property(queries, rows, placement, (spec, all, split) => {
        const { shards } = place(all, split);
        const before = structuredClone(shards);
        answerOf(planOf(spec), shards);
        expect(shards).toEqual(before);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
