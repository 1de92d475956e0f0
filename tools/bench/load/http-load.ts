/** HTTP load: as fast as the server answers, or at a given rate. */
import { setTimeout as delay } from "node:timers/promises";
import { BenchFailure } from "../bench-failure.ts";
import type { Load } from "../messages.ts";
import { seededRandom } from "../statistics.ts";
import { openConnections } from "./http-connection.ts";
import type { HttpConnection, Reply } from "./http-connection.ts";

export interface LoadTarget {
  readonly port: number;
  readonly load: Load;
  /** The body of every answer. Any other, and any status but 200, is a failure. */
  readonly answer: string;
}

export interface LoadResult {
  readonly messages: number;
  readonly wallMs: number;
  /** Milliseconds from each request to its answer. */
  readonly latenciesMs: readonly number[];
}

/** Reads a clock before the first request and after the last answer, with no connection being made meanwhile. */
export type Metered = <T>(run: () => Promise<T>) => Promise<T>;

/** Every connection asks again as soon as it has its answer, for `windowMs`; then all answers are waited for. */
export async function closedLoop(
  target: LoadTarget,
  connections: number,
  windowMs: number,
  metered: Metered,
): Promise<LoadResult> {
  const pool = await openConnections(target.port, connections);
  const random = seededRandom(connections);
  const { requests, perRequest } = target.load;
  const latenciesMs: number[] = [];
  const client = async (connection: HttpConnection, endMs: number): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const sentAtMs = nowMs;
      check(await connection.ask(requests[Math.floor(random() * requests.length)]!), target);
      nowMs = performance.now();
      latenciesMs.push(nowMs - sentAtMs);
    }
  };
  const startMs = performance.now();
  await metered(() =>
    Promise.all(pool.map((connection) => client(connection, startMs + windowMs))),
  );
  const wallMs = performance.now() - startMs;
  for (const connection of pool) connection.close();
  return { messages: latenciesMs.length * perRequest, wallMs, latenciesMs };
}

/**
 * Requests at a rate, whether the server keeps up or not: one that finds no free connection waits, and its waiting
 * counts. What is due in the same millisecond goes out together.
 */
export async function pacedLoop(
  target: LoadTarget,
  connections: number,
  ratePerS: number,
  windowMs: number,
): Promise<LoadResult> {
  const pool = await openConnections(target.port, connections);
  const free = [...pool];
  const random = seededRandom(connections);
  const { requests, perRequest } = target.load;
  const latenciesMs: number[] = [];
  const dueAtMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  const send = async (connection: HttpConnection, arrivedAtMs: number): Promise<void> => {
    for (let sinceMs: number | undefined = arrivedAtMs; sinceMs !== undefined;) {
      check(await connection.ask(requests[Math.floor(random() * requests.length)]!), target);
      latenciesMs.push(performance.now() - sinceMs);
      sinceMs = dueAtMs.shift();
    }
    free.push(connection);
  };
  const startMs = performance.now();
  let issued = 0;
  for (let nowMs = startMs; nowMs < startMs + windowMs; nowMs = performance.now()) {
    for (const due = ((nowMs - startMs) / 1_000) * ratePerS; issued < due; issued++) {
      const connection = free.pop();
      if (connection === undefined) {
        dueAtMs.push(nowMs);
        continue;
      }
      const sending = send(connection, nowMs);
      underWay.add(sending);
      void sending.finally(() => underWay.delete(sending)).catch(() => undefined);
    }
    await delay(1);
  }
  await Promise.all(underWay);
  const wallMs = performance.now() - startMs;
  for (const connection of pool) connection.close();
  return { messages: latenciesMs.length * perRequest, wallMs, latenciesMs };
}

/** Sends every request once, over one connection. Answers how many messages these were. */
export async function sendAll({ port, load, answer }: LoadTarget): Promise<number> {
  const [connection] = await openConnections(port, 1);
  for (const request of load.requests) check(await connection!.ask(request), { answer });
  connection!.close();
  return load.requests.length * load.perRequest;
}

function check({ status, body }: Reply, { answer }: Pick<LoadTarget, "answer">): void {
  if (status === 200 && body === answer) return;
  throw new BenchFailure(
    `An answer with status ${status} is ${body.slice(0, 500)}; it should be 200 ${answer}.`,
  );
}
