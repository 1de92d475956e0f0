/** What operators set up for alerts: rules on aggregates, and the channels that are notified. */
import type { Operation } from "../operation.ts";
import { okJson } from "../operation.ts";
import { OF_A_JSON_BODY, OF_A_QUERY } from "../refusals.ts";
import {
  ChannelBody,
  Channels,
  ChannelShape,
  ChannelTestShape,
  RuleBody,
  Rules,
  RuleShape,
} from "../shapes/alerts.ts";
import { storedId, storedOperations } from "./stored.ts";

const CHANNELS = "/v1/alert-channels";

const ruleQuery = {
  model: "StatusTracker",
  aggregates: [{ op: "max", field: "alert_level" }],
  groupBy: ["region"],
};
const rule = {
  title: "Worst level of a region",
  severity: "error",
  query: ruleQuery,
  op: ">=",
  threshold: 20,
  clearThreshold: 10,
  forMs: 60_000,
};
const channel = { title: "Operations", enabled: true, minSeverity: "warning", models: [] };
const createdAt = "2026-11-23T08:00:00.000Z";

export const ALERT_SETTING_OPERATIONS: readonly Operation[] = [
  ...storedOperations({
    tag: "alerts",
    path: "/v1/alert-rules",
    one: "rule",
    ids: { one: "AlertRule", many: "AlertRules" },
    list: Rules,
    member: "rules",
    body: RuleBody,
    shown: RuleShape,
    examples: {
      body: rule,
      shown: { ruleId: "regions", ...rule, everyMs: 15_000, repeatMs: null, notify: true },
    },
    unknown: "rule/unknown",
    writes: [...OF_A_JSON_BODY, ...OF_A_QUERY, "rule/malformed", "rule/too-many"],
  }),
  ...storedOperations({
    tag: "alerts",
    path: CHANNELS,
    one: "channel",
    ids: { one: "AlertChannel", many: "AlertChannels" },
    list: Channels,
    member: "channels",
    body: ChannelBody,
    shown: ChannelShape,
    examples: {
      body: { ...channel, kind: "json", url: "https://example.com/alerts" },
      shown: {
        channelId: "operations",
        kind: "json",
        ...channel,
        createdAt,
        url: "https://example.com/…",
        secret: null,
        health: {
          waiting: 0,
          delivered: 3,
          failedCalls: 0,
          givenUp: 0,
          failuresInRow: 0,
          lastDeliveredAt: createdAt,
          lastFailure: null,
          pausedUntil: null,
        },
      },
    },
    unknown: "channel/unknown",
    writes: [...OF_A_JSON_BODY, "channel/malformed", "channel/too-many"],
  }),
  {
    method: "post",
    path: `${CHANNELS}/{id}/test`,
    id: "testAlertChannel",
    tag: "alerts",
    summary: "Send a notification that is none",
    description: "200 whatever came back: the answer says what it was.",
    roles: ["operator"],
    parameters: [storedId("channel")],
    answers: {
      200: okJson("What each call was answered with.", ChannelTestShape, {
        ok: true,
        calls: [{ status: 200, answer: "ok", error: null, elapsedMs: 80 }],
      }),
    },
    refusals: ["channel/unknown"],
  },
];
