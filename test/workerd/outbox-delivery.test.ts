/** How much of an outbox goes in one call, and what becomes of entries that nobody takes. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { Outbox } from "../../src/core/cell/outbox.ts";
import {
  DELIVERY_CHARS_MAX,
  DELIVERY_MESSAGES_MAX,
  DELIVERY_TIMEOUT_MS,
} from "../../src/core/limits.ts";
import type { Env } from "../../src/env.ts";
import { OutboxDelivery } from "../../src/twin/outbox-delivery.ts";
import type { ServiceEntry } from "../../src/wire/internal-rpc.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

/** Delivers texts as records for the archive; answers the entries of each call. */
async function callsFor(texts: readonly string[]): Promise<ServiceEntry[][]> {
  const outbox = new Outbox();
  for (const text of texts)
    outbox.add({ lane: "archive", model: "M", id: "a", message: [0, text] });
  const calls: ServiceEntry[][] = [];
  const deliver = async (_sender: string, body: string): Promise<{ deliveredUpTo: number }> => {
    const entries = JSON.parse(body) as ServiceEntry[];
    calls.push(entries);
    return { deliveredUpTo: entries.at(-1)![0] };
  };
  const env = { ...bindings, ARCHIVER: { getByName: () => ({ deliver }) } } as unknown as Env;
  await new OutboxDelivery({
    env,
    sender: "s",
    outbox: () => outbox,
    failed: () => undefined,
  }).pump();
  await expect.poll(() => outbox.size).toBe(0);
  expect(calls.flat().map(([n]) => n)).toEqual(texts.map((_, i) => i + 1));
  return calls;
}

test("entries go in calls of so many, in order", async () => {
  const calls = await callsFor(Array.from({ length: DELIVERY_MESSAGES_MAX + 1 }, () => "1"));
  expect(calls.map((entries) => entries.length)).toEqual([DELIVERY_MESSAGES_MAX, 1]);
});

test("entries go in calls of so many characters, and one that is larger goes alone", async () => {
  const half = "x".repeat(DELIVERY_CHARS_MAX / 2 - 40);
  const over = "x".repeat(DELIVERY_CHARS_MAX);
  const calls = await callsFor([half, half, "1", over, "2", over]);
  expect(calls.map((entries) => entries.length)).toEqual([3, 1, 1, 1]);
  const more = await callsFor([half, half, "x".repeat(200)]);
  expect(more.map((entries) => entries.length)).toEqual([2, 1]);
});

test("a delivery that its receiver never answers counts as failed after its time, and is made again", async () => {
  vi.useFakeTimers();
  try {
    const outbox = new Outbox();
    outbox.add({ lane: "archive", model: "M", id: "a", message: [0, "1"] });
    let calls = 0;
    const deliver = (): Promise<{ deliveredUpTo: number }> =>
      ++calls === 1 ? new Promise(() => undefined) : Promise.resolve({ deliveredUpTo: 1 });
    const env = { ...bindings, ARCHIVER: { getByName: () => ({ deliver }) } } as unknown as Env;
    let failures = 0;
    const delivery = new OutboxDelivery({
      env,
      sender: "s",
      outbox: () => outbox,
      failed: () => void failures++,
    });
    const pumped = delivery.pump();
    await vi.advanceTimersByTimeAsync(DELIVERY_TIMEOUT_MS - 1);
    expect(failures).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await pumped;
    expect([failures, outbox.size]).toEqual([1, 1]);
    await delivery.pump();
    expect([calls, outbox.size]).toEqual([2, 0]);
  } finally {
    vi.useRealTimers();
  }
});

test("a delivery does not wait for those that come after it: they would be in memory as long as there are some", async () => {
  const outbox = new Outbox();
  const add = (): unknown =>
    outbox.add({ lane: "archive", model: "M", id: "a", message: [0, "1"] });
  add();
  let calls = 0;
  const deliver = (): Promise<{ deliveredUpTo: number }> => {
    if (++calls > 1) return new Promise(() => undefined);
    // There is always more when a delivery has ended.
    add();
    return Promise.resolve({ deliveredUpTo: 1 });
  };
  const env = { ...bindings, ARCHIVER: { getByName: () => ({ deliver }) } } as unknown as Env;
  const host = { env, sender: "s", outbox: () => outbox, failed: () => undefined };
  const late = new Promise((resume) => setTimeout(() => resume("waits"), 500));
  expect(await Promise.race([new OutboxDelivery(host).pump(), late])).toBeUndefined();
  await expect.poll(() => calls).toBe(2);
});

test("a cell does not wake again and again for messages to a model that is not deployed any more", async () => {
  const stub = bindings.TWIN.getByName("Counter:3");
  const { version } = await stub.counters();
  await runInDurableObject(objectOf(stub), (_, { storage }) => {
    const row = { v: 1, c: version! + 1, at: 0, t: [], o: [[1_000_000, "Dropped", "a", 1]] };
    storage.sql.exec("INSERT INTO journal VALUES (?, ?)", row.c, JSON.stringify(row));
  });
  await evictDurableObject(objectOf(stub));
  const alarmOf = (): Promise<number | null> =>
    runInDurableObject(objectOf(stub), (_, { storage }) => storage.getAlarm());
  // It looks once, as after a crash; the alarm that guards this finds nothing that it could do.
  await expect.poll(alarmOf).not.toBe(null);
  expect(await runDurableObjectAlarm(objectOf(stub))).toBe(true);
  expect(await runDurableObjectAlarm(objectOf(stub))).toBe(false);
  expect((await stub.counters())["outbox"]).toBe(1);
});
