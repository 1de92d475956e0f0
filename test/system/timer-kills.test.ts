/**
 * Timers under load, with SIGKILL at random moments: every timer that an acknowledged message started fires, once, and
 * nobody has to touch its twin for it; one that recurs goes on.
 */
import { expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import type { TwinJson } from "../../src/wire/twin-v1.ts";
import { copyProject } from "./project-copy.ts";
import { sendUntilTaken } from "./load.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env["KILL_SEED"] ?? 20261123);
const ROUNDS = 5;
const TWINS = 24;
const BATCH = 24;
/** Timers are due while workerd lives, while it is dead, and long after the last kill. */
const DUE_MS_MAX = 2_500;
/** How late an alarm may be on a busy machine. */
const SLACK_MS = 2_000;
const PACE_MS = 40;
const EVERY_MS = 300;

test(`after ${ROUNDS} kills under load, every timer has fired once (seed ${SEED})`, async () => {
  await using project = await copyProject();
  await using server = await startServer({ project: project.directory });
  const random = seededRandom(SEED);
  const load = { stop: false };
  const recurring = {
    id: "recurring",
    message: { do: "recurring", to: "tick", ms: EVERY_MS },
    messageId: "tick",
  };
  await sendUntilTaken(server.url, "Counter", [recurring]);
  const sending = startTimers(server.url, seededRandom(SEED + 1), load);
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resume) => setTimeout(resume, 200 + random() * 600));
    await server.killWorkerd();
  }
  load.stop = true;
  const started = await sending;
  const before = (await firedOf(server.url, "recurring")).length;

  // Nothing is asked meanwhile: a look would wake a cell whose alarm was lost, and hide it.
  await new Promise((resume) => setTimeout(resume, DUE_MS_MAX + SLACK_MS));
  const fired = new Map<string, readonly string[]>();
  for (const id of started.keys()) fired.set(id, await firedOf(server.url, id));
  for (const [id, names] of started)
    expect([id, fired.get(id)!.toSorted()]).toEqual([id, names.toSorted()]);
  expect([...started.values()].flat().length).toBeGreaterThan(ROUNDS * BATCH);

  const after = (await firedOf(server.url, "recurring")).length;
  expect(after - before).toBeGreaterThanOrEqual(Math.floor(DUE_MS_MAX / EVERY_MS) - 2);
});

/** Starts timers until it is told to stop; answers the names of all, by twin. */
async function startTimers(
  url: string,
  random: () => number,
  load: { stop: boolean },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const started = new Map<string, string[]>();
  for (let n = 0; !load.stop;) {
    const batch = Array.from({ length: BATCH }, () => {
      const id = `timed-${Math.floor(random() * TWINS)}`;
      const to = `t${n++}`;
      const names = started.get(id);
      if (names === undefined) started.set(id, [to]);
      else names.push(to);
      const ms = 1 + Math.floor(random() * DUE_MS_MAX);
      return { id, message: { do: "timer", to, ms }, messageId: to };
    });
    await sendUntilTaken(url, "Counter", batch);
    await new Promise((resume) => setTimeout(resume, PACE_MS));
  }
  return started;
}

async function firedOf(url: string, id: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/v1/models/Counter/twins/${id}`);
  const { state } = (await response.json()) as TwinJson;
  return state["fired"] as readonly string[];
}
