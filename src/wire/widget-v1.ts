/** A widget: a query with a title, a chart and a place on a dashboard. One JSON for storing, exporting and importing. */
import * as z from "zod";
import { NESTING_MAX, WIDGET_CHARS_MAX } from "../core/limits.ts";
import type { Json } from "../core/model.ts";
import type { QueryResult, QuerySpec } from "../core/query/plan.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { describeIssues } from "./issues.ts";
import { isNestedDeeper } from "./nesting.ts";
import { parseQueryBody } from "./query-v1.ts";

export const CHARTS = ["area", "bar", "column", "line", "pie", "number", "table", "map"] as const;
export type Chart = (typeof CHARTS)[number];

const TITLE_CHARS_MAX = 200;
/** Letters, digits, `_` and `-`, 1 to 64. */
export const WIDGET_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** What a widget shows; `color`, `options` and `position` are the dashboard's business and stored as they are. */
export interface Widget extends QuerySpec {
  readonly id: string;
  readonly title: string;
  readonly chart: Chart;
  readonly color?: string;
  readonly options?: { readonly [key: string]: Json };
  readonly position?: { readonly [key: string]: Json };
}

/** A widget's result at a minute. Bounded: rows beyond HISTORY_RESULT_CHARS_MAX are left out. */
export interface WidgetResult extends QueryResult {
  readonly atMs: number;
  /** Whether a part of the twins could not be had that minute. */
  readonly partial: boolean;
}

const jsonObject = z.record(z.string(), z.json());

/** What a widget has beside its query. */
export const WidgetLooksV1 = z.object({
  title: z.string().max(TITLE_CHARS_MAX).default(""),
  chart: z.enum(CHARTS),
  color: z.string().max(TITLE_CHARS_MAX).optional(),
  options: jsonObject.optional(),
  position: jsonObject.optional(),
});

/** Whether a text can be a widget's id: letters, digits, `_` and `-`, 1 to 64. */
export function isWidgetId(text: string): boolean {
  return WIDGET_ID.test(text);
}

/**
 * A widget from a request's body. The id comes from the path or is made by the caller; one in the body is ignored.
 * Whether the query suits the model is not asked here. Refuses with `widget/malformed`, or as `parseQueryBody`.
 */
export function parseWidget(id: string, body: unknown): Result<Widget> {
  if (!isWidgetId(id))
    return refuse(
      "widget/malformed",
      `A widget's id is 1 to 64 letters, digits, "_" or "-", not "${id.slice(0, 80)}".`,
    );
  if (isNestedDeeper(picked(body, FREE_KEYS), NESTING_MAX)) {
    return refuse(
      "widget/malformed",
      `"options" and "position" may be nested ${NESTING_MAX} deep at most.`,
    );
  }
  const parsed = WidgetLooksV1.safeParse(body, { reportInput: true });
  if (!parsed.success)
    return refuse("widget/malformed", describeIssues("the widget", parsed.error.issues));
  const query = parseQueryBody(queryPart(body));
  if (!query.ok) return query;
  const { title, chart, color, options, position } = parsed.data;
  const widget: Widget = {
    id,
    title,
    chart,
    ...query.value,
    ...(color === undefined ? {} : { color }),
    ...(options === undefined ? {} : { options }),
    ...(position === undefined ? {} : { position }),
  };
  const chars = JSON.stringify(widget).length;
  if (chars <= WIDGET_CHARS_MAX) return ok(widget);
  return refuse(
    "widget/malformed",
    `The widget has ${chars} characters; ${WIDGET_CHARS_MAX} is the limit.`,
  );
}

/** The query of a widget. */
export function queryOfWidget(widget: Widget): QuerySpec {
  const {
    id: _id,
    title: _title,
    chart: _chart,
    color: _color,
    options: _options,
    position: _position,
    ...query
  } = widget;
  return query;
}

/** What the dashboard may fill as it likes. */
const FREE_KEYS = ["options", "position"] as const;
const QUERY_KEYS = [
  "model",
  "select",
  "aggregates",
  "groupBy",
  "where",
  "orderBy",
  "limit",
  "offset",
] as const;

/** What of a widget's body is its query: SQL text, or the parts of a query as JSON. */
function queryPart(body: unknown): Record<string, unknown> {
  const sql = picked(body, ["sql"]);
  return "sql" in sql ? sql : picked(body, QUERY_KEYS);
}

function picked(body: unknown, keys: readonly string[]): Record<string, unknown> {
  const entries = typeof body === "object" && body !== null ? Object.entries(body) : [];
  return Object.fromEntries(entries.filter(([key]) => keys.includes(key)));
}
