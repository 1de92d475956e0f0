/** Where notifications go, and which of them. */
import type { Severity } from "../model.ts";
import { rankOf } from "./alert.ts";
import type { Notice } from "./alert.ts";

interface ChannelBase {
  readonly id: string;
  readonly title: string;
  /** When it was made (epoch ms): what it never heard of need not be resolved for it. */
  readonly createdAtMs: number;
  /** A channel that is off gets nothing; what waits for it waits on. */
  readonly isOn: boolean;
  readonly minSeverity: Severity;
  /** Empty for all. */
  readonly models: readonly string[];
}

export type AlertChannel = ChannelBase & ChannelTarget;

export type ChannelTarget =
  | { readonly kind: "slack"; readonly url: string }
  | { readonly kind: "pagerduty"; readonly url: string; readonly routingKey: string }
  | {
      readonly kind: "splunk-on-call";
      readonly url: string;
      readonly apiKey: string;
      readonly routingKey: string;
    }
  /** An empty secret leaves the calls unsigned. */
  | { readonly kind: "json"; readonly url: string; readonly secret: string };

export const CHANNEL_KINDS = ["slack", "pagerduty", "splunk-on-call", "json"] as const;

/** Whether a channel is told of something. What an alert was at its worst decides, so that it hears of the end too. */
export function wants(channel: AlertChannel, { kind, alert }: Notice): boolean {
  if (!channel.isOn || rankOf(alert.worst) < rankOf(channel.minSeverity)) return false;
  if (channel.models.length > 0 && !channel.models.includes(alert.model)) return false;
  const isFollowUp = kind === "acknowledged" || kind === "resolved";
  return !isFollowUp || (alert.notifiedAtMs ?? 0) >= channel.createdAtMs;
}

/** What an HTTP call to a channel came to. */
export type Attempt =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false;
      /** Absent when there was no answer. */
      readonly status?: number;
      readonly error: string;
      /** What the answer's `Retry-After` asks for. */
      readonly retryAfterMs?: number;
    };

/** Whether the same call may succeed later: no answer, overload, and failures of the other side. */
export function mayRetry({ status }: Attempt & { ok: false }): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500;
}
