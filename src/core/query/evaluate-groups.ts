/** Groups the rows of a shard and folds each group. */
import { Grouping } from "./grouping.ts";
import { makeTableKey } from "./key-column.ts";
import { makeFolds, refuseOverflow } from "./make-fold.ts";
import { ok } from "../refusal.ts";
import type { Scan } from "./scan.ts";
import type { GroupPartial, GroupPlan } from "./plan.ts";
import type { Result } from "../refusal.ts";

/** The groups of a shard; refuses as `evaluatePartial` does. */
export function evaluateGroups(plan: GroupPlan, scan: Scan): Result<GroupPartial> {
  const keys = plan.keys.map((field) =>
    makeTableKey(plan.fields[field]!, scan.dictionaries[field]!),
  );
  const grouping = new Grouping(keys, scan.rowsMax);
  const folds = makeFolds(plan);
  for (const fold of folds) fold.reserve(grouping.count);

  const rows = new Int32Array(scan.rowsMax);
  const groups = new Uint32Array(scan.rowsMax);
  for (const block of scan.blocks) {
    const count = scan.select(block, rows);
    if (count === 0) continue;
    const views = scan.viewsOf(block);
    const keyViews = plan.keys.map((field) => views[field]!);
    grouping.number(keyViews, rows, count, groups);
    for (const [f, { field }] of plan.folds.entries()) {
      const fold = folds[f]!;
      fold.reserve(grouping.count);
      fold.add(field === null ? null : views[field]!, rows, groups, count);
    }
    const overflow = refuseOverflow(grouping.count, folds);
    if (overflow !== null) return overflow;
  }
  return ok({
    kind: "groups",
    groups: grouping.count,
    keys: grouping.columns(),
    folds: folds.map((fold) => fold.part(grouping.count)),
  });
}
