/** Alerts, silences, rules and channels as they are shown, and the bodies that make them. */
import * as z from "zod";
import { ALERT_STATES, SEVERITIES } from "../../../core/alerts/alert.ts";
import type { AlertView, HandledView } from "../../../core/alerts/view.ts";
import { COMPARE_OPS } from "../../../core/query/plan.ts";
import { HandlingV1, RuleV1, SilenceV1 } from "../../alert-v1.ts";
import type { ChannelJson } from "../../channel-v1.ts";
import { ChannelV1 } from "../../channel-v1.ts";
import type { ChannelTest } from "../../internal-rpc.ts";
import { QueryBodyV1, QuerySpecV1 } from "../../query-v1.ts";
import { AnyJson, Count, Time } from "./basics.ts";

const Severity = z.enum(SEVERITIES);

const Handled: z.ZodType<HandledView> = z.object({ by: z.string(), at: Time, note: z.string() });

export const AlertShape: z.ZodType<AlertView> = z
  .object({
    alertId: z.string(),
    state: z.enum(ALERT_STATES),
    severity: Severity,
    title: z.string(),
    detail: z.string(),
    model: z.string(),
    id: z.string().nullable().meta({ description: "The twin; null for a rule's alert." }),
    rule: z.string().nullable(),
    key: z.string(),
    data: AnyJson,
    firstRaisedAt: Time,
    lastRaisedAt: Time,
    raised: Count,
    updates: Count,
    heldUntil: Time.nullable().meta({ description: "When a pending alert fires." }),
    firedAt: Time.nullable(),
    notifiedAt: Time.nullable(),
    acknowledged: Handled.nullable(),
    resolved: Handled.nullable(),
    silencedUntil: Time.nullable(),
  })
  .meta({ id: "Alert" });

export const AlertPage = z
  .object({ alerts: z.array(AlertShape), cursor: z.string().nullable() })
  .meta({ id: "AlertPage" });

export const Handling = HandlingV1.meta({ id: "Handling", description: "Who, and why." });

export const SilenceBody = SilenceV1.meta({
  id: "SilenceBody",
  description: "What it means: all that is named must hold. It ends at `until`, or after `forMs`.",
});

export const SilenceShape = z
  .object({
    silenceId: z.string(),
    model: z.string().nullable(),
    id: z.string().nullable().meta({ description: "The twin." }),
    rule: z.string().nullable(),
    key: z.string().nullable(),
    severity: Severity.nullable(),
    by: z.string(),
    comment: z.string(),
    createdAt: Time,
    until: Time,
  })
  .meta({ id: "Silence" });

export const Silences = z.object({ silences: z.array(SilenceShape) }).meta({ id: "Silences" });

export const RuleBody = RuleV1.extend({ query: QueryBodyV1 }).meta({
  id: "AlertRuleBody",
  description: "An alert for each group whose value compares so with the threshold.",
});

export const RuleShape = z
  .object({
    ruleId: z.string(),
    title: z.string(),
    severity: Severity,
    query: QuerySpecV1,
    op: z.enum(COMPARE_OPS),
    threshold: z.number(),
    clearThreshold: z.number().nullable(),
    forMs: Count,
    everyMs: Count,
    repeatMs: Count.nullable(),
    notify: z.boolean(),
    status: z
      .object({
        lastEvaluatedAt: Time.nullable(),
        lastValues: z.array(z.object({ key: z.string(), value: z.number().nullable() })),
        lastError: z.string().nullable(),
      })
      .optional()
      .meta({ description: "What it saw last; not in the answer to a write." }),
  })
  .meta({ id: "AlertRule" });

export const Rules = z.object({ rules: z.array(RuleShape) }).meta({ id: "AlertRules" });

export const ChannelBody = ChannelV1.meta({
  id: "AlertChannelBody",
  description: "Secrets that are left out stay as they are.",
});

/** Its address and keys, masked, are members of their own. */
export const ChannelShape: z.ZodType<ChannelJson> = z
  .object({
    channelId: z.string(),
    kind: z.enum(["slack", "pagerduty", "splunk-on-call", "json"]),
    title: z.string(),
    enabled: z.boolean(),
    minSeverity: Severity,
    models: z.array(z.string()),
    createdAt: Time,
    health: z.object({
      waiting: Count,
      delivered: Count,
      failedCalls: Count,
      givenUp: Count,
      failuresInRow: Count,
      lastDeliveredAt: Time.nullable(),
      lastFailure: z.object({ at: Time, error: z.string() }).nullable(),
      pausedUntil: Time.nullable(),
    }),
  })
  .catchall(z.string().nullable())
  .meta({ id: "AlertChannel", description: "Its address and keys come masked." });

export const Channels = z.object({ channels: z.array(ChannelShape) }).meta({ id: "AlertChannels" });

export const ChannelTestShape: z.ZodType<ChannelTest> = z
  .object({
    ok: z.boolean(),
    calls: z.array(
      z.object({
        status: z.int().nullable(),
        answer: z.string(),
        error: z.string().nullable(),
        elapsedMs: z.number(),
      }),
    ),
  })
  .meta({ id: "AlertChannelTest" });
