/** Steps that wait for look-ups: their bounds, what waits for them, and what is left of them after a restart. */
import { describe, expect, test } from "vitest";
import {
  BUSY_TIMER_RETRY_MS,
  LOOKUP_MS_MAX,
  SHARED_GET_MANY_MAX,
  STEPS_UNDER_WAY_MAX,
  STEP_ASYNC_MS_MAX,
  STEP_LOOKUPS_MAX,
  STEP_SHARED_CHANGES_MAX,
  TWIN_WAITING_CHARS_MAX,
  TWIN_WAITING_REQUESTS_MAX,
} from "../../src/core/limits.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";
import type { InMessage, Settlement } from "../../src/core/cell/requests.ts";
import { CellHost } from "../support/cell-host.ts";
import { lookerModel } from "../support/look-up-model.ts";
import { ManualLookups } from "../support/manual-lookups.ts";

const to = (id: string, message: object, more: object = {}): InMessage => ({
  id,
  message,
  ...more,
});
const query = (id: string, sql: string, more: object = {}): InMessage =>
  to(id, { do: "query", sql, ...more });

class Stand {
  readonly lookups = new ManualLookups();
  readonly host: CellHost;

  constructor(store = new MemoryStore()) {
    this.host = new CellHost(lookerModel, store, this.lookups);
  }

  /** Sends messages, and runs what can run; answers the place of their settlement. */
  async send(...elements: InMessage[]): Promise<{ value: Settlement | undefined }> {
    const box = this.host.submit(...elements);
    await this.run();
    return box;
  }

  async run(): Promise<void> {
    do {
      this.host.run();
      await this.lookups.settle();
    } while (this.host.cell.hasWork(this.host.nowMs));
  }

  async answer(sql: string): Promise<void> {
    this.lookups.queries.get(sql)!.answer([{ sql }]);
    await this.lookups.settle();
    await this.run();
  }

  async advance(byMs: number): Promise<void> {
    await this.lookups.advance(byMs);
    await this.run();
  }
}

describe("a look-up", () => {
  test("has its time, and one millisecond more is too much", async () => {
    const stand = new Stand();
    const box = await stand.send(query("a", "slow"));
    await stand.advance(LOOKUP_MS_MAX - 1);
    expect(box.value).toBeUndefined();
    await stand.advance(1);
    expect(box.value).toMatchObject({
      accepted: 0,
      rejected: [[0, { code: "model/failed" }]],
    });
    expect(box.value!.rejected[0]![1].detail).toContain(
      'database("main").query(slow) took more than 5000 ms.',
    );
    expect(stand.lookups.queries.get("slow")!.isCancelled).toBe(true);
    expect(stand.lookups.bells).toBe(0);
  });

  test("that is too late changes nothing any more", async () => {
    const stand = new Stand();
    await stand.send(query("a", "slow"));
    await stand.advance(LOOKUP_MS_MAX);
    await stand.answer("slow");
    expect(stand.host.state("a")).toBeNull();
    expect(stand.host.run()).toBe(0);
  });

  test("that is too late may be done without", async () => {
    const stand = new Stand();
    const box = await stand.send(query("a", "slow", { catch: true }));
    await stand.advance(LOOKUP_MS_MAX);
    expect(box.value).toMatchObject({ accepted: 1 });
    expect(stand.host.state("a")).toMatchObject({
      results: ['database("main").query(slow) took more than 5000 ms.'],
    });
  });

  test("that takes too long fails all messages of its step at once: each alone would take as long", async () => {
    const stand = new Stand();
    const box = await stand.send(to("a", { do: "nothing" }), query("a", "slow"));
    await stand.advance(LOOKUP_MS_MAX);
    expect(box.value).toMatchObject({
      accepted: 0,
      rejected: [
        [0, {}],
        [1, {}],
      ],
    });
    expect(stand.host.cell.log.newest(10)).toHaveLength(1);
  });

  test("that fails, fails its own message alone, with the database's words", async () => {
    const stand = new Stand();
    const box = await stand.send(
      to("a", { do: "nothing" }),
      query("a", "bad"),
      to("a", { do: "nothing" }),
    );
    // Once with the others, and once alone.
    for (let time = 0; time < 2; time++) {
      stand.lookups.queries.get("bad")!.fail(new Error("no such column"));
      await stand.lookups.settle();
      await stand.run();
    }
    expect(box.value).toMatchObject({ accepted: 2, rejected: [[1, { code: "model/failed" }]] });
    expect(box.value!.rejected[0]![1].detail).toContain("query(bad): no such column");
  });

  test("may be made as often as a step may, and not once more", async () => {
    const stand = new Stand();
    const fits = await stand.send(to("a", { do: "look-ups", by: STEP_LOOKUPS_MAX }));
    expect(fits.value).toMatchObject({ accepted: 1 });
    const over = await stand.send(to("a", { do: "look-ups", by: STEP_LOOKUPS_MAX + 1 }));
    expect(over.value!.rejected[0]![1].detail).toContain(
      `a step may make ${STEP_LOOKUPS_MAX} look-ups`,
    );
  });

  test("may ask for as many keys as it may, and not for one more", async () => {
    const stand = new Stand();
    const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);
    const ask = (count: number): InMessage => to("a", { do: "get-many", keys: keys(count) });
    expect((await stand.send(ask(SHARED_GET_MANY_MAX))).value).toMatchObject({ accepted: 1 });
    const { rejected } = (await stand.send(ask(SHARED_GET_MANY_MAX + 1))).value!;
    expect(rejected[0]![1].detail).toContain(`the limit is ${SHARED_GET_MANY_MAX}`);
  });
});

