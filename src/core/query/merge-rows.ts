/** Merges the sorted rows of shards. */
import { valueAt } from "./column-view.ts";
import { compareRows } from "./row-order.ts";
import { shown } from "./shown.ts";
import type { RowPlace } from "./row-order.ts";
import type { QueryResult, RowPartial, RowPlan } from "./plan.ts";

/** How far a shard's rows are used up. */
interface Head extends RowPlace {
  readonly partial: RowPartial;
  row: number;
}

/** The answer from the best rows of each shard. */
export function mergeRows(plan: RowPlan, partials: readonly RowPartial[]): QueryResult {
  const places = takeInOrder(plan, partials);
  // Storage decided which rows these are; it is no order that anybody could make sense of.
  if (plan.orderBy.length === 0) places.sort((a, b) => compareRows([], a, b));
  return {
    columns: plan.columns.map(({ name, field }) => ({ name, type: plan.fields[field]!.type })),
    rows: places.map(({ views, row }) =>
      plan.columns.map(({ field }) => shown(valueAt(views[field]!, row), plan.fields[field]!.type)),
    ),
  };
}

function takeInOrder(plan: RowPlan, partials: readonly RowPartial[]): RowPlace[] {
  const heads: Head[] = partials.map((partial) => ({ partial, views: partial.columns, row: 0 }));
  const taken: RowPlace[] = [];
  for (let place = 0; place < plan.offset + plan.limit; place++) {
    let next: Head | undefined;
    for (const head of heads) {
      if (head.row < head.partial.rows && (next === undefined || comesBefore(plan, head, next)))
        next = head;
    }
    if (next === undefined) break;
    if (place >= plan.offset) taken.push({ views: next.views, row: next.row });
    next.row++;
  }
  return taken;
}

function comesBefore(plan: RowPlan, a: Head, b: Head): boolean {
  const { positions } = a.partial;
  if (positions === null) return compareRows(plan.orderBy, a, b) < 0;
  return positions[a.row]! < b.partial.positions![b.row]!;
}
