/**
 * Rounds of load with SIGKILL at random moments, while sensors measure and move between rooms, and rooms between
 * buildings: in the end every roll-up is what the children's own states say, and every list of children is complete.
 */
import { expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import type { ChildrenJson, TwinJson } from "../../src/wire/twin-v1.ts";
import { copyProject } from "./project-copy.ts";
import { sendUntilTaken, untilDelivered } from "./load.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env["KILL_SEED"] ?? 20261123);
const ROUNDS = 4;
const SENSORS_PER_CLIENT = 40;
const ROOMS = 12;
const BUILDINGS = 3;
const BATCH = 40;
const MODELS = ["Sensor", "FineSensor", "Room"];

interface Message {
  readonly id: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly messageId: string;
}

test(`after ${ROUNDS} kills under load, roll-ups are what children say (seed ${SEED})`, async () => {
  await using project = await copyProject();
  await using server = await startServer({ project: project.directory });
  const random = seededRandom(SEED);
  const load = { stop: false };
  const clients = MODELS.map((model, i) =>
    sendUntilStopped(server.url, model, seededRandom(SEED + i + 1), load),
  );
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resume) => setTimeout(resume, 100 + random() * 500));
    await server.killWorkerd();
  }
  load.stop = true;
  const sent = await Promise.all(clients);
  for (const count of sent) expect(count).toBeGreaterThan(ROUNDS * BATCH);
  await untilDelivered(server.url, MODELS);

  const sensors = [...(await all(server.url, "FineSensor")), ...(await all(server.url, "Sensor"))];
  expect(sensors).toHaveLength(2 * SENSORS_PER_CLIENT);
  const rooms = await all(server.url, "Room");
  expect(rooms).toHaveLength(ROOMS);
  for (const room of rooms) {
    const own = sensors.filter(({ state }) => state["room"] === room.id);
    const degrees = own.map(({ state }) => state["degrees"] as number);
    const sum = degrees.reduce((a, b) => a + b, 0);
    expect({ id: room.id, state: room.state }).toEqual({
      id: room.id,
      state: expect.objectContaining({
        sensors: own.length,
        hot: own.filter(({ state }) => state["status"] === "hot").length,
        sum,
        mean: own.length === 0 ? null : sum / own.length,
        coldest: own.length === 0 ? null : Math.min(...degrees),
        hottest: own.length === 0 ? null : Math.max(...degrees),
      }),
    });
    expect(await childrenOf(server.url, room.id)).toEqual(
      own.map(({ model, id, state }) => [model, id, state["degrees"]]),
    );
  }
  for (const building of await all(server.url, "Building")) {
    const own = rooms.filter(({ state }) => state["building"] === building.id);
    const total = own.reduce((count, { state }) => count + (state["sensors"] as number), 0);
    expect(building.state).toMatchObject({ rooms: own.length, sensors: total });
  }
});

/** Sends batches to twins of its own, each until it is acknowledged; answers how many messages that were. */
async function sendUntilStopped(
  url: string,
  model: string,
  random: () => number,
  load: { stop: boolean },
): Promise<number> {
  const upTo = (count: number): number => Math.floor(random() * count);
  const messageFor = (id: number): Omit<Message, "messageId"> =>
    model === "Room"
      ? { id: `room-${id % ROOMS}`, message: { building: `b-${upTo(BUILDINGS)}` } }
      : {
          id: `${model}-${id}`,
          message: { degrees: upTo(50), ...(random() < 0.3 && { room: `room-${upTo(ROOMS)}` }) },
        };
  let sent = 0;
  while (!load.stop || sent === 0) {
    const batch = Array.from({ length: BATCH }, (_, i) => ({
      // Every twin comes up in the first batch.
      ...messageFor(sent === 0 ? i % SENSORS_PER_CLIENT : upTo(SENSORS_PER_CLIENT)),
      messageId: `${model}-${sent + i}`,
    }));
    await sendUntilTaken(url, model, batch);
    sent += batch.length;
  }
  return sent;
}

/** All twins of a model by id. */
async function all(url: string, model: string): Promise<readonly TwinJson[]> {
  const { ids } = (await (await fetch(`${url}/v1/models/${model}/twins`)).json()) as {
    ids: string[];
  };
  return Promise.all(
    ids.map(async (id) => {
      const response = await fetch(`${url}/v1/models/${model}/twins/${id}`);
      expect(response.status).toBe(200);
      return (await response.json()) as TwinJson;
    }),
  );
}

async function childrenOf(url: string, id: string): Promise<readonly unknown[]> {
  const response = await fetch(`${url}/v1/models/Room/twins/${id}/children`);
  const { children } = (await response.json()) as ChildrenJson;
  return children.map(({ model, id: child, values }) => [model, child, values["degrees"]]);
}