describe("a step that waits", () => {
  test("has its time, then fails by what it waited for, and its twin goes on", async () => {
    const stand = new Stand();
    const stuck = await stand.send(to("a", { do: "hang" }, { messageId: "m" }));
    const next = await stand.send(to("a", { do: "nothing" }));
    await stand.advance(STEP_ASYNC_MS_MAX - 1);
    expect([stuck.value, next.value]).toEqual([undefined, undefined]);
    await stand.advance(1);
    expect(stuck.value!.rejected[0]![1]).toEqual({
      code: "model/failed",
      detail:
        'Model Looker failed on twin "a": Error: The step took more than 30000 ms; no look-up was under way.',
    });
    expect(next.value).toMatchObject({ accepted: 1 });
    expect(stand.host.state("a")).toMatchObject({ messages: 1 });
    expect(stand.lookups.bells).toBe(0);
  });

  test("holds its own twin and no other", async () => {
    const stand = new Stand();
    await stand.send(query("a", "slow"));
    for (const id of ["b", "c"]) {
      const box = await stand.send(to(id, { do: "nothing" }));
      expect(box.value).toMatchObject({ accepted: 1 });
    }
    const waiting = await stand.send(query("a", "second"), query("a", "third"));
    await stand.answer("slow");
    await stand.answer("second");
    await stand.answer("third");
    expect(waiting.value).toMatchObject({ accepted: 2 });
    expect(stand.host.state("a")!["results"]).toEqual(
      ["slow", "second", "third"].map((sql) => [{ sql }]),
    );
  });

  test("is lost with its process, and nothing of it was acknowledged", async () => {
    const store = new MemoryStore();
    const stand = new Stand(store);
    await stand.send(to("a", { do: "nothing" }));
    const lost = await stand.send(query("a", "slow", { key: "k" }));
    const again = new Stand(store);
    expect(lost.value).toBeUndefined();
    expect(again.host.state("a")).toMatchObject({ messages: 1 });
    const sent = await again.send(query("a", "slow"));
    await again.answer("slow");
    expect(sent.value).toMatchObject({ accepted: 1 });
  });

  test("has others wait where as many are under way as may be, in their order", async () => {
    const stand = new Stand();
    const ids = Array.from({ length: STEPS_UNDER_WAY_MAX + 2 }, (_, i) => `t${i}`);
    await stand.send(...ids.map((id) => query(id, id)));
    expect(stand.host.cell.stepsUnderWay).toBe(STEPS_UNDER_WAY_MAX);
    expect(stand.host.cell.takesMore).toBe(false);
    expect(stand.lookups.queries.has(ids.at(-1)!)).toBe(false);
    const late = stand.host.submit(to("late", { do: "nothing" }));
    expect(stand.host.run()).toBe(0);
    await stand.answer("t0");
    expect(stand.lookups.queries.has(ids.at(-2)!)).toBe(true);
    expect(stand.lookups.queries.has(ids.at(-1)!)).toBe(false);
    for (const id of ids.slice(1, 4)) await stand.answer(id);
    expect(late.value).toMatchObject({ accepted: 1 });
  });

  test("has messages wait for its twin up to their bound; more are refused for this twin alone", async () => {
    const stand = new Stand();
    await stand.send(query("a", "slow"));
    const chars = TWIN_WAITING_CHARS_MAX / 8;
    const large = (): InMessage => to("a", { do: "nothing", key: "x".repeat(chars - 1_000) });
    const fits = await stand.send(...Array.from({ length: 8 }, large));
    expect(fits.value).toBeUndefined();
    expect(stand.host.cell.waitingChars).toBeGreaterThan(7 * chars);
    const over = await stand.send(large(), to("b", { do: "nothing" }));
    expect(over.value).toMatchObject({ accepted: 1, rejected: [[0, { code: "cell/overloaded" }]] });
    // What another cell delivers is not refused: it would be lost.
    let taken = 0;
    stand.host.cell.submitDelivery({
      sender: "other",
      entries: [[1, "a", large().message]],
      settle: (upTo) => (taken = upTo),
    });
    await stand.run();
    expect(taken).toBe(0);
    await stand.answer("slow");
    expect(fits.value).toMatchObject({ accepted: 8 });
    expect(taken).toBe(1);
    expect(stand.host.cell.waitingChars).toBe(0);
  });

  test("has messages of as many requests wait for its twin as may; further ones are refused", async () => {
    const stand = new Stand();
    await stand.send(query("a", "slow"));
    const two = [to("a", { do: "nothing" }), to("a", { do: "nothing" })];
    const fits = [];
    for (let i = 0; i < TWIN_WAITING_REQUESTS_MAX; i++) fits.push(await stand.send(...two));
    expect(fits.filter(({ value }) => value !== undefined)).toEqual([]);
    expect((await stand.send(...two)).value).toMatchObject({
      accepted: 0,
      rejected: [
        [0, { code: "cell/overloaded" }],
        [1, { code: "cell/overloaded" }],
      ],
    });
    await stand.answer("slow");
    expect(fits.every(({ value }) => value?.accepted === 2)).toBe(true);
  });

  test("of a timer counts as fired when it has ended, and again after a restart before that", async () => {
    const store = new MemoryStore();
    const stand = new Stand(store);
    await stand.send(to("a", { do: "timer", key: "wake", by: 10 }));
    stand.host.nowMs += 10;
    stand.host.run();
    expect(stand.host.cell.stepsUnderWay).toBe(1);
    stand.host.cell.checkpoint();
    const again = new Stand(store);
    again.host.nowMs = stand.host.nowMs;
    await again.run();
    expect(again.host.state("a")).toMatchObject({ fired: ["wake"] });
    again.host.nowMs += BUSY_TIMER_RETRY_MS;
    await again.run();
    expect(again.host.state("a")).toMatchObject({ fired: ["wake"] });
    expect(again.host.view("a")!.timers).toEqual([]);
  });
});

