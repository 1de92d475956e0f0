import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { STATE_BYTES_MAX, TIMERS_PER_TWIN_MAX } from "../../src/core/limits.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { gate } from "../support/counter-model.ts";

describe("messages", () => {
  test("create their twin and reach it in order, in one step per turn", () => {
    const host = new CellHost();
    expect(host.send(add("a", 1), add("b", 5), add("a", 2))).toEqual({
      accepted: 3,
      repeated: [],
      rejected: [],
      commands: [],
    });
    expect(host.state("a")).toMatchObject({ total: 3, steps: 1, values: [1, 2] });
    expect(host.view("a")).toMatchObject({
      version: 1,
      createdAtMs: 1_000_000,
      updatedAtMs: 1_000_000,
      lastMessageAtMs: 1_000_000,
    });
    expect(host.cell.counts.commits).toBe(1);
  });

  test("of several requests share a turn, and each request gets its own outcome", () => {
    const host = new CellHost();
    const first = host.submit(add("a", 1), act("b", "throw"));
    const second = host.submit(add("a", 2));
    expect(host.run()).toBe(1);
    expect(first.value).toMatchObject({ accepted: 1, rejected: [[1, { code: "model/failed" }]] });
    expect(second.value).toMatchObject({ accepted: 1, rejected: [] });
    expect(host.cell.counts.commits).toBe(1);
  });

  test("that don't fit the schema are refused alone, and leave no twin behind", () => {
    const host = new CellHost();
    const { accepted, rejected } = host.send({ id: "new", message: { add: "one" } }, add("a", 1));
    expect(accepted).toBe(1);
    expect(rejected).toEqual([
      [0, { code: "message/invalid", detail: expect.stringMatching(/Counter: add: /) }],
    ]);
    expect(host.view("new")).toBeNull();
    expect(host.cell.table.size).toBe(1);
  });

  test("that a model throws on are refused alone, others of the same twin go through", () => {
    const host = new CellHost();
    host.send(add("a", 10));
    const { accepted, rejected } = host.send(
      add("a", 1),
      act("a", "throw", { add: 100 }),
      add("a", 2),
      act("new", "throw"),
    );
    expect(accepted).toBe(2);
    expect(rejected.map(([index, { code }]) => [index, code])).toEqual([
      [1, "model/failed"],
      [3, "model/failed"],
    ]);
    expect(host.state("a")).toMatchObject({ total: 13, values: [10, 1, 2] });
    expect(host.view("new")).toBeNull();
    expect(host.cell.log.newest(10)).toHaveLength(2);
  });

  test("with effects leave none when their step fails", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    const send = { do: "send", to: "b", body: { add: 1 } };
    host.send({ id: "a", message: send }, act("a", "throw"));
    expect([...host.cell.outbox.entries()]).toHaveLength(1);
    host.send({ id: "a", message: { ...send, do: "send" } }, act("a", "store-undefined"));
    expect([...host.cell.outbox.entries()]).toHaveLength(2);
  });

  test("answered with no-update leave the state as it was", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    expect(host.send(act("a", "no-update", { add: 5 }))).toMatchObject({ accepted: 1 });
    expect(host.state("a")).toMatchObject({ total: 1 });
    expect(host.view("a")!.version).toBe(1);
  });

  test("answered with remove take the twin away, and the next one starts anew", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1));
    host.send(act("a", "remove"));
    expect(host.view("a")).toBeNull();
    host.restart();
    expect(host.view("a")).toBeNull();
    host.send(add("c", 7), add("a", 9));
    host.restart();
    expect(host.state("a")).toMatchObject({ total: 9, steps: 1 });
    expect(host.state("c")).toMatchObject({ total: 7 });
    expect(host.cell.table.slotCount).toBe(3);
  });

  test("give the commands that their twins sent to the request that asked", () => {
    const host = new CellHost();
    const answer = host.send(
      act("a", "command", { body: { open: 1 } }),
      act("a", "command", { body: "x" }),
    );
    expect(answer.commands).toEqual([{ open: 1 }, "x"]);
  });

  test("draw the same random numbers when the step is the same, and others in the next", () => {
    const draw = (): unknown[] => {
      const host = new CellHost();
      host.send(act("a", "random"));
      const first = host.state("a")!["maybe"];
      host.send(act("a", "random"));
      return [first, host.state("a")!["maybe"]];
    };
    const [first, second] = draw();
    expect(draw()).toEqual([first, second]);
    expect(first).not.toBe(second);
  });
});

