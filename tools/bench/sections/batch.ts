/** Batches over HTTP, beside the engine without persistence, SQLite, JSON, and a bare object. */
import { bareLoad, bareTarget, productLoad } from "../contenders.ts";
import { ratioFinding, rowsFinding } from "../findings.ts";
import type { SectionResult } from "../findings.ts";
import { batches, gridBatches } from "../messages.ts";
import { parseContender, sqliteContender, stringifyContender } from "../node-limits.ts";
import { TWINS } from "../plan.ts";
import type { Plan } from "../plan.ts";
import { takeTurns } from "../rounds.ts";
import type { Contender } from "../rounds.ts";
import { PUMP } from "../stand.ts";
import type { Stand } from "../stand.ts";
import type { WorkerdServer } from "../workerd-server.ts";

const CONNECTIONS = 12;
const GRID = "StatusTracker";

export async function batchSection(stand: Stand, plan: Plan): Promise<SectionResult> {
  const product = await stand.server("product");
  const memory = await stand.server("memory");
  const grid = gridBatches(GRID, TWINS, 1_000);
  await stand.send(product, GRID, grid.creation);
  const gridLoad = productLoad("Livetwin, power grid", product, GRID, grid.load, CONNECTIONS);
  const of = await takeTurns(
    {
      ours: pumps("Livetwin", product, 1_000),
      memory: pumps("Engine without persistence", memory, 1_000),
      unwritten: pumps("Engine, nothing written", await stand.server("unwritten"), 1_000),
      inserts: sqliteContender(stand.directory, "insert", TWINS),
      upserts: sqliteContender(stand.directory, "upsert", TWINS),
      parse: parseContender(TWINS),
      stringify: stringifyContender(),
      bare: bareWrites(product, 1_000),
      grid: gridLoad,
      ours100: pumps("Livetwin, 100", product, 100),
      memory100: pumps("Engine without persistence, 100", memory, 100),
      bare100: bareWrites(product, 100),
    },
    { ...plan, budgetMs: plan.sectionMs.batch },
  );
  return {
    section: "batch",
    title: "Batches",
    load: `NDJSON for random ones of ${TWINS.toLocaleString("en-US")} twins in 4 cells, ${CONNECTIONS} connections; 1,000 messages in a batch where nothing else is said. A message takes 117 bytes, a state about 290.`,
    summaries: Object.values(of),
    findings: [
      ratioFinding("Batches of 1,000", of.ours, of.memory, 0.55),
      ratioFinding("Batches of 1,000", of.ours, of.inserts, 0.6),
      ratioFinding("Batches of 1,000", of.ours, of.upserts, undefined),
      ratioFinding("Batches of 1,000", of.ours, of.bare, 0.25),
      ratioFinding("Batches of 1,000", of.ours, of.unwritten, undefined),
      rowsFinding("Rows written a message, batches of 1,000", of.ours, 0.02),
      rowsFinding("The same, power grid", of.grid, 0.02),
      ratioFinding("Batches of 100", of.ours100, of.bare100, 0.5),
      ratioFinding("Batches of 100", of.ours100, of.memory100, undefined),
    ],
  };
}

function pumps(name: string, server: WorkerdServer, perRequest: number): Contender {
  return productLoad(name, server, PUMP, batches(PUMP, perRequest, TWINS), CONNECTIONS);
}

function bareWrites(server: WorkerdServer, perRequest: number): Contender {
  const target = bareTarget(server, "write", perRequest);
  return bareLoad(`Bare object, a write for ${perRequest}`, server, target, CONNECTIONS);
}
