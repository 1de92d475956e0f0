/** Models: what is deployed. */
import type { Context, Hono } from "hono";
import type { Env } from "../../env.ts";
import { deployedModel, deployment } from "../../routing/deployment.ts";
import { cellCounters } from "../cell-counters.ts";
import { problem } from "../problem.ts";

type Ctx = Context<{ Bindings: Env }>;

export function modelRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models", listModels);
  app.get("/v1/models/:model", getModel);
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
