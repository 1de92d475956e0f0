/** From what somebody asks to what shards evaluate. */
import { checkQuery } from "../core/query/check.ts";
import type { Plan, QuerySpec } from "../core/query/plan.ts";
import { refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { DeployedModel } from "../wire/internal-rpc.ts";

/** A plan, and the model that it is of. */
export interface PlannedQuery {
  readonly model: DeployedModel;
  readonly plan: Plan;
}

/** Checks a query against its model. Refuses with `model/unknown` (naming those there are), or as `checkQuery`. */
export function planQuery(
  spec: QuerySpec,
  models: ReadonlyMap<string, DeployedModel>,
): Result<PlannedQuery> {
  const model = models.get(spec.model);
  if (model === undefined) {
    const names = [...models.keys()].join(", ");
    return refuse(
      "model/unknown",
      `There is no model "${spec.model}" here. Models: ${names || "none"}.`,
    );
  }
  const plan = checkQuery(spec, model.fields);
  return plan.ok ? { ok: true, value: { model, plan: plan.value } } : plan;
}
