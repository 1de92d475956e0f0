/** What operators set up for alerts: rules on aggregates, and the channels that are notified. */
import type { Context, Hono } from "hono";
import type { AlertRule } from "../../core/alerts/rule.ts";
import { QUERY_BODY_BYTES_MAX } from "../../core/limits.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { parseRule } from "../../wire/alert-v1.ts";
import { parseChannel } from "../../wire/channel-v1.ts";
import type { RuleStatus } from "../../wire/internal-rpc.ts";
import { problem } from "../problem.ts";
import { readJson } from "../read-body.ts";
import { alertsOf, stored } from "./alerts.ts";

type Ctx = Context<{ Bindings: Env }>;

export function alertSettingRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/alert-rules", listRules);
  app.post("/v1/alert-rules", (c) => storeRule(c, crypto.randomUUID()));
  app.get("/v1/alert-rules/:id", getRule);
  app.put("/v1/alert-rules/:id", (c) => storeRule(c, c.req.param("id")));
  app.delete("/v1/alert-rules/:id", deleteRule);
  app.get("/v1/alert-channels", listChannels);
  app.post("/v1/alert-channels", (c) => storeChannel(c, crypto.randomUUID()));
  app.get("/v1/alert-channels/:id", getChannel);
  app.put("/v1/alert-channels/:id", (c) => storeChannel(c, c.req.param("id")));
  app.delete("/v1/alert-channels/:id", deleteChannel);
  app.post("/v1/alert-channels/:id/test", testChannel);
}

async function listRules(c: Ctx): Promise<Response> {
  const rules = await alertsOf(c).listRules();
  return Response.json({ rules: rules.map(({ rule, status }) => ruleJson(rule, status)) });
}

async function getRule(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const found = (await alertsOf(c).listRules()).find(({ rule }) => rule.id === id);
  return found === undefined
    ? problem(unknownRule(id))
    : Response.json(ruleJson(found.rule, found.status));
}

async function storeRule(c: Ctx, id: string): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const rule = parseRule(id, body.value);
  if (!rule.ok) return problem(rule.refusal);
  const put = await alertsOf(c).putRule(rule.value);
  if ("code" in put) return problem(put);
  return stored(ruleJson(rule.value), put.created, `/v1/alert-rules/${id}`);
}

async function deleteRule(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const isRemoved = await alertsOf(c).removeRule(id);
  return isRemoved ? new Response(null, { status: 204 }) : problem(unknownRule(id));
}

async function listChannels(c: Ctx): Promise<Response> {
  return Response.json({ channels: await alertsOf(c).listChannels() });
}

async function getChannel(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const found = (await alertsOf(c).listChannels()).find(({ channelId }) => channelId === id);
  return found === undefined ? problem(unknownChannel(id)) : Response.json(found);
}

async function storeChannel(c: Ctx, id: string): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const input = parseChannel(id, body.value);
  if (!input.ok) return problem(input.refusal);
  const put = await alertsOf(c).putChannel(id, input.value);
  if ("code" in put) return problem(put);
  return stored(put.channel, put.created, `/v1/alert-channels/${id}`);
}

async function deleteChannel(c: Ctx): Promise<Response> {
  const id = c.req.param("id")!;
  const isRemoved = await alertsOf(c).removeChannel(id);
  return isRemoved ? new Response(null, { status: 204 }) : problem(unknownChannel(id));
}

/** 200 whatever came back: the answer says what it was. */
async function testChannel(c: Ctx): Promise<Response> {
  const test = await alertsOf(c).testChannel(c.req.param("id")!);
  return "code" in test ? problem(test) : Response.json(test);
}

function ruleJson({ id: ruleId, ...rule }: AlertRule, status?: RuleStatus): object {
  if (status === undefined) return { ruleId, ...rule };
  const { lastEvaluatedAtMs, lastValues, lastError } = status;
  const lastEvaluatedAt =
    lastEvaluatedAtMs === null ? null : new Date(lastEvaluatedAtMs).toISOString();
  return { ruleId, ...rule, status: { lastEvaluatedAt, lastValues, lastError } };
}

function unknownRule(id: string): Refusal {
  return { code: "rule/unknown", detail: `There is no rule "${id.slice(0, 80)}".` };
}

function unknownChannel(id: string): Refusal {
  return { code: "channel/unknown", detail: `There is no channel "${id.slice(0, 80)}".` };
}
