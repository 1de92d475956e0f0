/** The loads that are measured, on workerd. */
import { cpuMicros } from "./cpu-clock.ts";
import { readCounters } from "./counters.ts";
import { closedLoop } from "./load/http-load.ts";
import type { LoadResult, LoadTarget, Metered } from "./load/http-load.ts";
import { socketLoop } from "./load/socket-load.ts";
import type { SocketTarget } from "./load/socket-load.ts";
import { bareBatches, bareSingles } from "./messages.ts";
import type { Load } from "./messages.ts";
import { TWINS } from "./plan.ts";
import type { Contender, Sample } from "./rounds.ts";
import type { WorkerdServer } from "./workerd-server.ts";

/** The answers of the bare routes of the bench's Worker. */
const BARE_ANSWERS = { route: "1", object: "true", write: "true" } as const;
export type BareRoute = keyof typeof BARE_ANSWERS;

/** What the product answers when it took everything. */
export function acceptedAnswer({ perRequest }: Load): string {
  return perRequest === 1
    ? '{"accepted":1,"duplicates":0,"rejected":[],"commands":[]}'
    : `{"accepted":${perRequest},"duplicates":0,"rejected":[]}`;
}

/** Single messages (or batches of `perRequest`) to a bare route. */
export function bareTarget(server: WorkerdServer, route: BareRoute, perRequest = 1): LoadTarget {
  const path = `/bench/${route}`;
  const load = perRequest === 1 ? bareSingles(path) : bareBatches(path, perRequest, TWINS);
  return { port: server.port, load, answer: BARE_ANSWERS[route] };
}

/** HTTP in a closed loop, to the product. */
export function productLoad(
  name: string,
  server: WorkerdServer,
  model: string,
  load: Load,
  connections: number,
): Contender {
  const target = { port: server.port, load, answer: acceptedAnswer(load) };
  return {
    name,
    measure: (windowMs) =>
      countedSample(server, model, (metered) => closedLoop(target, connections, windowMs, metered)),
  };
}

/** HTTP in a closed loop, to one of the bare routes. */
export function bareLoad(
  name: string,
  server: WorkerdServer,
  target: LoadTarget,
  connections: number,
): Contender {
  return {
    name,
    measure: (windowMs) =>
      sampleOf(server, (metered) => closedLoop(target, connections, windowMs, metered)),
  };
}

/** WebSockets with full windows. Without a model it is a bare route. */
export function socketContender(
  name: string,
  server: WorkerdServer,
  target: Omit<SocketTarget, "port">,
  model: string | undefined,
): Contender {
  const run =
    (windowMs: number) =>
    (metered: Metered): Promise<LoadResult> =>
      socketLoop({ ...target, port: server.port }, windowMs, metered);
  return {
    name,
    measure: (windowMs) =>
      model === undefined
        ? sampleOf(server, run(windowMs))
        : countedSample(server, model, run(windowMs)),
  };
}

/** A load with the server's CPU. */
export async function sampleOf(
  server: WorkerdServer,
  load: (metered: Metered) => Promise<LoadResult>,
): Promise<Sample> {
  let micros = 0;
  const metered: Metered = async (run) => {
    const before = cpuMicros(server.pid);
    const result = await run();
    micros = cpuMicros(server.pid) - before;
    return result;
  };
  return { ...(await load(metered)), cpuMicros: micros };
}

/** The same, with what the product counted. Reading the counters beforehand also wakes the cells. */
export async function countedSample(
  server: WorkerdServer,
  model: string,
  load: (metered: Metered) => Promise<LoadResult>,
): Promise<Sample> {
  const before = await readCounters(server.port, model);
  const sample = await sampleOf(server, load);
  const after = await readCounters(server.port, model);
  server.acknowledge(model, sample.messages);
  return {
    ...sample,
    rows: after.rows - before.rows,
    objectRequests: after.objectRequests - before.objectRequests,
  };
}
