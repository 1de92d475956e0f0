/** What is deployed, known to this isolate after one call: placements never change under a running isolate. */
import { refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { Env } from "../env.ts";
import type { DeployedModel } from "../wire/internal-rpc.ts";

/** Only what has arrived is kept: a promise belongs to the request that made it, and may never settle for others. */
let known: ReadonlyMap<string, DeployedModel> | undefined;

/** All deployed models by name. */
export async function deployment(env: Env): Promise<ReadonlyMap<string, DeployedModel>> {
  if (known !== undefined) return known;
  const models = await env.REGISTRY.getByName("registry").deployed();
  known = new Map(models.map((model) => [model.name, model]));
  return known;
}

/** One deployed model; refuses with `model/unknown`. */
export async function deployedModel(env: Env, name: string): Promise<Result<DeployedModel>> {
  const models = known ?? (await deployment(env));
  const model = models.get(name);
  if (model !== undefined) return { ok: true, value: model };
  const names = [...models.keys()].join(", ");
  return refuse("model/unknown", `There is no model "${name}" here. Models: ${names || "none"}.`);
}
