import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import {
  ANSWERS_CHARS_MAX,
  QUESTIONS_PER_CALL_MAX,
  SHARED_VALUE_CHARS_MAX,
  TABLES_MAX,
  TABLE_CACHE_MS,
  TABLE_ROWS_MAX,
} from "../../src/core/limits.ts";
import type { SharedQuestion } from "../../src/core/lookups.ts";
import type { Result } from "../../src/core/refusal.ts";
import { CellLookups } from "../../src/twin/lookups.ts";
import type { ServiceEntry } from "../../src/wire/internal-rpc.ts";
import type { TableSettings } from "../../src/wire/shared-data-v1.ts";
import { moveClock } from "../support/clock.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const shared = bindings.SHARED.getByName("shared");

async function ask(...questions: SharedQuestion[]): Promise<Result<unknown>[]> {
  return JSON.parse(await shared.ask("test", JSON.stringify(questions))) as Result<unknown>[];
}

function tableNamed(name: string): TableSettings {
  return { name, key: "id", indexes: ["kind"], types: {} };
}

function rowsOf(...ids: string[]): string {
  return JSON.stringify(
    ids.map((id) => ({ key: id, text: JSON.stringify({ id, kind: "k" }), indexed: ["k"] })),
  );
}

async function valueOf(key: string): Promise<unknown> {
  const [result] = await ask({ ask: "get", scope: "S", keys: [key] });
  return result!.ok ? (result!.value as ({ value: unknown } | null)[])[0]?.value : undefined;
}

describe("the object of shared data", () => {
  test("takes each entry of a cell's outbox once, however often it is delivered", async () => {
    const entries: ServiceEntry[] = [1, 2, 3].map((n) => [n, "S", "twin", ["add", "m", "once", n]]);
    const body = JSON.stringify(entries);
    expect(await shared.deliver("cell-1", body)).toEqual({ deliveredUpTo: 3 });
    await shared.deliver("cell-1", body);
    await evictDurableObject(objectOf(shared));
    await shared.deliver("cell-1", body);
    expect(await valueOf("once")).toBe(6);
    // A cell whose data was lost counts anew, under another name.
    await shared.deliver("cell-1/anew", JSON.stringify(entries.slice(0, 1)));
    expect(await valueOf("once")).toBe(7);
  });

  test("keeps nothing of a delivery whose transaction fails", async () => {
    const body = JSON.stringify([[1, "S", "twin", ["add", "m", "rolled-back", 1]]]);
    await runInDurableObject(objectOf(shared), async (instance, state) => {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      Object.defineProperty(sql, "exec", {
        configurable: true,
        value: (text: string, ...values: SqlStorageValue[]) => {
          if (text.startsWith("INSERT INTO received")) throw new Error("disk full");
          return exec(text, ...values);
        },
      });
      await expect((instance as unknown as typeof shared).deliver("failing", body)).rejects.toThrow(
        "disk full",
      );
      Reflect.deleteProperty(sql, "exec");
    });
    expect(await valueOf("rolled-back")).toBeUndefined();
    await shared.deliver("failing", body);
    expect(await valueOf("rolled-back")).toBe(1);
  });

  test("remembers an operation by its sender and its name, also after an eviction", async () => {
    const add = (operation: string): SharedQuestion => ({
      ask: "change",
      scope: "S",
      key: "operated",
      change: { kind: "add", by: 1 },
      operation,
    });
    await ask(add("a"), add("a"), add("b"));
    await evictDurableObject(objectOf(shared));
    await ask(add("a"));
    await shared.ask("another sender", JSON.stringify([add("a")]));
    expect(await valueOf("operated")).toBe(3);
  });

  test("has its tables after an eviction, with their rows and indexes", async () => {
    await shared.replaceTable(tableNamed("kept"), rowsOf("a", "b"));
    await evictDurableObject(objectOf(shared));
    await shared.addToTable("kept", rowsOf("b", "c"));
    expect(await shared.table("kept")).toMatchObject({ rows: 3, indexes: ["kind"] });
    expect(await ask({ ask: "find", table: "kept", where: { kind: "k" } })).toMatchObject([
      { value: [{ id: "a" }, { id: "b" }, { id: "c" }] },
    ]);
    await shared.replaceTable(tableNamed("kept"), rowsOf("d"));
    expect(await ask({ ask: "find", table: "kept", where: { kind: "k" } })).toMatchObject([
      { value: [{ id: "d" }] },
    ]);
    expect(await shared.removeTable("kept")).toBe(true);
    await shared.replaceTable(tableNamed("kept"), rowsOf());
    expect(await ask({ ask: "row", table: "kept", key: "d" })).toEqual([{ ok: true, value: null }]);
  });

  test("has as many tables as it may, and rows in one; not one more", async () => {
    const room = TABLES_MAX - (await shared.tables()).length;
    for (let i = 0; i < room; i++)
      expect(await shared.replaceTable(tableNamed(`many-${i}`), rowsOf())).toMatchObject({
        rows: 0,
      });
    expect(await shared.replaceTable(tableNamed("beyond"), rowsOf())).toMatchObject({
      code: "table/too-many",
    });
    // One that is there may be replaced.
    expect(await shared.replaceTable(tableNamed("many-0"), rowsOf("a"))).toMatchObject({ rows: 1 });
    await runInDurableObject(objectOf(shared), (_, state) => {
      state.storage.sql.exec(
        "UPDATE tables SET info = json_set(info, '$.rows', ?) WHERE name = 'many-0'",
        TABLE_ROWS_MAX - 1,
      );
    });
    await evictDurableObject(objectOf(shared));
    expect(await shared.addToTable("many-0", rowsOf("b", "c"))).toMatchObject({
      code: "table/too-large",
    });
    expect(await shared.addToTable("many-0", rowsOf("b"))).toMatchObject({ rows: 2 });
    for (let i = 0; i < room; i++) await shared.removeTable(`many-${i}`);
  });
});