describe("changes of shared data", () => {
  test("of one step are as many as they may be, adds to one key counted once", async () => {
    const stand = new Stand();
    const sets = (count: number): InMessage[] =>
      Array.from({ length: count }, (_, i) => to("a", { do: "set", key: `k${i}`, value: i }));
    const adds = Array.from({ length: 2 * STEP_SHARED_CHANGES_MAX }, () =>
      to("b", { do: "add", key: "n" }),
    );
    await stand.send(...adds);
    expect([...stand.host.cell.outbox.entries()]).toMatchObject([
      { lane: "shared", id: "b", message: ["add", "m", "n", 2 * STEP_SHARED_CHANGES_MAX] },
    ]);
    await stand.send(...sets(STEP_SHARED_CHANGES_MAX));
    expect(stand.host.cell.counts.failures).toBe(0);
    expect(stand.host.cell.outbox.size).toBe(STEP_SHARED_CHANGES_MAX + 1);
    const before = stand.host.cell.counts.steps;
    await stand.send(...sets(STEP_SHARED_CHANGES_MAX + 1));
    // Together they were too many; one by one they are not.
    expect(stand.host.cell.counts.steps).toBeGreaterThan(before + STEP_SHARED_CHANGES_MAX);
  });

  test("that act at once have the same name when their message is tried again, and else another", async () => {
    const operationsOf = async (...messages: InMessage[]): Promise<unknown[]> => {
      const stand = new Stand();
      await stand.send(...messages);
      return stand.lookups.asked.map((question) => (question as { operation?: string }).operation);
    };
    const add = (id: string, more: object, fail = false): InMessage =>
      to(id, { do: "add-and-get", key: "k", fail }, more);
    const [first] = await operationsOf(add("a", { messageId: "m" }));
    expect(await operationsOf(add("a", { messageId: "m" }))).toEqual([first]);
    expect(await operationsOf(add("a", { messageId: "n" }))).not.toEqual([first]);
    expect(await operationsOf(add("b", { messageId: "m" }))).not.toEqual([first]);
    expect(await operationsOf(add("a", { seq: 1 }))).toEqual(
      await operationsOf(add("a", { seq: 1 })),
    );
    // Without an id, a message that is tried again within its request is known, and no other one.
    const tried = await operationsOf(add("a", {}), add("a", {}), add("a", {}, true));
    expect(new Set(tried).size).toBe(3);
    expect(tried).toHaveLength(6);
  });

  test("under a key that is none fail their message", async () => {
    const stand = new Stand();
    const box = await stand.send(to("a", { do: "add", key: "a/b" }));
    expect(box.value!.rejected[0]![1].detail).toContain("is no key of shared data");
  });
});
