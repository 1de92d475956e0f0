/** Many twins in one process: memory, queries, freshness, what publishing costs, and a start after a crash. */
import { cpuMicros } from "../cpu-clock.ts";
import type { Finding, SectionResult } from "../findings.ts";
import { FLEET_CONNECTIONS, groupBySite, loadFleet, READ, UNREAD } from "../fleet.ts";
import { measureFreshness } from "../freshness.ts";
import { creation } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { measurePublishing, publishingFinding } from "../publishing.ts";
import { checkNothingLost, QueryClient } from "../query.ts";
import { percentile } from "../statistics.ts";
import type { Stand } from "../stand.ts";
import type { WorkerdServer } from "../workerd-server.ts";

const MB = 1_000_000;

interface QueryTimes {
  readonly firstMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function scaleSection(stand: Stand, plan: Plan): Promise<SectionResult> {
  const startMs = performance.now();
  const { twins } = plan.scale;
  const count = countOf(twins);
  const server = await stand.server("fleet");
  const emptyBytes = server.memory().nowBytes;
  await stand.send(server, READ, creation(READ, twins));
  await loadFleet(server, READ, plan.scale.loadMs, twins);
  const times = await measureGroupBy(server, plan);
  const memory = server.memory();
  const freshness = await measureFreshness(server, READ, plan.scale);

  await checkNothingLost(server.port, READ, server.acknowledged(READ));
  await server.kill();
  await server.launch();
  const { readyAfterMs } = server;
  const firstAfterStartMs = await timeGroupBy(server, twins);
  const startMicros = cpuMicros(server.pid);
  const restartedBytes = server.memory().nowBytes;
  await checkNothingLost(server.port, READ, server.acknowledged(READ));

  await stand.send(server, UNREAD, creation(UNREAD, twins));
  const leftMs = startMs + plan.sectionMs.scale - performance.now();
  const summaries = await measurePublishing(server, plan, leftMs);
  await checkNothingLost(server.port, UNREAD, server.acknowledged(UNREAD));
  return {
    section: "scale",
    title: `${count} twins`,
    load: `${count} twins in 8 cells and one shard of one process, batches of 1,000 over ${FLEET_CONNECTIONS} connections. The read model has a reader that groups all twins once a second.`,
    summaries,
    findings: [
      ...memoryFindings(twins, emptyBytes, memory, restartedBytes),
      ...queryFindings(twins, times),
      {
        what: "From the acknowledgement until a query has the change, longest",
        value: percentile(freshness, 1),
        unit: "ms",
        comparison: "<=",
        target: 1_500,
        spread: [Math.min(...freshness), Math.max(...freshness)],
      },
      ...startFindings(readyAfterMs, firstAfterStartMs, startMicros),
      publishingFinding(summaries),
    ],
  };
}

function countOf(twins: number): string {
  return twins.toLocaleString("en-US");
}

function memoryFindings(
  twins: number,
  emptyBytes: number,
  { nowBytes, peakBytes }: ReturnType<WorkerdServer["memory"]>,
  restartedBytes: number,
): Finding[] {
  const bytes = { unit: "MB", comparison: "<=" } as const;
  const each = { unit: "KB", comparison: "<=" } as const;
  return [
    {
      ...bytes,
      what: `Memory of workerd with ${countOf(twins)} twins, after load and queries`,
      value: nowBytes / MB,
      target: 400,
    },
    { ...bytes, what: "The same, at most", value: peakBytes / MB, target: undefined },
    { ...bytes, what: "An empty server", value: emptyBytes / MB, target: undefined },
    {
      ...each,
      what: "Memory a twin, after load and queries",
      value: (nowBytes - emptyBytes) / twins / 1_000,
      target: 2,
    },
    {
      ...each,
      what: "Memory a twin, after a start and a query",
      value: (restartedBytes - emptyBytes) / twins / 1_000,
      target: 2,
    },
  ];
}

function queryFindings(twins: number, { firstMs, p50Ms, p99Ms }: QueryTimes): Finding[] {
  const ms = { unit: "ms", comparison: "<=" } as const;
  return [
    {
      ...ms,
      what: `First group-by over ${countOf(twins)} twins`,
      value: firstMs,
      target: undefined,
    },
    { ...ms, what: `Group-by over ${countOf(twins)} twins, p50`, value: p50Ms, target: 50 },
    { ...ms, what: `Group-by over ${countOf(twins)} twins, p99`, value: p99Ms, target: 50 },
  ];
}

function startFindings(readyMs: number, firstMs: number, micros: number): Finding[] {
  const beside = `CPU since the start, ${Math.round(micros / 1_000)} ms`;
  const ms = { unit: "ms", comparison: "<=" } as const;
  return [
    { ...ms, what: "After kill -9, until the server answers", value: readyMs, target: undefined },
    {
      ...ms,
      what: "From then until the first right group-by",
      value: firstMs,
      target: 250,
      beside,
    },
  ];
}

/** Group-bys one after another. Each is another query, so that none is answered from what was found before. */
async function measureGroupBy(server: WorkerdServer, { scale }: Plan): Promise<QueryTimes> {
  const firstMs = await timeGroupBy(server, scale.twins);
  const client = await QueryClient.open(server.port);
  const timesMs: number[] = [];
  for (let i = 0; i < scale.queries; i++) {
    const startMs = performance.now();
    await groupBySite(client, scale.twins, i);
    timesMs.push(performance.now() - startMs);
  }
  client.close();
  return { firstMs, p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}

async function timeGroupBy(server: WorkerdServer, twins: number): Promise<number> {
  const startMs = performance.now();
  const client = await QueryClient.open(server.port);
  await groupBySite(client, twins, 0);
  client.close();
  return performance.now() - startMs;
}
