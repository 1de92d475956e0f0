/** The recent changes of a twin, and what they came from. */
import type { Context, Hono } from "hono";
import type { HistoryQuery } from "../../core/cell/history.ts";
import { TWIN_HISTORY_COUNT_MAX, TWIN_HISTORY_LIMIT_DEFAULT } from "../../core/limits.ts";
import { ok } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { callCell } from "../cell-calls.ts";
import { integerParameter, limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { targetOf } from "./twins.ts";

type Ctx = Context<{ Bindings: Env }>;

export function historyRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/twins/:id/history", getHistory);
}

async function getHistory(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const query = queryOf(c);
  if (!query.ok) return problem(query.refusal);
  const { id, key } = target.value;
  const view = await callCell(c.env, key, (cell) => cell.history(id, query.value));
  return "code" in view ? problem(view) : Response.json(view);
}

function queryOf(c: Ctx): Result<HistoryQuery> {
  const limit = limitParameter(
    c.req.query("limit"),
    TWIN_HISTORY_COUNT_MAX,
    TWIN_HISTORY_LIMIT_DEFAULT,
  );
  if (!limit.ok) return limit;
  const version = { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: Number.MAX_SAFE_INTEGER };
  const before = integerParameter("before", c.req.query("before"), version);
  if (!before.ok) return before;
  const query = { limit: limit.value, before: before.value };
  const field = c.req.query("field");
  return ok(field === undefined ? query : { ...query, field });
}