describe("repeats", () => {
  test("of a message id are recognised within a turn, in later turns and after a restart", () => {
    const host = new CellHost();
    const message = add("a", 1, { messageId: "m1" });
    expect(host.send(message, message)).toMatchObject({ accepted: 1, repeated: [1] });
    expect(host.send(message)).toMatchObject({ accepted: 0, repeated: [0] });
    host.restart();
    expect(host.send(message)).toMatchObject({ accepted: 0, repeated: [0] });
    host.cell.checkpoint();
    host.restart();
    expect(host.send(message, add("b", 1, { messageId: "m1" }))).toMatchObject({
      accepted: 1,
      repeated: [0],
    });
    expect(host.state("a")).toMatchObject({ total: 1 });
  });

  test("of a seq are recognised for ever, at the price of one number", () => {
    const host = new CellHost();
    expect(
      host.send(add("a", 1, { seq: 5 }), add("a", 1, { seq: 4 }), add("a", 1, { seq: 6 })),
    ).toMatchObject({ accepted: 2, repeated: [1] });
    host.restart();
    expect(host.send(add("a", 1, { seq: 6 }), add("a", 1, { seq: 7 }))).toMatchObject({
      accepted: 1,
      repeated: [0],
    });
    expect(host.state("a")).toMatchObject({ total: 3 });
    expect(host.cell.marks.count).toBe(0);
  });

  test("of a message that was refused are processed, and share its refusal in the same turn", () => {
    const host = new CellHost();
    const bad = { ...act("a", "throw"), messageId: "m1" };
    const { repeated, rejected } = host.send(bad, bad);
    expect(repeated).toEqual([]);
    expect(rejected.map(([index]) => index)).toEqual([0, 1]);
    expect(host.send(add("a", 1, { messageId: "m1" }))).toMatchObject({ accepted: 1 });
  });

  test("are known by nothing but a string or an integer", () => {
    const host = new CellHost();
    const { accepted, rejected } = host.send(
      add("a", 1, { messageId: 7 }),
      add("a", 1, { messageId: "" }),
      add("a", 1, { seq: 1.5 }),
      add("a", 1, { messageId: "x".repeat(256) }),
      add("a", 1, { messageId: "x".repeat(257) }),
    );
    expect(accepted).toBe(1);
    expect(rejected.map(([index, { code }]) => [index, code])).toEqual(
      [0, 1, 2, 4].map((index) => [index, "message/bad-message-id"]),
    );
  });

  test("of a delivery from another cell have one effect, also in part and after a restart", () => {
    const host = new CellHost();
    const deliver = (...ns: number[]): number | undefined => {
      let upTo: number | undefined;
      host.cell.submitDelivery({
        sender: "Other:1/x",
        entries: ns.map((n) => [n, "a", { add: n }]),
        settle: (n) => (upTo = n),
      });
      host.run();
      return upTo;
    };
    expect(deliver(1, 2)).toBe(2);
    expect(deliver(1, 2, 3)).toBe(3);
    host.restart();
    expect(deliver(2, 3)).toBe(3);
    host.cell.checkpoint();
    host.restart();
    expect(deliver(3, 4)).toBe(4);
    expect(host.state("a")).toMatchObject({ total: 10 });
  });
});

describe("state", () => {
  test("keeps dates, nested objects and lists through a restart and a checkpoint", () => {
    const host = new CellHost();
    host.send(
      act("a", "date"),
      act("a", "store", { body: { list: [1, { two: "zwei" }], $date: 5, $odd: { $date: 1 } } }),
    );
    const before = host.state("a");
    expect(before).toMatchObject({ lastAt: "1970-01-01T00:16:40.000Z" });
    host.restart();
    expect(host.state("a")).toEqual(before);
    host.cell.checkpoint();
    host.restart();
    expect(host.state("a")).toEqual(before);
    host.send(act("a", "throw"));
    expect(host.state("a")).toEqual(before);
    expect((host.cell.table.twins[0] as unknown as { lastAt: unknown }).lastAt).toBeInstanceOf(
      Date,
    );
  });

  test("that JSON can't hold is refused with the field's name, and the last good state stays", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    const { rejected } = host.send(act("a", "store-undefined"));
    expect(rejected[0]![1]).toMatchObject({
      code: "twin/unstorable",
      detail: expect.stringContaining('"extra.deep[1]"'),
    });
    expect(host.state("a")).toMatchObject({ total: 1, extra: null });
  });

  test("may grow up to its limit, and is refused by name one byte beyond", () => {
    const host = new CellHost();
    host.send(act("a", "grow", { ms: 0 }));
    // The second step may write one digit more than the first: measure with a state of the same digits.
    const empty = host.view("a")!.state.length;
    host.send(act("b", "grow", { ms: STATE_BYTES_MAX - empty }));
    expect(host.state("b")).not.toBeNull();
    const { rejected } = host.send(act("c", "grow", { ms: STATE_BYTES_MAX - empty + 1000 }));
    expect(rejected[0]![1]).toMatchObject({
      code: "twin/state-too-large",
      data: { bytesMax: STATE_BYTES_MAX, largestField: "label" },
    });
    expect(host.view("c")).toBeNull();
    host.restart();
    expect(host.state("b")).toMatchObject({ steps: 1 });
  });

  test("starts with the model's initial data for its id", () => {
    const host = new CellHost();
    host.send(add("labelled-1", 1));
    expect(host.state("labelled-1")).toMatchObject({ label: "labelled-1", total: 1 });
  });
});

