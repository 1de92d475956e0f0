/** Makes one answer of what the shards found: the same, however the twins are split over them. */
import { assert } from "../assert.ts";
import { mergeGroups } from "./merge-groups.ts";
import { mergeRows } from "./merge-rows.ts";
import { ok } from "../refusal.ts";
import type { GroupPartial, Plan, QueryPartial, QueryResult, RowPartial } from "./plan.ts";
import type { Result } from "../refusal.ts";

/**
 * The answer to a query from the partial results of its shards, in any order.
 *
 * - Times are ISO 8601 in UTC, nulls are null. So is a number that JSON can't hold: a sum beyond the largest.
 * - Groups without an order come by their keys, rows by their ids. Nulls come last in every order. Texts compare by
 *   UTF-16 units.
 * - Aggregates without groups give one row even when no twin matches: counts 0, all others null.
 * - Only floating-point rounding may depend on the split: last digits of sums, averages and `stddev` of fractions.
 *
 * Refuses with `query/too-many-groups` and `query/too-many-values` when the bounds hold for each shard but not for all.
 */
export function mergePartials(plan: Plan, partials: readonly QueryPartial[]): Result<QueryResult> {
  return plan.kind === "rows"
    ? ok(mergeRows(plan, rowsOf(partials)))
    : mergeGroups(plan, groupsOf(partials));
}

function rowsOf(partials: readonly QueryPartial[]): RowPartial[] {
  return partials.map((partial) => {
    assert(partial.kind === "rows", "shards answer a row query with rows");
    return partial;
  });
}

function groupsOf(partials: readonly QueryPartial[]): GroupPartial[] {
  return partials.map((partial) => {
    assert(partial.kind === "groups", "shards answer a grouped query with groups");
    return partial;
  });
}
