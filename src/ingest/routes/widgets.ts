/** Widgets: what dashboards show, their results now and over the last day. */
import type { Context, Hono } from "hono";
import { HISTORY_MINUTES, QUERY_BODY_BYTES_MAX } from "../../core/limits.ts";
import { ok } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { planQuery } from "../../routing/plan-query.ts";
import { runQuery } from "../../routing/run-query.ts";
import { deployment } from "../../routing/deployment.ts";
import { parseWidget, queryOfWidget } from "../../wire/widget-v1.ts";
import type { Widget } from "../../wire/widget-v1.ts";
import { limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readJson } from "../read-body.ts";
import { clockMs } from "../../routing/clock.ts";

type Ctx = Context<{ Bindings: Env }>;

export function widgetRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/widgets", listWidgets);
  app.post("/v1/widgets", (c) => storeWidget(c, crypto.randomUUID()));
  app.get("/v1/widgets/:id", getWidget);
  app.put("/v1/widgets/:id", (c) => storeWidget(c, c.req.param("id")));
  app.delete("/v1/widgets/:id", deleteWidget);
  app.get("/v1/widgets/:id/result", getResult);
  app.get("/v1/widgets/:id/history", getHistory);
}

async function listWidgets(c: Ctx): Promise<Response> {
  return Response.json({ widgets: await reducer(c).listWidgets() });
}

async function getWidget(c: Ctx): Promise<Response> {
  const widget = await widgetOf(c);
  return widget.ok ? Response.json(widget.value) : problem(widget.refusal);
}

/** Creates (201) or replaces (200) a widget, and answers with it as it is stored. */
async function storeWidget(c: Ctx, id: string): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const widget = parseWidget(id, body.value);
  if (!widget.ok) return problem(widget.refusal);
  const put = await reducer(c).putWidget(widget.value);
  if ("code" in put) return problem(put);
  const headers = put.created ? { location: `/v1/widgets/${id}` } : {};
  return Response.json(widget.value, { status: put.created ? 201 : 200, headers });
}

async function deleteWidget(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  return (await reducer(c).removeWidget(id))
    ? new Response(null, { status: 204 })
    : problem(unknown(id));
}

/** What the widget shows now, as a query's answer. */
async function getResult(c: Ctx): Promise<Response> {
  const nowMs = clockMs();
  const widget = await widgetOf(c);
  if (!widget.ok) return problem(widget.refusal);
  const planned = planQuery(queryOfWidget(widget.value), await deployment(c.env));
  if (!planned.ok) return problem(planned.refusal);
  const answer = await runQuery(c.env, planned.value.model, planned.value.plan, {
    consistent: false,
    nowMs,
  });
  return answer.ok ? Response.json(answer.value) : problem(answer.refusal);
}

/** The newest results, one a minute, oldest first. */
async function getHistory(c: Ctx): Promise<Response> {
  const limit = limitParameter(c.req.query("limit"), HISTORY_MINUTES);
  if (!limit.ok) return problem(limit.refusal);
  const widget = await widgetOf(c);
  if (!widget.ok) return problem(widget.refusal);
  const results = await reducer(c).widgetHistory(widget.value.id, limit.value);
  return Response.json({
    results: results.map(({ atMs, ...result }) => ({
      at: new Date(atMs).toISOString(),
      ...result,
    })),
  });
}

async function widgetOf(c: Ctx): Promise<Result<Widget>> {
  const id = c.req.param("id")!;
  const widget = (await reducer(c).listWidgets()).find((candidate) => candidate.id === id);
  return widget === undefined ? { ok: false, refusal: unknown(id) } : ok(widget);
}

function unknown(id: string): Refusal {
  return { code: "widget/unknown", detail: `There is no widget "${id.slice(0, 80)}".` };
}

function reducer(c: Ctx): ReturnType<Env["REDUCER"]["getByName"]> {
  return c.env.REDUCER.getByName("reducer");
}
