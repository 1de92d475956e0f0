/** Merges the groups of shards by their keys, then orders, cuts and shows them. */
import { Grouping } from "./grouping.ts";
import { makePartialKey } from "./key-column.ts";
import { makeFolds, refuseOverflow } from "./make-fold.ts";
import { shown } from "./shown.ts";
import { valueAt } from "./column-view.ts";
import { ok } from "../refusal.ts";
import type { Fold } from "./fold.ts";
import type { GroupPartial, GroupPlan, QueryResult, Scalar } from "./plan.ts";
import type { FieldType } from "../model.ts";
import type { Result } from "../refusal.ts";

/** The answer from the groups of each shard; refuses as `mergePartials` does. */
export function mergeGroups(
  plan: GroupPlan,
  partials: readonly GroupPartial[],
): Result<QueryResult> {
  const rowsMax = partials.reduce((max, { groups }) => Math.max(max, groups), 0);
  const keys = plan.keys.map((field) => makePartialKey(plan.fields[field]!));
  const grouping = new Grouping(keys, rowsMax);
  const folds = makeFolds(plan);
  for (const fold of folds) fold.reserve(grouping.count);

  const rows = Int32Array.from({ length: rowsMax }, (_, row) => row);
  for (const partial of partials) {
    const groups = new Uint32Array(partial.groups);
    grouping.number(partial.keys, rows, partial.groups, groups);
    for (const [f, fold] of folds.entries()) {
      fold.reserve(grouping.count);
      fold.absorb(partial.folds[f]!, groups);
    }
    const overflow = refuseOverflow(grouping.count, folds);
    if (overflow !== null) return overflow;
  }
  return ok(resultOf(plan, cellsOf(plan, grouping, folds), grouping.count));
}

/** A column of values by group: keys first, then aggregates. */
interface CellColumn {
  readonly type: FieldType;
  readonly values: readonly (Scalar | null)[];
}

function cellsOf(plan: GroupPlan, grouping: Grouping, folds: readonly Fold[]): CellColumn[] {
  const groups = Array.from({ length: grouping.count }, (_, group) => group);
  const keys = grouping.columns().map((column, k) => {
    const { type } = plan.fields[plan.keys[k]!]!;
    return { type, values: groups.map((group) => valueAt(column, group)) };
  });
  const aggregates = plan.aggregates.map(({ op, fold, type }) => {
    return { type, values: groups.map((group) => folds[fold]!.value(op, group)) };
  });
  return [...keys, ...aggregates];
}

function resultOf(plan: GroupPlan, cells: readonly CellColumn[], groups: number): QueryResult {
  const order = [...plan.orderBy, ...plan.keys.map((_, cell) => ({ cell, desc: false }))];
  const sorted = Array.from({ length: groups }, (_, group) => group).sort((a, b) => {
    for (const { cell, desc } of order) {
      const { values } = cells[cell]!;
      const sign = compareScalars(values[a]!, values[b]!, desc);
      if (sign !== 0) return sign;
    }
    return 0;
  });
  const page = sorted.slice(plan.offset, plan.offset + plan.limit);
  return {
    columns: plan.columns.map(({ name, cell }) => ({ name, type: cells[cell]!.type })),
    rows: page.map((group) =>
      plan.columns.map(({ cell }) => shown(cells[cell]!.values[group]!, cells[cell]!.type)),
    ),
  };
}

/** The order of two values of one type; nulls come last in both directions. */
function compareScalars(a: Scalar | null, b: Scalar | null, desc: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a === b) return 0;
  return a < b === desc ? 1 : -1;
}
