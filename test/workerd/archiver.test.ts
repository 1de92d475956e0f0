/** The archiver of a model: what is delivered to it is in objects, once, whatever is repeated or fails on the way. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { archiveTarget } from "../../src/archive/archive-target.ts";
import { GatheredRecords } from "../../src/archive/gathered-records.ts";
import { batchesOf } from "../../src/core/archive/batches.ts";
import {
  ARCHIVE_AGE_MS_MAX,
  ARCHIVE_LATE_MS,
  ARCHIVE_OBJECT_CHARS_MAX,
  ARCHIVE_RETRY_MS,
  ARCHIVE_RETRY_MS_MAX,
  ARCHIVE_SETTLE_MS,
  ROW_CHARS_MAX,
} from "../../src/core/limits.ts";
import type { Env, Stub } from "../../src/env.ts";
import type { ArchiverRpc, ServiceEntry } from "../../src/wire/internal-rpc.ts";
import { clockMs, moveClock } from "../support/clock.ts";
import { archivedKeys, archivedLines, bucket } from "./archived-lines.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const HOUR_MS = 3_600_000;
const SENDER = "Meter:0/x";

let made = 0;

/** A model that nobody has archived of, with its archiver. The clock stands at the beginning of an hour. */
function freshModel(): { model: string; stub: Stub<ArchiverRpc> } {
  moveClock(HOUR_MS - (clockMs() % HOUR_MS));
  const model = `Meter${++made}`;
  return { model, stub: bindings.ARCHIVER.getByName(model) };
}

function entry(model: string, n: number, record: unknown = n, atMs = clockMs()): ServiceEntry {
  return [n, model, `twin-${n % 3}`, [atMs, JSON.stringify(record)]];
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

function deliver(
  stub: Stub<ArchiverRpc>,
  entries: readonly ServiceEntry[],
  sender = SENDER,
): ReturnType<ArchiverRpc["deliver"]> {
  return stub.deliver(sender, JSON.stringify(entries));
}

async function recordsOf(model: string): Promise<unknown[]> {
  return (await archivedLines(model)).map(({ record }) => record);
}

/** The clock stands still within a request, so that of another one may be some milliseconds behind. */
const CLOCK_SLACK_MS = 200;

/** Runs the alarm if there is one, `afterMs` from now. */
function alarmAfter(stub: Stub<ArchiverRpc>, afterMs: number): Promise<boolean> {
  moveClock(afterMs + CLOCK_SLACK_MS);
  return runDurableObjectAlarm(objectOf(stub));
}

async function alarmInMs(stub: Stub<ArchiverRpc>): Promise<number | null> {
  const atMs = await runInDurableObject(objectOf(stub), (_, { storage }) => storage.getAlarm());
  return atMs === null ? null : atMs - clockMs();
}

/** Has the running object another environment, until it is evicted. */
function reequip(stub: Stub<ArchiverRpc>, changed: Partial<Env>): Promise<void> {
  return runInDurableObject(objectOf(stub), (instance) => {
    const value = { ...bindings, ...changed };
    Object.defineProperty(instance, "env", { value, configurable: true });
  });
}

/** A bucket that fails before or after it has stored what it is given. */
function failingBucket(
  fails: "before" | "after",
): NonNullable<Env["ARCHIVE"]> & { keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    put: async (key, value) => {
      keys.push(key);
      if (fails === "after") await bucket.put(key, value);
      throw new Error(`fails ${fails} the object is stored`);
    },
    head: async (key) => bucket.head(key),
  };
}

