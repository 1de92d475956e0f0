/** Alerts and silences: listed, acknowledged, resolved. Rules and channels: alert-settings.ts. */
import type { Context, Hono } from "hono";
import { alertIdOf, parseAlertId } from "../../core/alerts/alert.ts";
import { QUERY_BODY_BYTES_MAX } from "../../core/limits.ts";
import { ok } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { clockMs } from "../../routing/clock.ts";
import { parseAlertList, parseHandling, parseSilence, silenceJson } from "../../wire/alert-v1.ts";
import { problem } from "../problem.ts";
import { readJson } from "../read-body.ts";

type Ctx = Context<{ Bindings: Env }>;

export function alertRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/alerts", listAlerts);
  app.get("/v1/alerts/:id", getAlert);
  app.post("/v1/alerts/:id/acknowledge", (c) => handleAlert(c, "acknowledge"));
  app.post("/v1/alerts/:id/resolve", (c) => handleAlert(c, "resolve"));
  app.get("/v1/silences", listSilences);
  app.post("/v1/silences", (c) => storeSilence(c, crypto.randomUUID()));
  app.get("/v1/silences/:id", getSilence);
  app.put("/v1/silences/:id", (c) => storeSilence(c, c.req.param("id")));
  app.delete("/v1/silences/:id", deleteSilence);
}

/** Newest first, a page at a time. */
async function listAlerts(c: Ctx): Promise<Response> {
  const query = parseAlertList(c.req.query());
  if (!query.ok) return problem(query.refusal);
  const { alerts, next } = await alertsOf(c).list(query.value);
  return Response.json({ alerts, cursor: next === null ? null : alertIdOf(next) });
}

async function getAlert(c: Ctx): Promise<Response> {
  const n = numberOf(c);
  if (!n.ok) return problem(n.refusal);
  const alert = await alertsOf(c).alert(n.value);
  return "code" in alert ? problem(alert) : Response.json(alert);
}

async function handleAlert(c: Ctx, act: "acknowledge" | "resolve"): Promise<Response> {
  const n = numberOf(c);
  if (!n.ok) return problem(n.refusal);
  const body = await readOptionalJson(c.req.raw);
  if (!body.ok) return problem(body.refusal);
  const handling = parseHandling(body.value);
  if (!handling.ok) return problem(handling.refusal);
  const alert = await alertsOf(c)[act](n.value, handling.value);
  return "code" in alert ? problem(alert) : Response.json(alert);
}

async function listSilences(c: Ctx): Promise<Response> {
  const silences = await alertsOf(c).listSilences();
  return Response.json({ silences: silences.map(silenceJson) });
}

async function getSilence(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const silence = (await alertsOf(c).listSilences()).find((each) => each.id === id);
  return silence === undefined ? problem(unknownSilence(id)) : Response.json(silenceJson(silence));
}

async function storeSilence(c: Ctx, id: string): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const silence = parseSilence(id, body.value, clockMs());
  if (!silence.ok) return problem(silence.refusal);
  const put = await alertsOf(c).putSilence(silence.value);
  if ("code" in put) return problem(put);
  return stored(silenceJson(silence.value), put.created, `/v1/silences/${id}`);
}

async function deleteSilence(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const isRemoved = await alertsOf(c).removeSilence(id);
  return isRemoved ? new Response(null, { status: 204 }) : problem(unknownSilence(id));
}

/** The answer to what was created (201) or replaced (200). */
export function stored(body: unknown, created: boolean, path: string): Response {
  return Response.json(body, {
    status: created ? 201 : 200,
    headers: created ? { location: path } : {},
  });
}

/** The object that keeps them all. */
export function alertsOf(c: Ctx): ReturnType<Env["ALERTS"]["getByName"]> {
  return c.env.ALERTS.getByName("alerts");
}

/** A body that may be missing: then it is undefined. */
async function readOptionalJson(request: Request): Promise<Result<unknown>> {
  const hasNone = request.body === null || request.headers.get("content-length") === "0";
  return hasNone ? ok(undefined) : readJson(request, QUERY_BODY_BYTES_MAX);
}

function numberOf(c: Ctx): Result<number> {
  const id = c.req.param("id")!;
  const n = parseAlertId(id);
  if (n !== undefined) return ok(n);
  const detail = `There is no alert "${id.slice(0, 80)}".`;
  return { ok: false, refusal: { code: "alert/unknown", detail } };
}

function unknownSilence(id: string): Refusal {
  return { code: "silence/unknown", detail: `There is no silence "${id.slice(0, 80)}".` };
}
