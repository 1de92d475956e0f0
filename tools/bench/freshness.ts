/** How long after its acknowledgement a change takes to show in a query that does not wait for it. */
import { setTimeout as delay } from "node:timers/promises";
import { BenchFailure } from "./bench-failure.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { post, pumpId } from "./messages.ts";
import type { Plan } from "./plan.ts";
import { QueryClient } from "./query.ts";
import { seededRandom } from "./statistics.ts";
import type { WorkerdServer } from "./workerd-server.ts";

const POLL_MS = 10;
const SEEN_MS_MAX = 15_000;

/** No pump is as hot: what is found above is a probe. */
const PROBE_TEMP = 1_000_000;

/** Milliseconds, one for each probe: changes of random twins at random moments, while a reader asks all the time. */
export async function measureFreshness(
  server: WorkerdServer,
  model: string,
  { twins, freshnessProbes, freshnessMs }: Plan["scale"],
): Promise<readonly number[]> {
  const acknowledgedAtMs = new Map<number, number>();
  const probing = probe(server, model, twins, freshnessProbes, freshnessMs, acknowledgedAtMs);
  // A failure is looked at below.
  probing.catch(() => undefined);
  const client = await QueryClient.open(server.port);
  const seenAtMs = new Map<number, number>();
  const endMs = performance.now() + freshnessMs + SEEN_MS_MAX;
  while (seenAtMs.size < freshnessProbes) {
    const where = { field: "temp", op: ">=", value: PROBE_TEMP };
    for (const [, temp] of await client.rows({ model, select: ["temp"], where }))
      if (!seenAtMs.has(Number(temp))) seenAtMs.set(Number(temp), performance.now());
    if (performance.now() > endMs)
      throw new BenchFailure(`Of ${freshnessProbes} changes ${seenAtMs.size} show in queries.`);
    await delay(POLL_MS);
  }
  client.close();
  await probing;
  return [...seenAtMs].map(([temp, atMs]) => Math.max(0, atMs - acknowledgedAtMs.get(temp)!));
}

/** Changes a random twin every now and then, until all probes are sent. */
async function probe(
  server: WorkerdServer,
  model: string,
  twins: number,
  probes: number,
  overMs: number,
  acknowledgedAtMs: Map<number, number>,
): Promise<void> {
  const random = seededRandom(7);
  const connection = await HttpConnection.open(server.port);
  for (let i = 0; i < probes; i++) {
    await delay(2 * random() * (overMs / probes));
    const temp = PROBE_TEMP + i;
    const message = `{"temp":${temp},"rpm":1000,"flow":1.5,"ts":1764000000000,"mode":"automatic"}`;
    const path = `/v1/models/${model}/twins/${pumpId(probeTwin(i, probes, twins))}/messages`;
    const { status, body } = await connection.ask(post(path, message));
    if (status !== 200) throw new BenchFailure(`A message is answered with ${status}: ${body}`);
    acknowledgedAtMs.set(temp, performance.now());
    server.acknowledge(model, 1);
  }
  connection.close();
}

/** Different twins, all over the fleet: a later probe must not overwrite an earlier one. */
function probeTwin(index: number, probes: number, twins: number): number {
  return Math.floor(((index + 0.5) / probes) * twins);
}
