/** The fold that a plan asks for. */
import { assert, unreachable } from "../assert.ts";
import { CountFold } from "./fold-count.ts";
import { DistinctFold } from "./fold-distinct.ts";
import { MomentsFold } from "./fold-moments.ts";
import { QuantileFold } from "./fold-quantile.ts";
import { NumberRangeFold, ScalarRangeFold } from "./fold-range.ts";
import { SumFold } from "./fold-sum.ts";
import { QUERY_DISTINCT_MAX, QUERY_GROUPS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { Fold } from "./fold.ts";
import type { FoldPlan, GroupPlan } from "./plan.ts";
import type { Result } from "../refusal.ts";

/** New folds for a plan, in its order. */
export function makeFolds(plan: GroupPlan): readonly Fold[] {
  return plan.folds.map((fold) => makeFold(plan, fold));
}

function makeFold(plan: GroupPlan, { kind, field }: FoldPlan): Fold {
  if (kind === "count") return new CountFold();
  assert(field !== null, `${kind} is of a field`);
  const { type } = plan.fields[field]!;
  switch (kind) {
    case "sum":
      return new SumFold();
    case "range":
      return type === "number" || type === "time"
        ? new NumberRangeFold(type)
        : new ScalarRangeFold(type);
    case "moments":
      return new MomentsFold();
    case "distinct":
      return new DistinctFold(type);
    case "quantile":
      return new QuantileFold();
    default:
      return unreachable(kind);
  }
}

/** A refusal when there are more groups, or different values, than a query may have; null when all is well. */
export function refuseOverflow(groups: number, folds: readonly Fold[]): Result<never> | null {
  if (groups > QUERY_GROUPS_MAX) {
    const detail = `The query forms more than ${QUERY_GROUPS_MAX} groups; group by fewer fields, or filter more.`;
    return refuse("query/too-many-groups", detail, { groupsMax: QUERY_GROUPS_MAX });
  }
  for (const fold of folds) {
    if (!(fold instanceof DistinctFold) || fold.size <= QUERY_DISTINCT_MAX) continue;
    const detail = `"countDistinct" meets more than ${QUERY_DISTINCT_MAX} different values; filter more.`;
    return refuse("query/too-many-values", detail, { valuesMax: QUERY_DISTINCT_MAX });
  }
  return null;
}
