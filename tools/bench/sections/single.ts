/** One message a request, beside a bare object that is called, one that writes, and a bare route. */
import { acceptedAnswer, bareLoad, bareTarget, productLoad } from "../contenders.ts";
import type { BareRoute } from "../contenders.ts";
import { ratioFinding, rowsFinding } from "../findings.ts";
import type { Finding, SectionResult } from "../findings.ts";
import { pacedLoop } from "../load/http-load.ts";
import { singles } from "../messages.ts";
import { TWINS } from "../plan.ts";
import type { Plan } from "../plan.ts";
import { takeTurns } from "../rounds.ts";
import { median, percentile } from "../statistics.ts";
import { PUMP } from "../stand.ts";
import type { Stand } from "../stand.ts";
import type { WorkerdServer } from "../workerd-server.ts";

const CONNECTIONS = 64;
/** The reference product's, on its own machine. */
const P99_MS_TARGET = 3;

export async function singleSection(stand: Stand, plan: Plan): Promise<SectionResult> {
  const product = await stand.server("product");
  const memory = await stand.server("memory");
  const load = singles(PUMP, TWINS);
  const bare = (name: string, route: BareRoute, connections = CONNECTIONS) =>
    bareLoad(name, product, bareTarget(product, route), connections);
  const of = await takeTurns(
    {
      ours: productLoad("Livetwin", product, PUMP, load, CONNECTIONS),
      memory: productLoad("Engine without persistence", memory, PUMP, load, CONNECTIONS),
      object: bare("Bare object call", "object"),
      write: bare("Bare object call with a write", "write"),
      route: bare("Bare route", "route"),
      alone: productLoad("Livetwin, one client alone", product, PUMP, load, 1),
      writeAlone: bare("Bare object call with a write, one client alone", "write", 1),
    },
    { ...plan, budgetMs: plan.sectionMs.single },
  );
  return {
    section: "single",
    title: "Single messages",
    load: `One message a request for random ones of ${TWINS.toLocaleString("en-US")} twins in 4 cells, ${CONNECTIONS} connections.`,
    summaries: Object.values(of),
    findings: [
      ratioFinding("Single message", of.ours, of.object, 0.6),
      ratioFinding("Single message", of.ours, of.write, 2),
      ratioFinding("Single message", of.ours, of.route, 0.2),
      ratioFinding("Single message", of.ours, of.memory, undefined),
      rowsFinding("Rows written a message, single", of.ours, undefined),
      {
        what: "p50 of one client alone",
        value: of.alone.p50Ms,
        unit: "ms",
        comparison: "<=",
        target: undefined,
        beside: `${of.writeAlone.name}, ${of.writeAlone.p50Ms.toFixed(2)} ms`,
      },
      await pacedFinding(product, of.ours.messagesPerS / 2, plan),
    ],
  };
}

/**
 * The slowest hundredth at a given rate, in turns with a bare object that is called and one that writes: medians of
 * the rounds. At half the rate fewer messages share a commit, and each commit stops the process for the disk.
 */
async function pacedFinding(server: WorkerdServer, ratePerS: number, plan: Plan): Promise<Finding> {
  const load = singles(PUMP, TWINS);
  const ours = { port: server.port, load, answer: acceptedAnswer(load) };
  const p99Ms = { ours: [] as number[], object: [] as number[], write: [] as number[] };
  for (let round = 0; round < plan.pacedRounds; round++) {
    const result = await pacedLoop(ours, CONNECTIONS, ratePerS, plan.pacedMs);
    server.acknowledge(PUMP, result.messages);
    p99Ms.ours.push(percentile(result.latenciesMs, 0.99));
    for (const route of ["object", "write"] as const) {
      const target = bareTarget(server, route);
      const { latenciesMs } = await pacedLoop(target, CONNECTIONS, ratePerS, plan.pacedMs);
      p99Ms[route].push(percentile(latenciesMs, 0.99));
    }
  }
  const [object, write] = [median(p99Ms.object), median(p99Ms.write)];
  return {
    what: `p99 at half of the saturating rate (${Math.round(ratePerS)}/s)`,
    value: median(p99Ms.ours),
    unit: "ms",
    comparison: "<=",
    target: P99_MS_TARGET,
    spread: [Math.min(...p99Ms.ours), Math.max(...p99Ms.ours)],
    beside: `Bare object at this rate, ${object.toFixed(1)} ms; with a write, ${write.toFixed(1)} ms`,
  };
}
