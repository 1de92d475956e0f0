import { describe, expect, test } from "vitest";
import type { Alert, Notice } from "../../../src/core/alerts/alert.ts";
import type { AlertChannel, ChannelTarget } from "../../../src/core/alerts/channel.ts";
import { newAlert } from "../../../src/core/alerts/episode.ts";
import { requestFor } from "../../../src/core/alerts/requests.ts";
import {
  ALERT_DETAIL_CHARS_MAX,
  ALERT_NOTE_LENGTH_MAX,
  ALERT_TITLE_LENGTH_MAX,
} from "../../../src/core/limits.ts";

const AT_MS = Date.UTC(2026, 10, 23, 8);
const SOURCE = { model: "Boiler", id: "b-7", rule: null };
const HANDLED = { by: "ann", atMs: AT_MS, note: "on it" };

function noticeOf(kind: Notice["kind"], more: Partial<Alert> = {}): Notice {
  const said = { key: "heat", title: "Too hot", severity: "error" as const, detail: "93 °C" };
  const raise = { ...said, data: null, holdMs: 0, repeatMs: null, notify: true };
  return {
    kind,
    atMs: AT_MS,
    alert: { ...newAlert(AT_MS * 1_000, SOURCE, raise, AT_MS), ...more },
  };
}

function channelOf(target: ChannelTarget): AlertChannel {
  const rest = { id: "c", title: "", createdAtMs: 0, isOn: true, minSeverity: "info" as const };
  return { ...rest, models: [], ...target };
}

function bodyFor(target: ChannelTarget, notice: Notice): unknown {
  return JSON.parse(requestFor(channelOf(target), notice).body);
}

describe("what is sent", () => {
  const dedupKey = `livetwin-${(AT_MS * 1_000).toString(36)}`;

  test("to PagerDuty is an event of its API, version 2, as docs/alerts.md has it", () => {
    const target = { kind: "pagerduty", url: "https://pd.test/", routingKey: "key" } as const;
    expect(bodyFor(target, noticeOf("firing"))).toEqual({
      routing_key: "key",
      event_action: "trigger",
      dedup_key: dedupKey,
      client: "Livetwin",
      payload: {
        summary: "Too hot (Boiler/b-7): 93 °C",
        source: "Boiler/b-7",
        severity: "error",
        timestamp: "2026-11-23T08:00:00.000Z",
        component: "b-7",
        group: "Boiler",
        class: "heat",
        custom_details: { detail: "93 °C", data: null, raised: 1, alert: dedupKey.slice(9) },
      },
    });
    const long = noticeOf("repeated", { detail: "x".repeat(ALERT_DETAIL_CHARS_MAX) });
    const { payload } = bodyFor(target, long) as { payload: { summary: string } };
    expect(payload.summary).toHaveLength(1_024);
    const ofRule = noticeOf("escalated", { rule: "hot", id: "", key: 'region="n"' });
    expect(bodyFor(target, ofRule)).toMatchObject({
      event_action: "trigger",
      payload: { source: 'rule hot, region="n"', component: "Boiler", class: "hot" },
    });
  });

  test("to Splunk On-Call is a message of its REST endpoint", () => {
    const target = {
      kind: "splunk-on-call",
      url: "https://s.test/alert",
      apiKey: "a/b",
      routingKey: "r",
    } as const;
    expect(requestFor(channelOf(target), noticeOf("firing")).url).toBe(
      "https://s.test/alert/a%2Fb/r",
    );
    expect(bodyFor(target, noticeOf("firing"))).toEqual({
      message_type: "CRITICAL",
      entity_id: dedupKey,
      entity_display_name: "Too hot (Boiler/b-7)",
      state_message: "93 °C",
      state_start_time: AT_MS / 1_000,
      monitoring_tool: "Livetwin",
      livetwin_model: "Boiler",
      livetwin_twin: "b-7",
      livetwin_rule: "",
      livetwin_key: "heat",
    });
    expect(bodyFor(target, noticeOf("acknowledged", { acknowledged: HANDLED }))).toMatchObject({
      message_type: "ACKNOWLEDGEMENT",
      ack_author: "ann",
      state_message: "93 °C\non it",
    });
    const types = (["info", "warning"] as const).map(
      (severity) => bodyFor(target, noticeOf("firing", { severity })) as { message_type: string },
    );
    expect(types.map((body) => body.message_type)).toEqual(["INFO", "WARNING"]);
  });

  test("to Slack is text and an attachment, with nothing that it would take for markup", () => {
    const target = { kind: "slack", url: "https://slack.test/" } as const;
    const notice = noticeOf("resolved", { title: "<!channel> & co", resolved: HANDLED });
    expect(bodyFor(target, notice)).toEqual({
      text: "Resolved: &lt;!channel&gt; &amp; co (Boiler/b-7)",
      attachments: [
        {
          color: "#2e8b57",
          blocks: [
            {
              type: "section",
              text: {
                type: "mrkdwn",
                text: "*Resolved by ann: &lt;!channel&gt; &amp; co*\n93 °C\n> on it",
              },
            },
            {
              type: "context",
              elements: [
                {
                  type: "mrkdwn",
                  text: `error · Boiler/b-7 · 2026-11-23T08:00:00.000Z · ${dedupKey.slice(9)}`,
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test("to Slack fits its sections, however much there is to say", () => {
    const most = noticeOf("resolved", {
      title: "&".repeat(ALERT_TITLE_LENGTH_MAX),
      detail: "&".repeat(ALERT_DETAIL_CHARS_MAX),
      resolved: { ...HANDLED, note: "&".repeat(ALERT_NOTE_LENGTH_MAX) },
    });
    const { attachments } = bodyFor({ kind: "slack", url: "https://slack.test/" }, most) as {
      attachments: [{ blocks: [{ text: { text: string } }] }];
    };
    const { text } = attachments[0].blocks[0].text;
    expect(text.length).toBeLessThanOrEqual(3_000);
    expect(text).toMatch(/&amp;…$/);
  });
});
