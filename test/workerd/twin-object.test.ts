import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { cellKey, cellOf } from "../../src/core/ids.ts";
import { JOURNAL_CHARS_MIN } from "../../src/core/limits.ts";
import type { Stub } from "../../src/env.ts";
import type { CellRpc } from "../../src/wire/internal-rpc.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const CELLS = { version: 1, cells: 4 };

function stubOf(id: string): Stub<CellRpc> {
  return bindings.TWIN.getByName(cellKey("Counter", cellOf(id, CELLS)));
}

function element(id: string, message: unknown, messageId?: string): string {
  return JSON.stringify({ id, message, messageId });
}

async function stateOf(id: string): Promise<Record<string, unknown> | null> {
  const view = await stubOf(id).read(id);
  return view === null ? null : (JSON.parse(view.state) as Record<string, unknown>);
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resume) => setTimeout(resume, 10));
}

describe("a cell", () => {
  test("has after its eviction what it had acknowledged, and nothing that only memory knew", async () => {
    const id = "evicted";
    await stubOf(id).accept(element(id, { add: 5 }, "m1"), 1, false);
    await evictDurableObject(objectOf(stubOf(id)));
    expect(await stateOf(id)).toMatchObject({ total: 5 });
    expect(await stubOf(id).accept(element(id, { add: 5 }, "m1"), 1, false)).toMatchObject({
      accepted: 0,
      repeated: [0],
    });
  });

  test("writes one row for all that came together, however many callers and twins", async () => {
    const ids = Array.from({ length: 400 }, (_, i) => `together-${i}`).filter(
      (id) => cellOf(id, CELLS) === 0,
    );
    const stub = stubOf(ids[0]!);
    await stub.accept(ids.map((id) => element(id, { add: 1 })).join(","), ids.length, false);
    const before = await stub.counters();
    await Promise.all(ids.map((id) => stub.accept(element(id, { add: 1 }), 1, false)));
    const after = await stub.counters();
    expect(after["accepted"]! - before["accepted"]!).toBe(ids.length);
    // Calls of one tick share a commit; how many ticks it took depends on the machine.
    expect(after["rowsWritten"]! - before["rowsWritten"]!).toBeLessThan(ids.length / 4);
    const slice = ids.map((id) => element(id, { add: 1 })).join(",");
    await stub.accept(slice, ids.length, false);
    expect((await stub.counters())["rowsWritten"]! - after["rowsWritten"]!).toBe(1);
  });

  test("refuses a request whose commit fails, keeps nothing of it, and goes on", async () => {
    const id = "disk-full";
    await stubOf(id).accept(element(id, { add: 1 }), 1, false);
    const reply = await runInDurableObject(objectOf(stubOf(id)), async (instance, state) => {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      Object.defineProperty(sql, "exec", {
        configurable: true,
        value: (query: string, ...values: SqlStorageValue[]) => {
          if (query.startsWith("INSERT INTO journal"))
            throw new Error("database or disk is full: SQLITE_FULL");
          return exec(query, ...values);
        },
      });
      const refused = await (instance as unknown as CellRpc).accept(
        element(id, { add: 10 }, "again"),
        1,
        false,
      );
      Reflect.deleteProperty(sql, "exec");
      return refused;
    });
    expect(reply).toMatchObject({ accepted: 0, rejected: [[0, { code: "cell/unavailable" }]] });
    expect(await stateOf(id)).toMatchObject({ total: 1 });
    expect(await stubOf(id).accept(element(id, { add: 10 }, "again"), 1, false)).toMatchObject({
      accepted: 1,
    });
    expect(await stateOf(id)).toMatchObject({ total: 11 });
  });

  test("goes on with what a commit asked for when the checkpoint after it fails: timers, deliveries", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `no-checkpoint-${i}`);
    const from = names.find((id) => cellOf(id, CELLS) === 0)!;
    const to = names.find((id) => cellOf(id, CELLS) === 2)!;
    const stub = objectOf(stubOf(from));
    const seq = (await stubOf(from).counters())["version"]! + 1;
    await runInDurableObject(stub, (_, { storage }) => {
      // So much journal that the next commit is followed by a checkpoint.
      const row = { v: 1, c: seq, at: 0, t: [], pad: "x".repeat(JOURNAL_CHARS_MIN) };
      storage.sql.exec("INSERT INTO journal VALUES (?, ?)", seq, JSON.stringify(row));
    });
    await evictDurableObject(stub);
    const reply = await runInDurableObject(stub, async (instance, state) => {
      const { storage } = state;
      await storage.deleteAlarm();
      const transactionSync = storage.transactionSync.bind(storage);
      Object.defineProperty(storage, "transactionSync", {
        configurable: true,
        value: () => {
          throw new Error("database or disk is full: SQLITE_FULL");
        },
      });
      const messages = [
        { do: "send", to, body: { add: 7 } },
        { do: "timer", to: "t", ms: 60_000 },
      ];
      const slice = messages.map((message) => element(from, message)).join(",");
      const accepted = await (instance as unknown as CellRpc).accept(slice, 2, false);
      Object.defineProperty(storage, "transactionSync", { value: transactionSync });
      return accepted;
    });
    expect(reply).toMatchObject({ accepted: 2 });
    await waitFor(async () => (await stateOf(to))?.["total"] === 7);
    const alarmAtMs = await runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    expect(alarmAtMs).not.toBe(null);
  });

  test("fires a timer by its alarm after an eviction", async () => {
    const id = "alarmed";
    await stubOf(id).accept(element(id, { do: "timer", to: "later", ms: 60_000 }), 1, false);
    await evictDurableObject(objectOf(stubOf(id)));
    expect((await stubOf(id).read(id))!.timers).toMatchObject([{ name: "later", everyMs: null }]);
    const dueAtMs = await runInDurableObject(objectOf(stubOf(id)), (_instance, state) =>
      state.storage.getAlarm(),
    );
    expect(dueAtMs).toBeGreaterThan(Date.now() + 50_000);
    // An alarm that comes before anything is due is harmless, and set again for what is.
    expect(await runDurableObjectAlarm(objectOf(stubOf(id)))).toBe(true);
    await waitFor(
      async () =>
        (await runInDurableObject(objectOf(stubOf(id)), (_instance, state) =>
          state.storage.getAlarm(),
        )) !== null,
    );
    expect(await stateOf(id)).toMatchObject({ fired: [] });
  });

  test("delivers to another cell what was sent, also when the sender is evicted at once", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `mail-${i}`);
    const from = names.find((id) => cellOf(id, CELLS) === 1)!;
    const to = names.find((id) => cellOf(id, CELLS) === 2)!;
    for (let i = 0; i < 5; i++) {
      await stubOf(from).accept(element(from, { do: "send", to, body: { add: 1 } }), 1, false);
      await evictDurableObject(objectOf(stubOf(from)));
      await stubOf(from).read(from);
    }
    await waitFor(async () => (await stateOf(to))?.["total"] === 5);
    await waitFor(async () => (await stubOf(from).counters())["outbox"] === 0);
    await evictDurableObject(objectOf(stubOf(from)));
    await stubOf(from).read(from);
    await waitFor(async () => (await stubOf(from).counters())["outbox"] === 0);
    expect(await stateOf(to)).toMatchObject({ total: 5 });
  });

  test("of a model that is not deployed refuses to start", async () => {
    await expect(async () => bindings.TWIN.getByName("Nix:0").read("a")).rejects.toThrow(
      /model "Nix"/,
    );
  });
});
