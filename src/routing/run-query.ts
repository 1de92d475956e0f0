/** Asks all shards of a model and brings their answers together. The Worker and the reducer run queries by this alone. */
import type { Env } from "../env.ts";
import { TIMED_OUT, withTimeout } from "./with-timeout.ts";
import { SHARD_TIMEOUT_MS } from "../core/limits.ts";
import { mergePartials } from "../core/query/merge.ts";
import type { Plan } from "../core/query/plan.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import type { QueryAnswer } from "../wire/answer-v1.ts";
import type { DeployedModel, ShardAnswer } from "../wire/internal-rpc.ts";
import { clockMs } from "./clock.ts";

export interface QueryOptions {
  /** Whether everything acknowledged before `nowMs` must be in the result. */
  readonly consistent: boolean;
  /** The caller's clock (epoch ms). */
  readonly nowMs: number;
}

/**
 * Runs a plan over every shard of its model. A shard that fails makes the answer partial. Refuses with
 * `query/unavailable` when no shard answers, and with what a shard or the merge refuses, such as
 * `query/too-many-groups`.
 */
export async function runQuery(
  env: Env,
  model: DeployedModel,
  plan: Plan,
  options: QueryOptions,
): Promise<Result<QueryAnswer>> {
  const notBeforeMs = options.consistent ? options.nowMs : 0;
  const asked: Promise<ShardAnswer | Refusal | undefined>[] = [];
  for (let shard = 0; shard < model.shards; shard++)
    asked.push(askShard(env, `${model.name}:${shard}`, plan, notBeforeMs));
  const answers: ShardAnswer[] = [];
  for (const answer of await Promise.all(asked)) {
    if (answer === undefined) continue;
    if ("code" in answer) return { ok: false, refusal: answer };
    answers.push(answer);
  }
  if (answers.every((answer) => answer.asOfMs === 0)) {
    return refuse("query/unavailable", `No twin of "${model.name}" can be read at the moment.`);
  }
  const merged = mergePartials(
    plan,
    answers.map((answer) => answer.partial),
  );
  if (!merged.ok) return merged;
  return ok({
    ...merged.value,
    asOf: new Date(oldestOf(answers)).toISOString(),
    twins: answers.reduce((sum, answer) => sum + answer.twins, 0),
    partial: answers.length < model.shards || answers.some((answer) => answer.cellsMissing > 0),
    elapsedMs: clockMs() - options.nowMs,
  });
}

/** The oldest confirmation, not counting shards that have no block yet: those are missing, which `partial` says. */
function oldestOf(answers: readonly ShardAnswer[]): number {
  return answers.reduce(
    (oldest, { asOfMs }) => (asOfMs > 0 ? Math.min(oldest, asOfMs) : oldest),
    Number.POSITIVE_INFINITY,
  );
}

/** One shard's answer; undefined when it can't be had. A fault that may pass is tried once more, on a new stub. */
async function askShard(
  env: Env,
  key: string,
  plan: Plan,
  notBeforeMs: number,
): Promise<ShardAnswer | Refusal | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      const answer = await withTimeout(
        env.SHARD.getByName(key).query(plan, notBeforeMs),
        SHARD_TIMEOUT_MS,
      );
      return answer === TIMED_OUT ? undefined : answer;
    } catch (error) {
      // A shard that is reset (a deployment, a failover) answers again at once; anything else leaves its part missing.
      if (!isRetryable(error)) return undefined;
    }
  }
  return undefined;
}

/** Whether the platform says of a failed call that the same may succeed now. */
function isRetryable(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "retryable" in error && error.retryable === true
  );
}
