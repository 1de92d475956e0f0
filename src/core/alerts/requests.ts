/** What a channel's service is sent: an address, headers and a JSON body. See docs/alerts.md for each format. */
import { unreachable } from "../assert.ts";
import type { Json, Severity } from "../model.ts";
import { alertIdOf } from "./alert.ts";
import type { Alert, Notice, NoticeKind } from "./alert.ts";
import type { AlertChannel, ChannelTarget } from "./channel.ts";
import { alertView } from "./view.ts";
import { isoOf } from "../query/time-text.ts";

/** An HTTP POST. The body is signed with the channel's secret, if it has one, by who sends it. */
export interface ChannelRequest {
  readonly url: string;
  readonly body: string;
}

/** Characters of a summary that PagerDuty takes. */
const PAGERDUTY_SUMMARY_CHARS_MAX = 1_024;
/** Characters of a section that Slack takes. */
const SLACK_SECTION_CHARS_MAX = 3_000;
const SLACK_COLORS: Readonly<Record<Severity, string>> = {
  info: "#2f6fde",
  warning: "#d18f00",
  error: "#c4322b",
};
const SLACK_GOOD = "#2e8b57";
/** What a notice is called where people read it. */
const WORDS: Readonly<Record<NoticeKind, string>> = {
  firing: "Firing",
  escalated: "Worse now",
  repeated: "Still firing",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
};

/** The call that tells a channel of a notice. */
export function requestFor(channel: AlertChannel, notice: Notice): ChannelRequest {
  const url = urlOf(channel);
  switch (channel.kind) {
    case "slack":
      return { url, body: JSON.stringify(slackBody(notice)) };
    case "pagerduty":
      return { url, body: JSON.stringify(pagerDutyBody(channel.routingKey, notice)) };
    case "splunk-on-call":
      return { url, body: JSON.stringify(splunkBody(notice)) };
    case "json":
      return { url, body: JSON.stringify(jsonBody(notice)) };
    default:
      return unreachable(channel);
  }
}

/** The same for every notice of an alert: by this the receiver knows repeats, and what belongs together. */
export function dedupKeyOf({ n }: Alert): string {
  return `livetwin-${alertIdOf(n)}`;
}

function urlOf(target: ChannelTarget): string {
  if (target.kind !== "splunk-on-call") return target.url;
  const { url, apiKey, routingKey } = target;
  return `${url.replace(/\/+$/, "")}/${encodeURIComponent(apiKey)}/${encodeURIComponent(routingKey)}`;
}

/** Where it comes from, for people: `GasMeter/m-1`, or the rule. */
function originOf({ model, id, rule, key }: Alert): string {
  if (rule !== null) return key === "" ? `rule ${rule}` : `rule ${rule}, ${key}`;
  return id === "" ? model : `${model}/${id}`;
}

function slackBody({ kind, alert, atMs }: Notice): Json {
  const { title, detail, severity, acknowledged, resolved } = alert;
  const handled = kind === "resolved" ? resolved : kind === "acknowledged" ? acknowledged : null;
  const note = handled === null || handled.note === "" ? "" : `\n> ${slackText(handled.note)}`;
  const by = handled === null ? "" : ` by ${slackText(handled.by)}`;
  const body = detail === "" ? "" : `\n${slackText(detail)}`;
  const heading = `*${WORDS[kind]}${by}: ${slackText(title)}*`;
  return {
    text: `${WORDS[kind]}: ${slackText(title)} (${slackText(originOf(alert))})`,
    attachments: [
      {
        color: kind === "resolved" ? SLACK_GOOD : SLACK_COLORS[severity],
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: slackCut(`${heading}${body}${note}`) } },
          {
            type: "context",
            elements: [
              {
                type: "mrkdwn",
                text: `${severity} · ${slackText(originOf(alert))} · ${isoOf(atMs)} · ${alertIdOf(alert.n)}`,
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Slack reads `&`, `<` and `>` as markup: without this a title could mention everybody. */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A section takes so much and no more: a longer one would lose the whole message. */
function slackCut(text: string): string {
  if (text.length <= SLACK_SECTION_CHARS_MAX) return text;
  // Not in the middle of an escape.
  return `${text.slice(0, SLACK_SECTION_CHARS_MAX - 1).replace(/&[a-z]*$/, "")}…`;
}

function pagerDutyBody(routingKey: string, { kind, alert }: Notice): Json {
  const action =
    kind === "resolved" ? "resolve" : kind === "acknowledged" ? "acknowledge" : "trigger";
  const head = { routing_key: routingKey, event_action: action, dedup_key: dedupKeyOf(alert) };
  if (action !== "trigger") return head;
  const { title, detail, severity, model, rule, key, firstRaisedAtMs, data, raised } = alert;
  const summary = `${title} (${originOf(alert)})${detail === "" ? "" : `: ${detail}`}`;
  return {
    ...head,
    client: "Livetwin",
    payload: {
      summary: summary.slice(0, PAGERDUTY_SUMMARY_CHARS_MAX),
      source: originOf(alert),
      // PagerDuty has `critical` too, which is more than a twin can know.
      severity,
      timestamp: isoOf(firstRaisedAtMs),
      component: alert.id === "" ? model : alert.id,
      group: model,
      class: rule ?? key,
      custom_details: { detail, data, raised, alert: alertIdOf(alert.n) },
    },
  };
}

const SPLUNK_TYPES: Readonly<Record<Severity, string>> = {
  info: "INFO",
  warning: "WARNING",
  error: "CRITICAL",
};

function splunkBody({ kind, alert, atMs }: Notice): Json {
  const { title, detail, severity, model, id, rule, key, acknowledged, resolved } = alert;
  const handled = kind === "acknowledged" ? acknowledged : kind === "resolved" ? resolved : null;
  return {
    message_type:
      kind === "resolved"
        ? "RECOVERY"
        : kind === "acknowledged"
          ? "ACKNOWLEDGEMENT"
          : SPLUNK_TYPES[severity],
    entity_id: dedupKeyOf(alert),
    entity_display_name: `${title} (${originOf(alert)})`,
    state_message: [detail, handled?.note ?? ""].filter((text) => text !== "").join("\n"),
    // Seconds since 1970, as the endpoint wants it.
    state_start_time: Math.floor(atMs / 1_000),
    monitoring_tool: "Livetwin",
    ...(kind === "acknowledged" ? { ack_author: handled?.by ?? "" } : {}),
    livetwin_model: model,
    livetwin_twin: id,
    livetwin_rule: rule ?? "",
    livetwin_key: key,
  };
}

function jsonBody({ kind, alert, atMs }: Notice): object {
  return { type: kind, at: isoOf(atMs), dedupKey: dedupKeyOf(alert), alert: alertView(alert) };
}