describe("a cell's look-ups", () => {
  test("of one turn go in one call, and rows that were just read in none", async () => {
    await shared.replaceTable(tableNamed("cached"), rowsOf("a", "b"));
    const lookups = new CellLookups(bindings, "cell");
    const row = (key: string): Promise<Result<unknown>> =>
      lookups.ask({ ask: "row", table: "cached", key });
    const first = await Promise.all([row("a"), row("b"), row("a"), row("none")]);
    expect(first.map((each) => each.ok && each.value)).toMatchObject([
      { id: "a" },
      { id: "b" },
      { id: "a" },
      null,
    ]);
    expect(lookups.calls).toBe(1);
    // What one step does to a row is not seen by another.
    (first[0] as { value: { id: string } }).value.id = "changed";
    expect(await Promise.all([row("a"), row("none")])).toMatchObject([
      { value: { id: "a" } },
      { value: null },
    ]);
    expect(lookups.calls).toBe(1);
    await shared.replaceTable(tableNamed("cached"), rowsOf("none"));
    expect(await row("none")).toMatchObject({ value: null });
    moveClock(TABLE_CACHE_MS);
    expect(await row("none")).toMatchObject({ value: { id: "none" } });
    expect(lookups.calls).toBe(2);
  });

  test("are as many in one call as may be; the rest is the next", async () => {
    const lookups = new CellLookups(bindings, "cell");
    const questions = Array.from({ length: QUESTIONS_PER_CALL_MAX + 1 }, (_, i) =>
      lookups.ask({ ask: "get", scope: "S", keys: [`k${i}`] }),
    );
    await Promise.all(questions);
    expect(lookups.calls).toBe(2);
  });

  test("with large answers get them, in as many calls as that takes: a call holds 32 MiB", async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `large-${i}`);
    const value = "x".repeat(SHARED_VALUE_CHARS_MAX - 2);
    await ask(
      ...keys.map(
        (key) => ({ ask: "change", scope: "L", key, change: { kind: "set", value } }) as const,
      ),
    );
    const lookups = new CellLookups(bindings, "cell");
    const asked = await Promise.all(
      [1, 2, 3, 4, 5].map(() => lookups.ask({ ask: "get", scope: "L", keys })),
    );
    for (const each of asked) expect(each.ok && (each.value as unknown[]).length).toBe(keys.length);
    // Each of them alone is more than a call should have.
    expect(keys.length * value.length).toBeGreaterThan(ANSWERS_CHARS_MAX);
    expect(lookups.calls).toBe(asked.length);
  });

  test("that can't be asked fail, each of them", async () => {
    const broken = {
      ...bindings,
      SHARED: {
        getByName: () => ({ ask: () => Promise.reject(new Error("it is gone")) }),
      },
    } as unknown as typeof bindings;
    const lookups = new CellLookups(broken, "cell");
    const asked = [1, 2].map(() => lookups.ask({ ask: "get", scope: "S", keys: ["k"] }));
    for (const each of await Promise.allSettled(asked))
      expect(each).toMatchObject({ status: "rejected", reason: { message: "it is gone" } });
  });

  test("are asked once more of an object that was reset", async () => {
    let calls = 0;
    const resetting = {
      ...bindings,
      SHARED: {
        getByName: () => ({
          ask: async () => {
            if (++calls === 1) throw Object.assign(new Error("reset"), { retryable: true });
            return '[{"ok":true,"value":[null]}]';
          },
        }),
      },
    } as unknown as typeof bindings;
    const lookups = new CellLookups(resetting, "cell");
    expect(await lookups.ask({ ask: "get", scope: "S", keys: ["k"] })).toEqual({
      ok: true,
      value: [null],
    });
    expect(calls).toBe(2);
  });
});
