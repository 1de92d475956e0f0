/** What publishing costs ingest. */
import type { Finding } from "./findings.ts";
import { groupBySite, loadFleet, READ, UNREAD } from "./fleet.ts";
import type { Plan } from "./plan.ts";
import { QueryClient } from "./query.ts";
import { ratioOf, summaryOf } from "./rounds.ts";
import type { Sample, Summary } from "./rounds.ts";
import type { WorkerdServer } from "./workerd-server.ts";

const READER_INTERVAL_MS = 1_000;

/** Two fleets of the same size take turns: one that nobody reads, and one with a reader. */
export async function measurePublishing(
  server: WorkerdServer,
  { scale }: Plan,
  budgetMs: number,
): Promise<readonly Summary[]> {
  const startMs = performance.now();
  const samples = { unread: [] as Sample[], read: [] as Sample[] };
  await loadFleet(server, UNREAD, scale.publishMs / 2, scale.twins);
  for (let round = 0; round < scale.publishRounds; round++) {
    const roundStartMs = performance.now();
    samples.unread.push(await loadFleet(server, UNREAD, scale.publishMs, scale.twins));
    samples.read.push(await loadWithReader(server, scale));
    const roundMs = performance.now() - roundStartMs;
    if (performance.now() + roundMs > startMs + budgetMs) break;
  }
  return [
    summaryOf("Livetwin, 1,000, nobody reads", samples.unread),
    summaryOf("Livetwin, 1,000, with a reader", samples.read),
  ];
}

async function loadWithReader(server: WorkerdServer, scale: Plan["scale"]): Promise<Sample> {
  const client = await QueryClient.open(server.port);
  let reading = groupBySite(client, scale.twins, 0);
  const reader = setInterval(() => {
    reading = reading.then(() => groupBySite(client, scale.twins, 0));
  }, READER_INTERVAL_MS);
  // A failure is looked at when the load has ended.
  reading.catch(() => undefined);
  try {
    return await loadFleet(server, READ, scale.publishMs, scale.twins);
  } finally {
    clearInterval(reader);
    await reading;
    client.close();
  }
}

/** The CPU that a read fleet takes more than one that nobody reads. */
export function publishingFinding([unread, read]: readonly Summary[]): Finding {
  const { median, min, max } = ratioOf(read!, unread!);
  return {
    what: "What publishing and a reader once a second cost ingest",
    value: (median - 1) * 100,
    unit: "%",
    comparison: "<=",
    target: 15,
    spread: [(min - 1) * 100, (max - 1) * 100],
  };
}
