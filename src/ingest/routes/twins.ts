/** Twins themselves: one, the listing, and many at once. */
import type { Context, Hono } from "hono";
import { cellKey, cellOf, isTwinId } from "../../core/ids.ts";
import type { TwinView } from "../../core/cell/view.ts";
import { LIST_LIMIT_MAX } from "../../core/limits.ts";
import { refuse } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { deployedModel } from "../../routing/deployment.ts";
import type { DeployedModel } from "../../wire/internal-rpc.ts";
import { twinJson } from "../../wire/twin-v1.ts";
import { parseTwinBatch } from "../twin-batch.ts";
import { callCell } from "../cell-calls.ts";
import { limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readJson, readText } from "../read-body.ts";
import { badId, batchBody, routeBatch } from "../route-batch.ts";

type Ctx = Context<{ Bindings: Env }>;

interface Target {
  readonly model: DeployedModel;
  readonly id: string;
  readonly key: string;
}

export function twinRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/twins", listTwins);
  app.post("/v1/models/:model/twins", createTwins);
  app.get("/v1/models/:model/twins/:id", getTwin);
  app.put("/v1/models/:model/twins/:id", putTwin);
  app.delete("/v1/models/:model/twins/:id", deleteTwin);
}

/** The twin that a request's path names. */
export async function targetOf(c: Ctx): Promise<Result<Target>> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return model;
  const id = c.req.param("id")!;
  if (!isTwinId(id)) return { ok: false, refusal: badId(id) };
  return {
    ok: true,
    value: {
      model: model.value,
      id,
      key: cellKey(model.value.name, cellOf(id, model.value.placement)),
    },
  };
}

async function getTwin(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const { model, id, key } = target.value;
  const view = await callCell(c.env, key, (cell) => cell.read(id));
  if (view === null)
    return problem({
      code: "twin/unknown",
      detail: `There is no twin "${id}" of model ${model.name}.`,
    });
  return isRefusal(view) ? problem(view) : twinResponse(model.name, view, 200);
}

async function putTwin(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const body = await readJson(c.req.raw);
  if (!body.ok) return problem(body.refusal);
  const state = stateOf(body.value);
  if (!state.ok) return problem(state.refusal);
  const { model, id, key } = target.value;
  const result = await callCell(c.env, key, (cell) => cell.put(id, JSON.stringify(state.value)));
  if (isRefusal(result)) return problem(result);
  return twinResponse(model.name, result.twin, result.created ? 201 : 200);
}

async function deleteTwin(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const { id, key } = target.value;
  const removed = await callCell(c.env, key, (cell) => cell.remove(id));
  return removed === true ? new Response(null, { status: 204 }) : problem(removed);
}

async function createTwins(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const text = await readText(c.req.raw);
  if (!text.ok) return problem(text.refusal);
  const batch = parseTwinBatch(text.value, c.req.header("content-type") ?? "", model.value);
  if (!batch.ok) return problem(batch.refusal);
  const { name } = model.value;
  const outcome = await routeBatch(batch.value, (cell, slice) =>
    callCell(c.env, cellKey(name, cell), (stub) => stub.putMany(slice.text, slice.indexes.length)),
  );
  return Response.json(batchBody(outcome));
}

async function listTwins(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const limit = limitParameter(c.req.query("limit"), LIST_LIMIT_MAX);
  if (!limit.ok) return problem(limit.refusal);
  const prefix = c.req.query("prefix") ?? "";
  // The cursor is the last id of the page before.
  const after = c.req.query("cursor") ?? "";
  const { name, placement } = model.value;
  const pages = await Promise.all(
    Array.from({ length: placement.cells }, (_, cell) =>
      callCell(c.env, cellKey(name, cell), (stub) => stub.list(prefix, after, limit.value + 1)),
    ),
  );
  const ids: string[] = [];
  for (const page of pages) {
    if (isRefusal(page)) return problem(page);
    ids.push(...page);
  }
  ids.sort();
  const shown = ids.slice(0, limit.value);
  return Response.json({ ids: shown, cursor: ids.length > shown.length ? shown.at(-1) : null });
}

function stateOf(body: unknown): Result<Record<string, unknown>> {
  const state =
    typeof body === "object" && body !== null && "state" in body ? body.state : undefined;
  if (typeof state === "object" && state !== null && !Array.isArray(state))
    return { ok: true, value: state as Record<string, unknown> };
  return refuse(
    "body/malformed",
    'The body is {"state": {…}}: fields of the twin and their values.',
  );
}

function twinResponse(model: string, view: TwinView, status: number): Response {
  return new Response(twinJson(model, view), {
    status,
    headers: { "content-type": "application/json" },
  });
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "code" in value;
}