describe("put and remove", () => {
  test("create a twin, replace fields, and survive a restart", () => {
    const host = new CellHost();
    expect(host.cell.put("a", { total: 4, lastAt: "2026-01-01T00:00:00Z" }, host.nowMs)).toEqual({
      ok: true,
      value: { created: true },
    });
    expect(host.cell.put("a", { label: "x" }, host.nowMs)).toEqual({
      ok: true,
      value: { created: false },
    });
    host.restart();
    expect(host.state("a")).toMatchObject({
      total: 4,
      label: "x",
      lastAt: "2026-01-01T00:00:00.000Z",
    });
    expect(host.view("a")!.lastMessageAtMs).toBeNull();
    expect(host.cell.remove("a", host.nowMs)).toEqual({ ok: true, value: true });
    expect(host.cell.remove("a", host.nowMs)).toMatchObject({
      ok: false,
      refusal: { code: "twin/unknown" },
    });
    host.restart();
    expect(host.view("a")).toBeNull();
  });

  test.each([
    [{ totl: 1 }, /no field "totl".*"total"/],
    [{ total: "1" }, /"total".*a number, not a string/],
    [{ lastAt: "yesterday" }, /"lastAt".*a time/],
    [{ values: {} }, /"values".*a list, not an object/],
  ])("refuse %j and change nothing", (fields, message) => {
    const host = new CellHost();
    const result = host.cell.put("a", fields, host.nowMs);
    expect(result).toMatchObject({
      ok: false,
      refusal: { code: "twin/invalid-field", detail: expect.stringMatching(message) },
    });
    expect(host.view("a")).toBeNull();
  });
});

describe("timers", () => {
  test("fire once at their time, in order, and survive a restart", () => {
    const host = new CellHost();
    host.send(
      act("a", "timer", { to: "late", ms: 20 }),
      act("a", "timer", { to: "chain", ms: 10 }),
    );
    host.restart();
    expect(host.view("a")!.timers.map(({ name }) => name)).toEqual(["late", "chain"]);
    host.nowMs += 10;
    host.run();
    expect(host.state("a")!["fired"]).toEqual(["chain"]);
    host.restart();
    host.nowMs += 10;
    host.run();
    expect(host.state("a")!["fired"]).toEqual(["chain", "late", "end"]);
    expect(host.view("a")!.timers).toEqual([]);
    host.restart();
    expect(host.cell.timers.nextDueAtMs()).toBeNull();
  });

  test("recur without drift, skip what was missed, and stop when told to", () => {
    const host = new CellHost();
    host.send(act("a", "recurring", { to: "tick", ms: 10 }));
    host.nowMs += 13;
    host.run();
    expect(host.cell.timers.nextDueAtMs()).toBe(1_000_020);
    host.nowMs += 100;
    host.run();
    expect(host.state("a")!["fired"]).toEqual(["tick", "tick"]);
    host.cell.checkpoint();
    host.restart();
    expect(host.cell.timers.nextDueAtMs()).toBe(1_000_120);
    host.send(act("a", "stop", { to: "tick" }));
    expect(host.cell.timers.nextDueAtMs()).toBeNull();
  });

  test("whose step fails have fired all the same, and the state is as before", () => {
    const host = new CellHost();
    host.send(act("a", "timer", { to: "throws", ms: 1 }));
    host.nowMs += 1;
    host.run();
    expect(host.state("a")!["fired"]).toEqual([]);
    expect(host.view("a")!.timers).toEqual([]);
    expect(host.cell.log.newest(1)[0]).toMatchObject({
      kind: "failure",
      text: expect.stringContaining("onTimer fails"),
    });
    host.restart();
    expect(host.cell.timers.nextDueAtMs()).toBeNull();
  });

  test("are bounded per twin", () => {
    const host = new CellHost();
    const start = (i: number): ReturnType<typeof act> => act("a", "timer", { to: `t${i}` });
    expect(
      host.send(...Array.from({ length: TIMERS_PER_TWIN_MAX }, (_, i) => start(i))),
    ).toMatchObject({ accepted: TIMERS_PER_TWIN_MAX });
    expect(host.send(start(-1)).rejected[0]![1]).toMatchObject({
      code: "model/failed",
      detail: expect.stringContaining("101 timers"),
    });
    expect(host.send(start(0))).toMatchObject({ accepted: 1 });
  });
});

