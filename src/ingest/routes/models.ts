/** Models: what is deployed, and their logs. */
import type { Context, Hono } from "hono";
import type { LogEntry } from "../../core/cell/log.ts";
import { cellKey } from "../../core/ids.ts";
import { LOG_ENTRIES_MAX } from "../../core/limits.ts";
import type { Env } from "../../env.ts";
import { deployedModel, deployment } from "../../routing/deployment.ts";
import { cellCounters } from "../cell-counters.ts";
import { callCell } from "../cell-calls.ts";
import { problem } from "../problem.ts";

type Ctx = Context<{ Bindings: Env }>;

export function modelRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models", listModels);
  app.get("/v1/models/:model", getModel);
  app.get("/v1/models/:model/log", getLog);
  app.get("/v1/models/:model/placement", getPlacement);
}

async function listModels(c: Ctx): Promise<Response> {
  const models = [...(await deployment(c.env)).values()];
  const described = await Promise.all(models.map(({ name }) => describe(c, name)));
  return Response.json({ models: described });
}

async function getModel(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  return model.ok ? Response.json(await describe(c, model.value.name)) : problem(model.refusal);
}

async function describe(c: Ctx, name: string): Promise<Record<string, unknown>> {
  const { placement, shards, fields, deployedAtMs } = (await deployment(c.env)).get(name)!;
  const { totals, missing } = await cellCounters(c.env, name, placement.cells);
  const { twins = 0, accepted = 0, duplicates = 0, rejected = 0, failures = 0 } = totals;
  return {
    name,
    status: missing === 0 ? "running" : "degraded",
    cells: placement.cells,
    shards,
    deployedAt: new Date(deployedAtMs).toISOString(),
    fields,
    twins,
    // Since their cells woke last.
    counts: { accepted, duplicates, rejected, failures },
  };
}

/** Entries of all cells, newest first. */
async function getLog(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const asked = Number(c.req.query("limit") ?? 100);
  if (!Number.isInteger(asked) || asked < 1 || asked > LOG_ENTRIES_MAX) {
    const detail = `"limit" is an integer from 1 to ${LOG_ENTRIES_MAX}; this one is ${JSON.stringify(c.req.query("limit"))}.`;
    return problem({ code: "request/bad-parameter", detail });
  }
  const { name, placement } = model.value;
  const logs = await Promise.all(
    Array.from({ length: placement.cells }, (_, cell) =>
      callCell(c.env, cellKey(name, cell), (stub) => stub.log(asked)),
    ),
  );
  const entries = logs
    .flatMap((log) => ("code" in log ? [] : [...log]))
    .toSorted((a, b) => b.atMs - a.atMs);
  return Response.json({ entries: entries.slice(0, asked).map(shown) });
}

function shown({ atMs, severity, kind, id, text }: LogEntry): Record<string, unknown> {
  return { at: new Date(atMs).toISOString(), severity, kind, id, text };
}

/**
 * How ids map to cells, for gateways that batch by cell: `cell = (hash(id) mod buckets) mod cells`. Batches that
 * touch one cell cost a fraction of those that touch all.
 */
async function getPlacement(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const { version, cells } = model.value.placement;
  return Response.json({
    version,
    cells,
    buckets: 1024,
    hash: "fnv1a-32 over UTF-16 units, murmur3 finalizer",
  });
}
