/**
 * Evaluates rules when they are due. What a rule showed last, and why it could not be evaluated, is in memory only:
 * after a restart it is there again within the rule's `everyMs`, and a row for every evaluation would be the bill.
 */
import { planRule, samplesOf } from "../core/alerts/rule.ts";
import type { AlertRule, PlannedRule, Sample } from "../core/alerts/rule.ts";
import { refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";
import { deployment } from "../routing/deployment.ts";
import { planQuery } from "../routing/plan-query.ts";
import { runQuery } from "../routing/run-query.ts";
import type { RuleStatus } from "../wire/internal-rpc.ts";

/** Rules that are evaluated at the same time. */
const RULES_AT_ONCE = 4;

export interface RuleRunnerHost {
  readonly env: Env;
  rules(): readonly AlertRule[];
  /** Carries out what a complete answer says, durably. */
  apply(planned: PlannedRule, samples: readonly Sample[]): void;
}

interface Watched {
  /** As it was when it became due: a rule that was replaced is due at once. */
  readonly rule: AlertRule;
  dueAtMs: number;
  isRunning: boolean;
  status: RuleStatus;
}

const NEVER: RuleStatus = { lastEvaluatedAtMs: null, lastValues: [], lastError: null };

export class RuleRunner {
  evaluations = 0;
  readonly #host: RuleRunnerHost;
  readonly #watched = new Map<string, Watched>();

  constructor(host: RuleRunnerHost) {
    this.#host = host;
  }

  /** When the next rule is due (epoch ms); infinity when there is none. */
  nextDueAtMs(): number {
    // One that is slow may be due again before it has ended; it then waits, and the alarm must not come at once for it.
    const nowMs = clockMs();
    return Math.min(
      ...this.#all().map(({ rule, dueAtMs, isRunning }) =>
        isRunning ? nowMs + rule.everyMs : dueAtMs,
      ),
    );
  }

  statusOf(rule: AlertRule): RuleStatus {
    return this.#watch(rule).status;
  }

  /** Evaluates what is due. One that is slow is not evaluated a second time meanwhile. */
  async runDue(): Promise<void> {
    const nowMs = clockMs();
    const due = this.#all().filter((watched) => watched.dueAtMs <= nowMs && !watched.isRunning);
    for (const watched of due) {
      watched.isRunning = true;
      watched.dueAtMs = nowMs + watched.rule.everyMs;
    }
    const lanes = Array.from({ length: RULES_AT_ONCE }, async () => {
      for (let next = due.shift(); next !== undefined; next = due.shift()) await this.#run(next);
    });
    await Promise.all(lanes);
  }

  async #run(watched: Watched): Promise<void> {
    this.evaluations++;
    const evaluatedAtMs = clockMs();
    try {
      const evaluated = await this.#evaluate(watched.rule);
      // It was replaced or removed while its query ran.
      if (!this.#all().includes(watched)) return;
      if (evaluated.ok) {
        const { planned, samples } = evaluated.value;
        this.#host.apply(planned, samples);
        const hasValue = samples.some(({ value }) => value !== null);
        const lastError = hasValue ? null : "No twin has a value: nothing was raised or resolved.";
        watched.status = { lastEvaluatedAtMs: evaluatedAtMs, lastValues: samples, lastError };
      } else {
        const { code, detail } = evaluated.refusal;
        watched.status = { ...watched.status, lastError: `${code}: ${detail}` };
      }
    } catch (error) {
      console.error(`Alerts: rule ${watched.rule.id} failed.`, error);
      watched.status = {
        ...watched.status,
        lastError: "The evaluation failed; see the server's log.",
      };
    } finally {
      watched.isRunning = false;
    }
  }

  async #evaluate(
    rule: AlertRule,
  ): Promise<Result<{ readonly planned: PlannedRule; readonly samples: readonly Sample[] }>> {
    const { env } = this.#host;
    const query = planQuery(rule.query, await deployment(env));
    if (!query.ok) return query;
    const planned = planRule(rule, query.value.plan);
    if (!planned.ok) return planned;
    const { model, plan } = query.value;
    const answer = await runQuery(env, model, plan, { consistent: false, nowMs: clockMs() });
    if (!answer.ok) return answer;
    if (answer.value.partial) {
      const detail = "A part of the twins could not be had: nothing was raised or resolved.";
      return refuse("query/unavailable", detail);
    }
    const samples = samplesOf(planned.value, answer.value);
    return samples.ok
      ? { ok: true, value: { planned: planned.value, samples: samples.value } }
      : samples;
  }

  #all(): Watched[] {
    const rules = this.#host.rules();
    if (this.#watched.size > rules.length) {
      const ids = new Set(rules.map(({ id }) => id));
      for (const id of this.#watched.keys()) if (!ids.has(id)) this.#watched.delete(id);
    }
    return rules.map((rule) => this.#watch(rule));
  }

  #watch(rule: AlertRule): Watched {
    let watched = this.#watched.get(rule.id);
    if (watched?.rule !== rule) {
      watched = { rule, dueAtMs: clockMs(), isRunning: false, status: NEVER };
      this.#watched.set(rule.id, watched);
    }
    return watched;
  }
}