describe("budgets", () => {
  test("end a turn when its model time is used up, and the rest comes in the next", () => {
    const host = new CellHost();
    host.tickMs = 30;
    const box = host.submit(...Array.from({ length: 5 }, (_, i) => add(`t${i}`, 1)));
    host.cell.turn(host.nowMs);
    expect(box.value).toBeUndefined();
    expect(host.run()).toBeGreaterThan(1);
    expect(box.value).toMatchObject({ accepted: 5 });
  });

  test("refuse a step that took too long, and put its twin back", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    host.tickMs = 1_001;
    expect(host.send(add("a", 1)).rejected[0]![1]).toMatchObject({
      code: "model/failed",
      detail: expect.stringMatching(/took \d+ ms; the limit is 1000 ms/),
    });
    host.tickMs = 0;
    expect(host.state("a")).toMatchObject({ total: 1 });
  });
});

describe("asynchronous steps", () => {
  test("hold their twin, in order, while its neighbours go on", async () => {
    const host = new CellHost();
    host.send(add("slow", 1));
    const slow = host.submit(act("slow", "wait", { to: "g1", add: 10 }));
    host.run();
    const later = host.submit(add("slow", 100), add("other", 1));
    host.run();
    expect([slow.value, later.value]).toEqual([undefined, undefined]);
    expect(host.state("other")).toMatchObject({ total: 1 });
    // Readers and a restart see the state before the step.
    expect(host.state("slow")).toMatchObject({ total: 1 });
    host.cell.checkpoint();
    expect(new CellHost(undefined, host.store).state("slow")).toMatchObject({ total: 1 });
    gate.open("g1");
    await settled(host);
    expect([slow.value, later.value]).toMatchObject([{ accepted: 1 }, { accepted: 2 }]);
    expect(host.state("slow")).toMatchObject({ total: 111 });
    host.restart();
    expect(host.state("slow")).toMatchObject({ total: 111 });
  });

  test("that fail leave no trace, and what waited starts from the state before", async () => {
    const host = new CellHost();
    const failing = host.submit(act("new", "wait-throw", { to: "g2", add: 10 }));
    host.run();
    expect(host.view("new")).toBeNull();
    const waiting = host.submit(
      add("new", 1, { messageId: "m" }),
      add("new", 1, { messageId: "m" }),
    );
    host.run();
    gate.open("g2");
    await settled(host);
    expect(failing.value!.rejected[0]![1]).toMatchObject({ code: "model/failed" });
    expect(waiting.value).toMatchObject({ accepted: 1, repeated: [1] });
    expect(host.state("new")).toMatchObject({ total: 1 });
  });

  test("are not repeated by a resend that comes while they wait", async () => {
    const host = new CellHost();
    const message = { ...act("a", "wait", { to: "g3", add: 5 }), messageId: "once" };
    const first = host.submit(message);
    host.run();
    const second = host.submit(message);
    host.run();
    gate.open("g3");
    await settled(host);
    expect([first.value, second.value]).toMatchObject([{ accepted: 1 }, { repeated: [0] }]);
    expect(host.state("a")).toMatchObject({ total: 5 });
  });
});

async function settled(host: CellHost): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
    host.run();
  }
}

describe("a step that is tried again", () => {
  test("gets its messages as they came, whatever the failed step did to them", () => {
    const host = new CellHost(greedyModel);
    expect(
      host.send(
        { id: "a", message: { n: 1 } },
        { id: "a", message: { n: 1 } },
        { id: "a", message: { n: -1 } },
      ),
    ).toMatchObject({
      accepted: 2,
      rejected: [[2, { code: "model/failed" }]],
    });
    expect(host.state("a")).toEqual({ sum: 2 });
  });
});

/** Spoils the messages that it is given, and fails at a negative one. */
class Greedy extends DigitalTwin<{ n: number }> {
  sum = 0;

  override processMessages(_context: ProcessingContext, messages: { n: number }[]): void {
    for (const message of messages) {
      if (message.n < 0) throw new RangeError("negative");
      this.sum += message.n;
      message.n *= 100;
    }
  }
}

const greedyModel = model(Greedy, { name: "Greedy", message: v.object({ n: v.number() }) });
