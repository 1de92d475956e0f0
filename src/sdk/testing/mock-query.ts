/** Queries in the mock environment: the service's own checks and evaluation, over columns made for one query. */
import type { Cell } from "../../core/cell/cell.ts";
import { deltaSince } from "../../core/cell/delta.ts";
import { VERSION_NONE } from "../../core/columns/columns.ts";
import type { ColumnDelta } from "../../core/columns/columns.ts";
import { ColumnTable } from "../../core/columns/table.ts";
import type { Field } from "../../core/model.ts";
import { checkQuery } from "../../core/query/check.ts";
import { evaluatePartial } from "../../core/query/evaluate.ts";
import { mergePartials } from "../../core/query/merge.ts";
import type { QueryResult, QuerySpec } from "../../core/query/plan.ts";
import { parseSql } from "../../core/query/sql.ts";
import type { Result } from "../../core/refusal.ts";

/** A query as JSON or as SQL text, as `POST /v1/query` takes it. */
export type MockQuery = QuerySpec | { readonly sql: string };

/** The query as JSON. Throws, with the refusal's code, when the text is no query. */
export function specOf(query: MockQuery): QuerySpec {
  return "sql" in query ? valueOf(parseSql(query.sql)) : query;
}

/** Evaluates a query over all twins of a cell. Throws, with the refusal's code, where the service would refuse. */
export function queryCell(cell: Cell, spec: QuerySpec, nowMs: number): QueryResult {
  return queryColumns(deltaSince(cell, 0, VERSION_NONE, nowMs), cell.model.fields, spec);
}

/** Evaluates a query over columns that hold all there is. Throws as `queryCell`. */
export function queryColumns(
  columns: ColumnDelta,
  fields: readonly Field[],
  spec: QuerySpec,
): QueryResult {
  const plan = valueOf(checkQuery(spec, fields));
  const table = new ColumnTable(fields);
  table.apply(columns);
  return valueOf(mergePartials(plan, [valueOf(evaluatePartial(plan, table))]));
}

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
}
