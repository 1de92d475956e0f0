/** Queries, and the fields that they may name. */
import type { Context, Hono } from "hono";
import { FIELD_SAMPLE_TWINS, FIELD_SAMPLES_MAX, QUERY_BODY_BYTES_MAX } from "../../core/limits.ts";
import type { QueryResult } from "../../core/query/plan.ts";
import { ok, refuse } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { planQuery } from "../../routing/plan-query.ts";
import { runQuery } from "../../routing/run-query.ts";
import { deployedModel, deployment } from "../../routing/deployment.ts";
import { parseQueryBody } from "../../wire/query-v1.ts";
import { flagParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readText } from "../read-body.ts";
import { clockMs } from "../../routing/clock.ts";

type Ctx = Context<{ Bindings: Env }>;

export function queryRoutes(app: Hono<{ Bindings: Env }>): void {
  app.post("/v1/query", postQuery);
  app.get("/v1/models/:model/fields", getFields);
}

/** With `?consistent=true` the result has everything that was acknowledged before the request. */
async function postQuery(c: Ctx): Promise<Response> {
  const nowMs = clockMs();
  const consistent = flagParameter("consistent", c.req.query("consistent"));
  if (!consistent.ok) return problem(consistent.refusal);
  const text = await readText(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!text.ok) return problem(text.refusal);
  const body = bodyOf(text.value, c.req.header("content-type") ?? "");
  if (!body.ok) return problem(body.refusal);
  const spec = parseQueryBody(body.value);
  if (!spec.ok) return problem(spec.refusal);
  const planned = planQuery(spec.value, await deployment(c.env));
  if (!planned.ok) return problem(planned.refusal);
  const { model, plan } = planned.value;
  const answer = await runQuery(c.env, model, plan, { consistent: consistent.value, nowMs });
  return answer.ok ? Response.json(answer.value) : problem(answer.refusal);
}

/** What a query may name in a model, with some of the values that are there. */
async function getFields(c: Ctx): Promise<Response> {
  const nowMs = clockMs();
  const name = c.req.param("model")!;
  const model = await deployedModel(c.env, name);
  if (!model.ok) return problem(model.refusal);
  const planned = planQuery({ model: name, limit: FIELD_SAMPLE_TWINS }, await deployment(c.env));
  if (!planned.ok) return problem(planned.refusal);
  const answer = await runQuery(c.env, model.value, planned.value.plan, {
    consistent: false,
    nowMs,
  });
  const fields = model.value.fields.map((field) => ({
    ...field,
    samples: answer.ok ? samplesOf(answer.value, field.name) : [],
  }));
  return Response.json({ model: name, fields });
}

/** The first different values of a column, nulls aside. */
function samplesOf(result: QueryResult, name: string): unknown[] {
  const column = result.columns.findIndex((candidate) => candidate.name === name);
  const samples = new Set<unknown>();
  for (const row of result.rows) {
    const value = row[column] ?? null;
    if (value !== null) samples.add(value);
    if (samples.size >= FIELD_SAMPLES_MAX) break;
  }
  return [...samples];
}

/** A query as JSON, or the SQL text itself when the request says that it is text (curl says so of JSON too). */
function bodyOf(text: string, contentType: string): Result<unknown> {
  if (/^text\//i.test(contentType) && !text.trimStart().startsWith("{")) return ok({ sql: text });
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (error) {
    return refuse(
      "body/malformed",
      `The body is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
