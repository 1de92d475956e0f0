/** The bodies of `/v1/alert-channels`. Addresses and keys that are secrets come in here and are never shown again. */
import * as z from "zod";
import { SEVERITIES } from "../core/alerts/alert.ts";
import type { AlertChannel } from "../core/alerts/channel.ts";
import type { ChannelHealth } from "../core/alerts/notification-queue.ts";
import { isModelName } from "../core/ids.ts";
import { ALERT_CHANNEL_TEXT_MAX, ALERT_TITLE_LENGTH_MAX } from "../core/limits.ts";
import type { Json, Severity } from "../core/model.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { checked, isOwnId, refuseId } from "./alert-v1.ts";
import { isoOf } from "../core/query/time-text.ts";

const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";
const SPLUNK_URL = "https://alert.victorops.com/integrations/generic/20131114/alert";
/** Models that one channel may name. */
const CHANNEL_MODELS_MAX = 100;

const url = z
  .string()
  .max(ALERT_CHANNEL_TEXT_MAX)
  .refine((text) => /^https?:\/\/[^\s/?#]+([/?#]\S*)?$/.test(text), "expected an http or https URL")
  .refine(
    (text) => !/^https?:\/\/[^/?#]*@/.test(text),
    "a user and password in a URL would not be sent; put what proves the caller into the path, or use a secret",
  );
const key = z.string().min(1).max(ALERT_CHANNEL_TEXT_MAX);

const common = {
  title: z.string().max(ALERT_TITLE_LENGTH_MAX).default(""),
  enabled: z.boolean().default(true),
  minSeverity: z.enum(SEVERITIES).default("info"),
  models: z
    .array(z.string().refine(isModelName, "is no model's name"))
    .max(CHANNEL_MODELS_MAX)
    .default([]),
};

/** A channel as it is written. Secrets may be left out when it is replaced: they stay as they are. */
export const ChannelV1 = z.discriminatedUnion("kind", [
  z.strictObject({ ...common, kind: z.literal("slack"), url: url.optional() }),
  z.strictObject({
    ...common,
    kind: z.literal("pagerduty"),
    url: url.default(PAGERDUTY_URL),
    routingKey: key.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("splunk-on-call"),
    url: url.default(SPLUNK_URL),
    apiKey: key.optional(),
    routingKey: key.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("json"),
    url: url.optional(),
    secret: key.optional(),
  }),
]);

/** A channel as a body has it. */
export type ChannelInput = z.output<typeof ChannelV1>;

/** Reads a channel's body. Refuses with `channel/malformed`. */
export function parseChannel(id: string, body: unknown): Result<ChannelInput> {
  if (!isOwnId(id)) return refuseId("channel/malformed", "channel", id);
  return checked(ChannelV1, body, "channel/malformed", "the channel");
}

/**
 * A body as a channel, with the secrets of the one that it replaces where it names none. Refuses with
 * `channel/malformed` when one that is needed is in neither.
 */
export function channelOf(
  id: string,
  input: ChannelInput,
  replaced: AlertChannel | undefined,
  nowMs: number,
): Result<AlertChannel> {
  const { enabled, ...rest } = input;
  const old = replaced?.kind === input.kind ? replaced : undefined;
  const kept = old === undefined ? {} : secretsOf(old);
  const empty = input.kind === "json" ? { secret: "" } : {};
  const channel = {
    ...empty,
    ...kept,
    ...rest,
    id,
    isOn: enabled,
    createdAtMs: replaced?.createdAtMs ?? nowMs,
  };
  for (const name of NEEDED[input.kind]) {
    if (!(name in channel))
      return refuse(
        "channel/malformed",
        `The channel: "${name}" is missing, which kind "${input.kind}" needs.`,
      );
  }
  // What the loop has found is all that the schema left open.
  return ok(channel as AlertChannel);
}

/** A channel as it is shown, with how it has done. */
export interface ChannelJson {
  readonly channelId: string;
  readonly kind: AlertChannel["kind"];
  readonly title: string;
  readonly enabled: boolean;
  readonly minSeverity: Severity;
  readonly models: readonly string[];
  readonly createdAt: string;
  /** Its address and keys, masked. */
  readonly [secret: string]: Json | undefined;
  readonly health: {
    readonly waiting: number;
    readonly delivered: number;
    readonly failedCalls: number;
    readonly givenUp: number;
    readonly failuresInRow: number;
    readonly lastDeliveredAt: string | null;
    readonly lastFailure: { readonly at: string; readonly error: string } | null;
    readonly pausedUntil: string | null;
  };
}

/** A channel as it is shown: secrets as their last characters, addresses that are secrets as their host. */
export function channelJson(
  channel: AlertChannel,
  health: ChannelHealth,
  waiting: number,
): ChannelJson {
  const { id, title, kind, minSeverity, models, isOn, createdAtMs } = channel;
  return {
    channelId: id,
    kind,
    title,
    enabled: isOn,
    minSeverity,
    models,
    createdAt: isoOf(createdAtMs),
    ...maskedTarget(channel),
    health: {
      waiting,
      delivered: health.delivered,
      failedCalls: health.failedCalls,
      givenUp: health.givenUp,
      failuresInRow: health.failuresInRow,
      lastDeliveredAt: health.lastDeliveredAtMs === null ? null : isoOf(health.lastDeliveredAtMs),
      lastFailure:
        health.lastFailure === null
          ? null
          : {
              at: isoOf(health.lastFailure.atMs),
              error: health.lastFailure.error,
            },
      pausedUntil: health.pausedUntilMs === 0 ? null : isoOf(health.pausedUntilMs),
    },
  };
}

const NEEDED: Readonly<Record<ChannelInput["kind"], readonly string[]>> = {
  slack: ["url"],
  pagerduty: ["routingKey"],
  "splunk-on-call": ["apiKey", "routingKey"],
  json: ["url"],
};

function secretsOf(channel: AlertChannel): object {
  switch (channel.kind) {
    case "slack":
      return { url: channel.url };
    case "pagerduty":
      return { routingKey: channel.routingKey };
    case "splunk-on-call":
      return { apiKey: channel.apiKey, routingKey: channel.routingKey };
    case "json":
      return { url: channel.url, secret: channel.secret };
  }
}

function maskedTarget(channel: AlertChannel): Readonly<Record<string, string | null>> {
  switch (channel.kind) {
    case "slack":
      return { url: maskedUrl(channel.url) };
    case "pagerduty":
      return { url: channel.url, routingKey: masked(channel.routingKey) };
    case "splunk-on-call":
      return { url: channel.url, apiKey: masked(channel.apiKey), routingKey: channel.routingKey };
    case "json":
      return {
        url: maskedUrl(channel.url),
        secret: channel.secret === "" ? null : masked(channel.secret),
      };
  }
}

/** The last four characters of a long key; of a short one nothing. */
function masked(secret: string): string {
  return secret.length >= 16 ? `…${secret.slice(-4)}` : "…";
}

/** Scheme, host and port: a webhook's path, and what may come before `@`, are keys. */
function maskedUrl(text: string): string {
  const [, scheme = "", authority = ""] = /^(https?:\/\/)([^/?#]*)/.exec(text) ?? [];
  return `${scheme}${authority.slice(authority.lastIndexOf("@") + 1)}/…`;
}
