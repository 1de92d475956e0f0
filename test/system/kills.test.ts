/**
 * Ten rounds of load with SIGKILL at random moments: every acknowledged message applied, none twice, no twin
 * unreadable, and the same for messages between twins. What must come out is computed in the mock environment.
 */
import { expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import { MockEnvironment } from "../../src/sdk/testing/index.ts";
import airport from "../../models/airports/airport.ts";
import { sendUntilTaken, untilDelivered } from "./load.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env["KILL_SEED"] ?? 20261123);
const ROUNDS = 10;
const CLIENTS = 4;
const ORIGINS_PER_CLIENT = 25;
const DESTINATIONS = 40;
const BATCH = 40;

interface Departure {
  readonly id: string;
  readonly message: Record<string, unknown>;
  readonly messageId: string;
}

test(`after ${ROUNDS} kills under load, every message has had exactly one effect (seed ${SEED})`, async () => {
  await using server = await startServer();
  const random = seededRandom(SEED);
  const load = { stop: false };
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    sendUntilStopped(server.url, i, seededRandom(SEED + i + 1), load),
  );
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resume) => setTimeout(resume, 50 + random() * 500));
    await server.killWorkerd();
  }
  load.stop = true;
  const sent = (await Promise.all(clients)).flat();

  const mock = new MockEnvironment({ models: [airport] });
  mock.sendBatch("Airport", sent);
  const expected = mock.twins("Airport");
  await untilDelivered(server.url, ["Airport"]);

  const ids = await listAll(server.url);
  expect(ids).toEqual([...expected.keys()].toSorted());
  for (const id of ids) {
    const response = await fetch(`${server.url}/v1/models/Airport/twins/${id}`);
    expect(response.status).toBe(200);
    const { state } = (await response.json()) as { state: unknown };
    expect({ id, state }).toEqual({ id, state: expected.get(id) });
  }
  const query = await fetch(`${server.url}/v1/query?consistent=true`, {
    method: "POST",
    body: JSON.stringify({
      sql: "SELECT sum(departures) AS d, sum(upstreamJams) AS j FROM Airport",
    }),
  });
  const { rows } = (await query.json()) as { rows: [[number, number]] };
  expect(rows).toEqual([[sent.length, sum(expected, "upstreamJams")]]);
  expect(rows[0][0]).toBeGreaterThan(ROUNDS * BATCH);
  expect(rows[0][1]).toBeGreaterThan(ROUNDS);
});

/** Sends batches to origins of its own, each until it is acknowledged; answers all that it sent. */
async function sendUntilStopped(
  url: string,
  client: number,
  random: () => number,
  load: { stop: boolean },
): Promise<Departure[]> {
  const sent: Departure[] = [];
  let atMs = Date.UTC(2026, 0, 1);
  while (!load.stop) {
    const batch: Departure[] = [];
    for (let i = 0; i < BATCH; i++) {
      atMs += Math.floor(random() * 60_000);
      batch.push({
        id: `O${client}-${Math.floor(random() * ORIGINS_PER_CLIENT)}`,
        message: {
          kind: "departure",
          date: atMs,
          delay: Math.floor(random() * 100) - 10,
          distance: 100,
          destination: `D-${Math.floor(random() * DESTINATIONS)}`,
        },
        messageId: `${client}-${sent.length + i}`,
      });
    }
    await sendUntilTaken(url, "Airport", batch);
    sent.push(...batch);
  }
  return sent;
}

async function listAll(url: string): Promise<string[]> {
  const { ids, cursor } = (await (await fetch(`${url}/v1/models/Airport/twins`)).json()) as {
    ids: string[];
    cursor: string | null;
  };
  expect(cursor).toBeNull();
  return ids;
}

function sum(twins: ReadonlyMap<string, Readonly<Record<string, unknown>>>, field: string): number {
  return [...twins.values()].reduce((total, twin) => total + (twin[field] as number), 0);
}