describe("the archiver", () => {
  test("writes what is delivered as compressed lines, under keys by model, date and hour", async () => {
    const { model, stub } = freshModel();
    const atMs = clockMs();
    const lastHourMs = atMs - (atMs % HOUR_MS) - 1;
    const entries = [entry(model, 1, { a: "ü\n" }, atMs), entry(model, 2, null, atMs)];
    expect(await deliver(stub, entries)).toEqual({ deliveredUpTo: 2 });
    await deliver(stub, [entry(model, 3, [1], atMs), entry(model, 4, "late", lastHourMs)]);
    expect(await alarmAfter(stub, ARCHIVE_AGE_MS_MAX)).toBe(true);
    const at = new Date(atMs).toISOString();
    const day = `model=${model}/date=${at.slice(0, 10)}`;
    const keys = await archivedKeys(model);
    expect(keys).toHaveLength(2);
    expect(keys.find((key) => key.startsWith(`${day}/hour=${at.slice(11, 13)}/`))).toMatch(
      /\/000000000001-000000000004-[0-9a-f]{8}\.ndjson\.gz$/,
    );
    const lines = await archivedLines(model);
    expect(lines.filter((line) => line.at === at)).toEqual([
      { model, id: "twin-1", at, record: { a: "ü\n" } },
      { model, id: "twin-2", at, record: null },
      { model, id: "twin-0", at, record: [1] },
    ]);
    expect(lines.map(({ record }) => record)).toContain("late");
  });

  test("takes a delivery once, however often it comes, also after an eviction", async () => {
    const { model, stub } = freshModel();
    const entries = numbers(1, 5).map((n) => entry(model, n));
    await deliver(stub, entries);
    await deliver(stub, entries);
    await evictDurableObject(objectOf(stub));
    await deliver(stub, [...entries, entry(model, 6)]);
    await deliver(stub, [entry(model, 1, "other")], "Meter:1/y");
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    await deliver(stub, entries);
    expect(await alarmAfter(stub, HOUR_MS)).toBe(false);
    expect(await recordsOf(model)).toEqual([1, 2, 3, 4, 5, 6, "other"]);
    expect(await stub.counters()).toMatchObject({ archiveObjects: 1, archiveWaiting: 0 });
  });

  test("writes when its records are old enough, and a little after the end of their hour", async () => {
    const { model, stub } = freshModel();
    await deliver(stub, [entry(model, 1)]);
    expect(await alarmInMs(stub)).toBeGreaterThan(ARCHIVE_AGE_MS_MAX - 5_000);
    expect(await alarmInMs(stub)).toBeLessThanOrEqual(ARCHIVE_AGE_MS_MAX);
    moveClock(HOUR_MS - 10_000);
    await runDurableObjectAlarm(objectOf(stub));
    await deliver(stub, [entry(model, 2)]);
    const waitMs = await alarmInMs(stub);
    expect(waitMs).toBeGreaterThan(ARCHIVE_LATE_MS);
    expect(waitMs).toBeLessThanOrEqual(ARCHIVE_LATE_MS + 10_000);
    // An alarm before anything is due writes nothing.
    await alarmAfter(stub, ARCHIVE_LATE_MS - 5_000);
    expect(await recordsOf(model)).toEqual([1]);
    await alarmAfter(stub, 20_000);
    expect(await recordsOf(model)).toEqual([1, 2]);
  });

  test("writes at once what is enough for an object, and leaves the rest", async () => {
    const { model, stub } = freshModel();
    const record = "x".repeat(100_000);
    const fits = Math.ceil(ARCHIVE_OBJECT_CHARS_MAX / 100_000) - 2;
    let n = 0;
    const send = async (count: number): Promise<void> => {
      for (const end = n + count; n < end;) {
        const batch = numbers(n + 1, Math.min(end, n + 40));
        n = batch.at(-1)!;
        await deliver(
          stub,
          batch.map((each) => entry(model, each, record)),
        );
      }
    };
    await send(fits);
    expect(await alarmInMs(stub)).toBeGreaterThan(60_000);
    await send(20);
    expect(await alarmInMs(stub)).toBeLessThanOrEqual(0);
    await alarmAfter(stub, 0);
    const written = (await archivedLines(model)).length;
    expect(written).toBeGreaterThanOrEqual(Math.floor(ARCHIVE_OBJECT_CHARS_MAX / 100_100));
    expect(written * 100_000).toBeLessThan(ARCHIVE_OBJECT_CHARS_MAX + ROW_CHARS_MAX);
    expect(await stub.counters()).toMatchObject({
      archiveObjects: 1,
      archiveWaiting: fits + 20 - written,
    });
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    expect(await recordsOf(model)).toHaveLength(fits + 20);
  });

  test("keeps what can't be stored, tries again ever later, and then stores it once", async () => {
    const { model, stub } = freshModel();
    await deliver(stub, [entry(model, 1), entry(model, 2)]);
    const failing = failingBucket("before");
    await reequip(stub, { ARCHIVE: failing });
    const waits: number[] = [];
    moveClock(ARCHIVE_AGE_MS_MAX);
    for (let tries = 0; tries < 10; tries++) {
      await alarmAfter(stub, waits.at(-1) ?? 0);
      waits.push((await alarmInMs(stub))!);
    }
    expect(waits[0]).toBeGreaterThan(ARCHIVE_RETRY_MS / 2);
    expect(waits[0]).toBeLessThanOrEqual(ARCHIVE_RETRY_MS);
    expect(waits[3]).toBeGreaterThan(ARCHIVE_RETRY_MS * 6);
    expect(waits.at(-1)).toBeLessThanOrEqual(ARCHIVE_RETRY_MS_MAX);
    expect(waits.at(-1)).toBeGreaterThan(ARCHIVE_RETRY_MS_MAX / 2);
    expect(new Set(failing.keys).size).toBe(1);
    expect(await stub.counters()).toMatchObject({ archiveFailures: 10, archiveWaiting: 2 });
    await deliver(stub, [entry(model, 3)]);
    await evictDurableObject(objectOf(stub));
    expect(await stub.counters()).toMatchObject({ archiveWaiting: 3 });
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    expect(await archivedKeys(model)).toContain(failing.keys[0]);
    expect(await recordsOf(model)).toEqual([1, 2, 3]);
  });

  test("writes the same object again after a crash between storing and noting it", async () => {
    const { model, stub } = freshModel();
    await deliver(stub, [entry(model, 1), entry(model, 2)]);
    const failing = failingBucket("after");
    await reequip(stub, { ARCHIVE: failing });
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    expect(await recordsOf(model)).toEqual([1, 2]);
    // More of the same hour comes before it is tried again: it is not in the object whose range is fixed.
    await deliver(stub, [entry(model, 3)]);
    await evictDurableObject(objectOf(stub));
    await stub.counters();
    await alarmAfter(stub, ARCHIVE_RETRY_MS_MAX);
    expect(await recordsOf(model)).toEqual([1, 2]);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    expect(await recordsOf(model)).toEqual([1, 2, 3]);
    expect(await archivedKeys(model)).toHaveLength(2);
    expect((await archivedKeys(model))[0]).toBe(failing.keys[0]);
  });

  test("does not use a number again, when nothing waits any more", async () => {
    const { model, stub } = freshModel();
    await deliver(stub, [entry(model, 1), entry(model, 2)]);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    await evictDurableObject(objectOf(stub));
    await deliver(stub, [entry(model, 3)]);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    const ranges = (await archivedKeys(model)).map((key) => /\/(\d+-\d+)-\w+\./.exec(key)![1]);
    expect(ranges).toEqual(["000000000001-000000000002", "000000000003-000000000003"]);
  });

  test("writes two rows for a delivery of a thousand records, and few more for its object", async () => {
    const { model, stub } = freshModel();
    const entries = numbers(1, 1_000).map((n) => entry(model, n, { value: n }));
    const rows = async (): Promise<number> =>
      runInDurableObject(objectOf(stub), (_, { storage }) =>
        Number(storage.sql.exec("SELECT count(*) AS n FROM batch").one()["n"]),
      );
    await deliver(stub, entries);
    expect(await rows()).toBe(1);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    expect(await rows()).toBe(0);
    // The row and its removal, the object's and its, the sender's number, the last number, the alarm.
    expect((await stub.counters())["archiveRows"]).toBeLessThanOrEqual(7);
  });
});

