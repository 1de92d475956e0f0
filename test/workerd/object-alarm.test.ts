/** The one alarm of an object: who asks first, while what is stored is looked up, must not put off who asks next. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ObjectAlarm } from "../../src/routing/object-alarm.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const HOUR_MS = 3_600_000;

/** The alarm that is stored after these were asked for, in one turn, by an object that has just started. */
function alarmAfter(
  name: string,
  storedAtMs: number | null,
  ...atMs: readonly number[]
): Promise<number | null> {
  const stub = bindings.ARCHIVER.getByName(`alarm-${name}`);
  return runInDurableObject(objectOf(stub), async (_, { storage }) => {
    if (storedAtMs !== null) await storage.setAlarm(storedAtMs);
    const alarm = new ObjectAlarm(storage);
    for (const each of atMs) alarm.notLaterThan(each);
    await new Promise((resume) => setTimeout(resume, 0));
    const found = await storage.getAlarm();
    await storage.deleteAlarm();
    return found;
  });
}

test("of alarms that are asked for in one turn, the earliest counts", async () => {
  const nowMs = Date.now();
  expect(await alarmAfter("later-first", null, nowMs + 2 * HOUR_MS, nowMs + HOUR_MS)).toBe(
    nowMs + HOUR_MS,
  );
  expect(await alarmAfter("earlier-first", null, nowMs + HOUR_MS, nowMs + 2 * HOUR_MS)).toBe(
    nowMs + HOUR_MS,
  );
});

test("an alarm that is stored is moved forward in time only", async () => {
  const nowMs = Date.now();
  expect(await alarmAfter("stored-late", nowMs + 2 * HOUR_MS, nowMs + HOUR_MS)).toBe(
    nowMs + HOUR_MS,
  );
  expect(await alarmAfter("stored-early", nowMs + HOUR_MS, nowMs + 2 * HOUR_MS)).toBe(
    nowMs + HOUR_MS,
  );
});
