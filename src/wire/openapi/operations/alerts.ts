/** Alerts and silences. */
import * as z from "zod";
import { ALERT_STATES, SEVERITIES } from "../../../core/alerts/alert.ts";
import { ALERTS_LIST_LIMIT_DEFAULT, ALERTS_LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Operation } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { choices, CURSOR, limit, path, query } from "../parameters.ts";
import { OF_A_JSON_BODY } from "../refusals.ts";
import { ModelName } from "../shapes/basics.ts";
import {
  AlertPage,
  AlertShape,
  Handling,
  SilenceBody,
  SilenceShape,
  Silences,
} from "../shapes/alerts.ts";
import { storedOperations } from "./stored.ts";

const ALERTS = "/v1/alerts";
const ALERT_ID = path("id", "The alert's id.", z.string());

const raisedAt = "2026-11-23T08:00:00.000Z";
const alert = {
  alertId: "a-1795420800000",
  state: "firing",
  severity: "warning",
  title: "Gas at m-1",
  detail: "",
  model: "GasMeter",
  id: "m-1",
  rule: null,
  key: "gas",
  data: null,
  firstRaisedAt: raisedAt,
  lastRaisedAt: raisedAt,
  raised: 1,
  updates: 0,
  heldUntil: null,
  firedAt: raisedAt,
  notifiedAt: null,
  acknowledged: null,
  resolved: null,
  silencedUntil: null,
};
const handled = { by: "ada", at: raisedAt, note: "on my way" };
const silenced = { model: "GasMeter", by: "ada", comment: "maintenance" };

export const ALERT_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: ALERTS,
    id: "listAlerts",
    tag: "alerts",
    summary: "Alerts, page by page",
    roles: ["viewer"],
    parameters: [
      query(
        "state",
        "Only these, separated by commas.",
        choices(ALERT_STATES).default("firing,pending"),
      ),
      query("severity", "Only these, separated by commas.", choices(SEVERITIES)),
      query("model", "Only of this model.", ModelName),
      query("id", "Only of this twin.", z.string()),
      query("rule", "Only of this rule.", z.string()),
      limit("Alerts", ALERTS_LIST_LIMIT_MAX, ALERTS_LIST_LIMIT_DEFAULT),
      CURSOR,
    ],
    answers: {
      200: okJson("Newest first; `cursor` is null on the last page.", AlertPage, {
        alerts: [alert],
        cursor: null,
      }),
    },
    refusals: ["request/bad-parameter"],
  },
  {
    method: "get",
    path: `${ALERTS}/{id}`,
    id: "getAlert",
    tag: "alerts",
    summary: "An alert",
    roles: ["viewer"],
    parameters: [ALERT_ID],
    answers: { 200: okJson("As it is now.", AlertShape, alert) },
    refusals: ["alert/unknown"],
  },
  {
    method: "post",
    path: `${ALERTS}/{id}/acknowledge`,
    id: "acknowledgeAlert",
    tag: "alerts",
    summary: "Acknowledge an alert",
    description: "Somebody sees to it: it is not repeated any more.",
    roles: ["operator"],
    parameters: [ALERT_ID],
    body: json(Handling, { by: handled.by, note: handled.note }),
    isBodyOptional: true,
    answers: {
      200: okJson("The alert.", AlertShape, { ...alert, acknowledged: handled }),
    },
    refusals: [...OF_A_JSON_BODY, "alert/malformed", "alert/resolved", "alert/unknown"],
  },
  {
    method: "post",
    path: `${ALERTS}/{id}/resolve`,
    id: "resolveAlert",
    tag: "alerts",
    summary: "Resolve an alert",
    description: "The condition raised again is another alert.",
    roles: ["operator"],
    parameters: [ALERT_ID],
    body: json(Handling, { by: handled.by, note: handled.note }),
    isBodyOptional: true,
    answers: {
      200: okJson("The alert.", AlertShape, { ...alert, state: "resolved", resolved: handled }),
    },
    refusals: [...OF_A_JSON_BODY, "alert/malformed", "alert/resolved", "alert/unknown"],
  },
  ...storedOperations({
    tag: "alerts",
    path: "/v1/silences",
    one: "silence",
    ids: { one: "Silence", many: "Silences" },
    list: Silences,
    member: "silences",
    body: SilenceBody,
    shown: SilenceShape,
    examples: {
      body: { ...silenced, forMs: 3_600_000 },
      shown: {
        silenceId: "maintenance",
        ...silenced,
        id: null,
        rule: null,
        key: null,
        severity: null,
        createdAt: raisedAt,
        until: "2026-11-23T09:00:00.000Z",
      },
    },
    unknown: "silence/unknown",
    writes: [...OF_A_JSON_BODY, "silence/malformed", "silence/too-many"],
  }),
];
