/** What live connections watch: equal subscriptions share a topic, which is evaluated once a tick. */
import type { Plan } from "../core/query/plan.ts";
import type { Refusal } from "../core/refusal.ts";
import type { QueryAnswer } from "../wire/answer-v1.ts";
import type { DeployedModel } from "../wire/internal-rpc.ts";
import type { LiveAlerts } from "../core/alerts/view.ts";
import { errorFrame } from "../wire/live-v1.ts";
import type { LogEntryJson } from "../wire/log-v1.ts";
import type { LogFilter } from "../core/cell/log.ts";
import type { LiveAlertFilter } from "../wire/live-v1.ts";
import { twinJson } from "../wire/twin-v1.ts";
import type { TwinView } from "../core/cell/view.ts";
import type { Subscription } from "./live-connection.ts";

/** A target that was found and checked. */
export type Watch =
  | { readonly kind: "query"; readonly model: DeployedModel; readonly plan: Plan }
  | { readonly kind: "twin"; readonly model: DeployedModel; readonly id: string }
  | { readonly kind: "alerts"; readonly filter: LiveAlertFilter }
  | { readonly kind: "log"; readonly model: DeployedModel; readonly filter: LogFilter };

/** What an evaluation gave, ready to be sent. */
export interface Outcome {
  /** Equal signatures mean that nothing changed but the time. */
  readonly signature: string;
  frame(subscription: string): string;
}

export interface Topic {
  readonly key: string;
  readonly watch: Watch;
  readonly subscriptions: Set<Subscription>;
  outcome: Outcome | undefined;
  evaluatedAtMs: number;
  /** The evaluation that is under way. */
  running: Promise<void> | undefined;
}

export function makeTopic(key: string, watch: Watch): Topic {
  return {
    key,
    watch,
    subscriptions: new Set(),
    outcome: undefined,
    evaluatedAtMs: 0,
    running: undefined,
  };
}

/** The same for equal watches. */
export function keyOf(watch: Watch): string {
  switch (watch.kind) {
    case "query":
      return `query ${JSON.stringify(watch.plan)}`;
    case "twin":
      return `twin ${watch.model.name} ${watch.id}`;
    case "alerts":
      return `alerts ${JSON.stringify(watch.filter)}`;
    case "log":
      return `log ${watch.model.name} ${JSON.stringify(watch.filter)}`;
  }
}

export function outcomeOfAnswer({ columns, rows, twins, partial, asOf }: QueryAnswer): Outcome {
  const signature = JSON.stringify({ columns, rows, twins, partial });
  return {
    signature,
    frame: (subscription) =>
      `{"type":"result","subscription":${JSON.stringify(subscription)},"result":{"asOf":"${asOf}",${signature.slice(1)}}`,
  };
}

/** A twin's frame. The state is JSON text already and joins as it is. */
export function outcomeOfTwin(model: string, view: TwinView | null): Outcome {
  const signature = view === null ? "null" : twinJson(model, view);
  return {
    signature,
    frame: (subscription) =>
      `{"type":"twin","subscription":${JSON.stringify(subscription)},"twin":${signature}}`,
  };
}

/** What is open of the alerts. */
export function outcomeOfAlerts(alerts: LiveAlerts): Outcome {
  const signature = JSON.stringify(alerts);
  return {
    signature,
    frame: (subscription) =>
      `{"type":"alerts","subscription":${JSON.stringify(subscription)},${signature.slice(1)}`,
  };
}

/** The newest entries of a model's log. */
export function outcomeOfLog(model: string, entries: readonly LogEntryJson[]): Outcome {
  const signature = JSON.stringify({ model, entries });
  return {
    signature,
    frame: (subscription) =>
      `{"type":"log","subscription":${JSON.stringify(subscription)},${signature.slice(1)}`,
  };
}

export function outcomeOfRefusal(refusal: Refusal): Outcome {
  return {
    signature: `${refusal.code} ${refusal.detail}`,
    frame: (subscription) => errorFrame(refusal, subscription),
  };
}
