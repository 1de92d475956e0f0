/**
 * Evaluates a plan over the columns of one shard. Nothing here changes the table, and no result shares memory with
 * it. Work is done a block at a time, with buffers as large as the largest block.
 */
import { evaluateGroups } from "./evaluate-groups.ts";
import { evaluateRows } from "./evaluate-rows.ts";
import { makeScan } from "./scan.ts";
import type { Plan, QueryPartial } from "./plan.ts";
import type { Table } from "../columns/columns.ts";
import type { Result } from "../refusal.ts";

/**
 * What this shard has for a query. Refuses with `query/too-many-groups` and `query/too-many-values` beyond
 * QUERY_GROUPS_MAX and QUERY_DISTINCT_MAX, and with `query/unknown-field` when the table lacks a field of the plan.
 */
export function evaluatePartial(plan: Plan, table: Table): Result<QueryPartial> {
  const scan = makeScan(plan, table);
  if (!scan.ok) return scan;
  return plan.kind === "rows" ? evaluateRows(plan, scan.value) : evaluateGroups(plan, scan.value);
}
