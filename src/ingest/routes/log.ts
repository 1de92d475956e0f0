/** A model's log: what its code wrote, alerts and failures, over all of its cells. */
import type { Context, Hono } from "hono";
import { SEVERITIES } from "../../core/alerts/alert.ts";
import { LOG_KINDS } from "../../core/cell/log.ts";
import type { LogFilter } from "../../core/cell/log.ts";
import { cellKey } from "../../core/ids.ts";
import { LOG_ENTRIES_DEFAULT, LOG_ENTRIES_MAX } from "../../core/limits.ts";
import { ok } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { deployedModel } from "../../routing/deployment.ts";
import { newestEntries } from "../../wire/log-v1.ts";
import { callCell } from "../cell-calls.ts";
import { choicesParameter, limitParameter, timeParameter } from "../parameters.ts";
import { problem } from "../problem.ts";

type Ctx = Context<{ Bindings: Env }>;

export function logRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/log", getLog);
}

/** The newest entries that the filter lets through, newest first. */
async function getLog(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const limit = limitParameter(c.req.query("limit"), LOG_ENTRIES_MAX, LOG_ENTRIES_DEFAULT);
  if (!limit.ok) return problem(limit.refusal);
  const filter = filterOf(c);
  if (!filter.ok) return problem(filter.refusal);
  const { name, placement } = model.value;
  const logs = await Promise.all(
    Array.from({ length: placement.cells }, (_, cell) =>
      callCell(c.env, cellKey(name, cell), (stub) => stub.log(limit.value, filter.value)),
    ),
  );
  const answered = logs.flatMap((log) => ("code" in log ? [] : [log]));
  return Response.json({
    entries: newestEntries(answered, limit.value),
    partial: answered.length < logs.length,
  });
}

function filterOf(c: Ctx): Result<LogFilter> {
  const severities = choicesParameter("severity", c.req.query("severity"), SEVERITIES);
  if (!severities.ok) return severities;
  const kinds = choicesParameter("kind", c.req.query("kind"), LOG_KINDS);
  if (!kinds.ok) return kinds;
  const before = timeParameter("before", c.req.query("before"));
  if (!before.ok) return before;
  const id = c.req.query("id");
  return ok({
    ...(severities.value !== undefined && { severities: severities.value }),
    ...(kinds.value !== undefined && { kinds: kinds.value }),
    ...(before.value !== undefined && { beforeMs: before.value }),
    ...(id !== undefined && { id }),
  });
}
