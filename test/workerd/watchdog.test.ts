import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { cellKey, cellOf } from "../../src/core/ids.ts";
import { TIMER_LATE_MS, WATCH_ROUND_MINUTES } from "../../src/core/limits.ts";
import { watchCells } from "../../src/routing/watchdog.ts";
import { clockMs, moveClock } from "../support/clock.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const CELLS = { version: 1, cells: 4 };
const MINUTE_MS = 60_000;

function stubOf(id: string): ReturnType<typeof bindings.TWIN.getByName> {
  return bindings.TWIN.getByName(cellKey("Counter", cellOf(id, CELLS)));
}

async function firedOf(id: string): Promise<unknown> {
  const view = await stubOf(id).read(id);
  return (JSON.parse(view!.state) as Record<string, unknown>)["fired"];
}

async function startTimer(id: string, ms: number): Promise<void> {
  const message = { do: "timer", to: "wake", ms };
  await stubOf(id).accept(JSON.stringify({ id, message }), 1, false);
  await runInDurableObject(objectOf(stubOf(id)), (_, state) => state.storage.deleteAlarm());
}

/** A round of the watchdog: a call for each minute of it. */
async function round(): Promise<void> {
  for (let minute = 0; minute < WATCH_ROUND_MINUTES; minute++)
    await watchCells(bindings, clockMs() + minute * MINUTE_MS);
}

test("a timer whose alarm was lost fires when the watchdog comes by, once, and is counted as late", async () => {
  const id = "lost";
  await startTimer(id, 1_000);
  const before = (await stubOf(id).counters())["timersLate"]!;
  moveClock(1_000 + TIMER_LATE_MS + 1);
  expect(await firedOf(id)).toEqual([]);
  await round();
  await expect.poll(() => firedOf(id)).toEqual(["wake"]);
  await round();
  expect(await firedOf(id)).toEqual(["wake"]);
  expect((await stubOf(id).counters())["timersLate"]).toBe(before + 1);
});

test("a lost alarm is set again when its timer is not due yet", async () => {
  const id = "early";
  await startTimer(id, 3_600_000);
  await round();
  const alarmAtMs = await runInDurableObject(objectOf(stubOf(id)), (_, state) =>
    state.storage.getAlarm(),
  );
  expect(alarmAtMs).toBeGreaterThan(clockMs());
  expect(alarmAtMs).toBeLessThanOrEqual(clockMs() + 3_600_000);
});

test("a timer that is a little late, as alarms are, is not counted", async () => {
  const id = "soon";
  await startTimer(id, 1_000);
  const before = (await stubOf(id).counters())["timersLate"]!;
  moveClock(1_000 + TIMER_LATE_MS - 5_000);
  await round();
  await expect.poll(() => firedOf(id)).toEqual(["wake"]);
  expect((await stubOf(id).counters())["timersLate"]).toBe(before);
});
