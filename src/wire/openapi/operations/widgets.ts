/** Widgets: saved queries with a chart, their results now and over the last day. */
import { HISTORY_MINUTES } from "../../../core/limits.ts";
import type { Operation } from "../operation.ts";
import { okJson } from "../operation.ts";
import { limit } from "../parameters.ts";
import { OF_A_JSON_BODY, OF_A_QUERY } from "../refusals.ts";
import { Answer, WidgetBody, WidgetHistory, Widgets, WidgetShape } from "../shapes/queries.ts";
import { storedId, storedOperations } from "./stored.ts";

const WIDGETS = "/v1/widgets";

const body = {
  title: "Worst level by region",
  chart: "bar",
  model: "StatusTracker",
  aggregates: [{ op: "max", field: "alert_level", as: "worst" }],
  groupBy: ["region"],
};
const result = {
  columns: [
    { name: "region", type: "string" },
    { name: "worst", type: "number" },
  ],
  rows: [["NW", 20]],
  partial: false,
};

export const WIDGET_OPERATIONS: readonly Operation[] = [
  ...storedOperations({
    tag: "widgets",
    path: WIDGETS,
    one: "widget",
    ids: { one: "Widget", many: "Widgets" },
    list: Widgets,
    member: "widgets",
    body: WidgetBody,
    shown: WidgetShape,
    examples: { body, shown: { id: "worst-by-region", ...body } },
    unknown: "widget/unknown",
    writes: [
      ...OF_A_JSON_BODY,
      "query/malformed",
      "query/syntax",
      "widget/malformed",
      "widget/too-many",
    ],
  }),
  {
    method: "get",
    path: `${WIDGETS}/{id}/result`,
    id: "getWidgetResult",
    tag: "widgets",
    summary: "What a widget shows now",
    roles: ["viewer"],
    parameters: [storedId("widget")],
    answers: {
      200: okJson("As a query's answer.", Answer, {
        ...result,
        asOf: "2026-11-23T08:00:00.000Z",
        twins: 20_000,
        elapsedMs: 2,
      }),
    },
    refusals: [...OF_A_QUERY, "widget/unknown"],
  },
  {
    method: "get",
    path: `${WIDGETS}/{id}/history`,
    id: "getWidgetHistory",
    tag: "widgets",
    summary: "What a widget showed, minute by minute",
    roles: ["viewer"],
    parameters: [storedId("widget"), limit("Minutes", HISTORY_MINUTES)],
    answers: {
      200: okJson("The newest, oldest first.", WidgetHistory, {
        results: [{ at: "2026-11-23T08:00:00.000Z", ...result }],
      }),
    },
    refusals: ["request/bad-parameter", "widget/unknown"],
  },
];
