/**
 * The open alerts as live connections watch them. Each look asks the alerts' object, which answers in a few bytes
 * while nothing has changed, and which tells the reducer by itself when something has.
 */
import type { AlertFilter } from "../core/alerts/view.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { Env } from "../env.ts";
import { outcomeOfAlerts } from "./live-topic.ts";
import type { Outcome, Watch } from "./live-topic.ts";

type AlertWatch = Extract<Watch, { kind: "alerts" }>;

interface Known {
  readonly version: string;
  readonly outcome: Outcome;
}

export class AlertFeed {
  /** Object requests made. */
  requests = 0;
  readonly #env: Env;
  /** What is known of each watch; it goes when nobody watches any more. */
  readonly #known = new WeakMap<AlertWatch, Known>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** What is open now. Refuses with `query/unavailable` when the alerts can't be reached. */
  async look(watch: AlertWatch): Promise<Result<Outcome>> {
    this.requests++;
    const filter: AlertFilter = { states: ["firing", "pending"], ...watch.filter };
    const known = this.#known.get(watch);
    try {
      const alerts = this.#env.ALERTS.getByName("alerts");
      const { version, seen } = await alerts.watch(filter, known?.version);
      if (known !== undefined && seen === undefined) return ok(known.outcome);
      if (seen === undefined)
        throw new Error("Livetwin bug: alerts that nobody knew were not shown");
      const outcome = outcomeOfAlerts(seen);
      this.#known.set(watch, { version, outcome });
      return ok(outcome);
    } catch {
      // The object is being reset, or out of reach; the next tick asks again.
      return refuse("query/unavailable", "The alerts can't be reached at the moment.");
    }
  }
}