describe("gathered records over the bound", () => {
  test("lose the oldest that are in no object, as many as need be, and say how many", async () => {
    const stub = bindings.ARCHIVER.getByName("Dropping");
    await runInDurableObject(objectOf(stub), (_, { storage }) => {
      const gathered = new GatheredRecords(storage.sql);
      const take = (from: number, to: number, atMs: number): void => {
        const entries = numbers(from, to).map((n) => entry("Dropping", n, "x".repeat(100), atMs));
        const batches = batchesOf(entries, gathered.last);
        gathered.insert(batches, atMs);
        gathered.gathered(batches, atMs);
      };
      take(1, 10, 0);
      const fixed = gathered.fix(0, "00000000");
      take(11, 20, 0);
      take(21, 30, HOUR_MS);
      const chars = gathered.chars;
      expect(gathered.dropOldest(chars)).toBe(0);
      expect(gathered.dropOldest(chars - 1)).toBe(10);
      expect([...gathered.rowsOf(fixed)].join("\n").split("\n")).toHaveLength(10);
      expect(gathered.records).toBe(20);
      // The object that is being written stays, whatever the bound.
      expect(gathered.dropOldest(0)).toBe(10);
      expect(gathered.records).toBe(10);
      const reloaded = new GatheredRecords(storage.sql);
      expect([reloaded.records, reloaded.chars]).toEqual([10, gathered.chars]);
      expect([...reloaded.gatherings]).toEqual([]);
      expect(reloaded.last).toBe(30);
    });
  });
});

