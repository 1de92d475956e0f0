/** What everything stands on, measured alone: workerd, its objects, SQLite, JSON. */
import { bareLoad, bareTarget } from "../contenders.ts";
import type { SectionResult } from "../findings.ts";
import { parseContender, sqliteContender, stringifyContender } from "../node-limits.ts";
import { TWINS } from "../plan.ts";
import type { Plan } from "../plan.ts";
import { takeTurns } from "../rounds.ts";
import type { Stand } from "../stand.ts";

const CONNECTIONS = 64;
const BATCH_CONNECTIONS = 12;

export async function limitsSection(stand: Stand, plan: Plan): Promise<SectionResult> {
  const server = await stand.server("product");
  const single = (name: string, route: "route" | "object" | "write") =>
    bareLoad(name, server, bareTarget(server, route), CONNECTIONS);
  const batch = (name: string, route: "route" | "object" | "write") =>
    bareLoad(name, server, bareTarget(server, route, 1_000), BATCH_CONNECTIONS);
  const of = await takeTurns(
    {
      route: single("Bare route", "route"),
      object: single("Bare object call", "object"),
      write: single("Bare object call with a write", "write"),
      routeBatch: batch("Bare route, batches of 1,000", "route"),
      objectBatch: batch("Bare object call, batches of 1,000", "object"),
      writeBatch: batch("Bare object call with a write, batches of 1,000", "write"),
      inserts: sqliteContender(stand.directory, "insert", TWINS),
      upserts: sqliteContender(stand.directory, "upsert", TWINS),
      parse: parseContender(TWINS),
      stringify: stringifyContender(),
    },
    { ...plan, budgetMs: plan.sectionMs.limits },
  );
  return {
    section: "limits",
    title: "Limits",
    load: `Bare routes of a Worker: single messages over ${CONNECTIONS} connections, batches over ${BATCH_CONNECTIONS}.`,
    summaries: Object.values(of),
    findings: [],
  };
}