/** A folder as workerd's disk service is one: `loses` forgets a file that was written. */
function folder(): { files: Map<string, Uint8Array>; env: Partial<Env> } {
  const files = new Map<string, Uint8Array>();
  const fetch = async (request: Request): Promise<Response> => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (request.method === "PUT") {
      files.set(path, new Uint8Array(await request.arrayBuffer()));
      return new Response(null, { status: 204 });
    }
    const file = files.get(path);
    if (file === undefined) return new Response(null, { status: 404 });
    return new Response(null, { headers: { "content-length": String(file.byteLength) } });
  };
  const env: Partial<Env> = { ARCHIVE_FOLDER: { fetch } };
  Object.assign(env, { ARCHIVE: undefined });
  return { files, env };
}

describe("an archive in a folder", () => {
  test("keeps records until their file is certainly there, and writes one again that is lost", async () => {
    const { model, stub } = freshModel();
    const { files, env } = folder();
    await deliver(stub, [entry(model, 1)]);
    await reequip(stub, env);
    await alarmAfter(stub, ARCHIVE_AGE_MS_MAX);
    const [path] = files.keys();
    expect(path).toContain(`/model=${model}/date=`);
    expect(await stub.counters()).toMatchObject({ archiveObjects: 1, archiveWaiting: 1 });
    expect(await alarmInMs(stub)).toBeLessThanOrEqual(ARCHIVE_SETTLE_MS);
    files.clear();
    await alarmAfter(stub, ARCHIVE_SETTLE_MS);
    expect([...files.keys()]).toEqual([path]);
    expect(await stub.counters()).toMatchObject({ archiveObjects: 2, archiveWaiting: 1 });
    await alarmAfter(stub, ARCHIVE_SETTLE_MS);
    expect(await stub.counters()).toMatchObject({ archiveObjects: 2, archiveWaiting: 0 });
    expect(await alarmInMs(stub)).toBeNull();
  });

  test("refuses what the disk service does, and there is none where nothing is bound", async () => {
    const fetch = async (): Promise<Response> => new Response(null, { status: 403 });
    const target = archiveTarget({ ARCHIVE_FOLDER: { fetch } } as unknown as Env)!;
    await expect(target.put("x", new Uint8Array(1))).rejects.toThrow("403");
    expect(await target.holds("x", 1)).toBe(false);
    expect(archiveTarget({} as Env)).toBeUndefined();
  });
});
