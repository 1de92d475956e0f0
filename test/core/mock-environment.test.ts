import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { MESSAGE_CHARS_MAX } from "../../src/core/limits.ts";
import { DigitalTwin, ProcessingResult, model } from "../../src/sdk/index.ts";
import type {
  Json,
  ModelDefinition,
  ProcessingAnswer,
  ProcessingContext,
} from "../../src/sdk/index.ts";
import { MockEnvironment } from "../../src/sdk/testing/index.ts";
import { counterModel, gate } from "../support/counter-model.ts";

const START_MS = Date.UTC(2026, 0, 1);

type Step = (context: ProcessingContext, messages: Json[], twin: Scripted) => ProcessingAnswer;

/** A model whose steps are the test's own. */
abstract class Scripted extends DigitalTwin<Json> {
  count = 0;
  notes: string[] = [];
  at: Date = new Date(0);
}

function scripted(
  name: string,
  step: Step,
  onTimer?: (context: ProcessingContext, timer: string, twin: Scripted) => ProcessingAnswer,
): ModelDefinition {
  class Twin extends Scripted {
    override processMessages(context: ProcessingContext, messages: Json[]): ProcessingAnswer {
      return step(context, messages, this);
    }
    override onTimer(context: ProcessingContext, timer: string): ProcessingResult | void {
      return onTimer?.(context, timer, this) as ProcessingResult | void;
    }
  }
  return model(Twin, { name, message: v.any() });
}

const counting = scripted(
  "Counting",
  (_context, messages, twin) => void (twin.count += messages.length),
);

function counters(restartBetweenCalls = false): MockEnvironment {
  return new MockEnvironment({ models: [counterModel], restartBetweenCalls });
}

describe("messages", () => {
  test("reach their twin, one or a list at a time, and are answered as the service would", () => {
    const env = counters();
    expect(env.send("Counter", "a", { add: 1 })).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [],
      commands: [],
    });
    expect(env.send("Counter", "a", [{ add: 2 }, { add: "3" }, { do: "throw" }])).toMatchObject({
      accepted: 1,
      rejected: [
        { index: 1, code: "message/invalid" },
        { index: 2, code: "model/failed", detail: expect.stringContaining("told to throw") },
      ],
    });
    expect(env.twin("Counter", "a")).toMatchObject({
      total: 3,
      lastAt: "1970-01-01T00:00:00.000Z",
    });
    expect(env.twin("Counter", "b")).toBeUndefined();
    expect(env.send("Counter", "a", [])).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: [],
      commands: [],
    });
  });

  test("for many twins are one batch; repeats are known by messageId and seq", () => {
    const env = counters();
    const batch = [
      { id: "a", message: { add: 1 }, messageId: "m" },
      { id: "b", message: { add: 1 }, seq: 1 },
      { id: "a", message: { add: 1 }, messageId: "m" },
      { id: "b", message: { add: 1 }, seq: 1 },
    ];
    expect(env.sendBatch("Counter", batch)).toMatchObject({ accepted: 2, duplicates: 2 });
    expect(env.sendBatch("Counter", batch)).toMatchObject({ accepted: 0, duplicates: 4 });
    expect([...env.twins("Counter")].map(([id, { total }]) => [id, total])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
  });

  test("are refused in the order of the batch, whatever the order of their twins", () => {
    const env = counters();
    const bad = { do: "throw" };
    const { rejected } = env.sendBatch(
      "Counter",
      ["a", "b", "a", "b"].map((id) => ({ id, message: bad })),
    );
    expect(rejected.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  test("that the service would not let in are refused here too", () => {
    const env = new MockEnvironment({ models: [counting] });
    const text = "x".repeat(MESSAGE_CHARS_MAX - JSON.stringify({ id: "a", message: "" }).length);
    const batch = [
      { id: "a/b", message: 1 },
      { id: "", message: 1 },
      { id: "a", message: undefined },
      { id: "a", message: `${text}x` },
      { id: "a", message: text },
    ];
    const { accepted, rejected } = env.sendBatch("Counting", batch);
    expect(accepted).toBe(1);
    expect(rejected.map(({ code }) => code)).toEqual([
      "twin/bad-id",
      "twin/bad-id",
      "message/malformed",
      "message/too-large",
    ]);
    expect(rejected[0]!.detail).toBe(
      '"a/b" is no twin id: 1 to 128 characters of printable ASCII except / ? # %.',
    );
    expect(() => env.put("Counting", "a/b", {})).toThrow("is no twin id");
  });

  test("are the model's own copy, and so is its answer's", () => {
    const kept: Json[] = [];
    const keeper = scripted("Keeper", (context, messages, twin) => {
      twin.notes = messages[0] as unknown as string[];
      twin.notes.push("by the model");
      const command = { notes: twin.notes };
      context.sendToDataSource(command);
      kept.push(command);
      twin.notes.push("afterwards");
    });
    const env = new MockEnvironment({ models: [keeper] });
    const message = ["by the test"];
    const { commands } = env.send("Keeper", "a", [message]);
    expect(message).toEqual(["by the test"]);
    expect(commands).toEqual([{ notes: ["by the test", "by the model"] }]);
    const fields = { notes: ["put"] };
    env.put("Keeper", "a", fields);
    fields.notes.push("later");
    expect(env.twin("Keeper", "a")).toMatchObject({ notes: ["put"] });
  });

  test("to a model that is not there say which ones are", () => {
    const env = new MockEnvironment({ models: [counting, counterModel] });
    expect(() => env.send("Conting", "a", 1)).toThrow(
      new RangeError('There is no model "Conting". Models: Counting, Counter.'),
    );
    expect(() => env.twin("X", "a")).toThrow(RangeError);
  });
});

describe("put", () => {
  test("creates a twin and replaces fields, dates as ISO 8601 or as dates", () => {
    const env = counters();
    env.put("Counter", "a", { total: 4, lastAt: new Date(5) });
    env.put("Counter", "a", { label: "x" });
    expect(env.twin("Counter", "a")).toMatchObject({
      total: 4,
      label: "x",
      lastAt: "1970-01-01T00:00:00.005Z",
    });
    expect(() => env.put("Counter", "a", { totl: 1 })).toThrow(
      'twin/invalid-field: Model Counter has no field "totl". Did you mean "total"?',
    );
  });
});

describe("commands", () => {
  test("are kept under the twin that sent them, oldest first", () => {
    const env = counters();
    const command = (id: string, body: Json): { id: string; message: unknown } => ({
      id,
      message: { do: "command", body },
    });
    const { commands } = env.sendBatch("Counter", [
      command("a", 1),
      command("b", 2),
      command("a", 3),
    ]);
    expect(commands).toEqual([1, 3, 2]);
    env.send("Counter", "b", { do: "command", body: 4 });
    expect(env.commands("Counter", "a").map(({ body }) => body)).toEqual([1, 3]);
    expect(env.commands("Counter", "b").map(({ body }) => body)).toEqual([2, 4]);
    expect(env.commands("Other")).toEqual([]);
    expect(env.commands()).toHaveLength(4);
  });
});

describe("twins that send to twins", () => {
  test("reach each other across models within the call, in order, creating who is unknown", () => {
    const relay = scripted("Relay", (context, messages, twin) => {
      twin.count += messages.length;
      for (const message of messages) context.sendToTwin("Notes", "all", message);
    });
    const notes = scripted(
      "Notes",
      (_context, messages, twin) => void twin.notes.push(...(messages as string[])),
    );
    const env = new MockEnvironment({ models: [relay, notes] });
    const batch = Array.from({ length: 2_500 }, (_, i) => ({ id: `r${i % 7}`, message: `${i}` }));
    env.sendBatch("Relay", batch);
    const received = env.twin("Notes", "all")!["notes"] as string[];
    expect(received).toHaveLength(2_500);
    for (let r = 0; r < 7; r++) {
      const own = received.filter((text) => Number(text) % 7 === r).map(Number);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  test("in a loop that never ends are stopped, and told so", () => {
    const pingPong = scripted("PingPong", (context, _messages, twin) => {
      twin.count++;
      context.sendToTwin("PingPong", context.id === "ping" ? "pong" : "ping", null);
    });
    const env = new MockEnvironment({ models: [pingPong] });
    expect(() => env.send("PingPong", "ping", 1)).toThrow(
      "More than 100000 messages between twins followed one call.",
    );
  });

  test("may go round as long as it ends", () => {
    const countdown = scripted("Countdown", (context, [n], twin) => {
      twin.count++;
      if ((n as number) > 0)
        context.sendToTwin("Countdown", `t${(n as number) % 3}`, (n as number) - 1);
    });
    const env = new MockEnvironment({ models: [countdown] });
    env.send("Countdown", "start", 3_000);
    const total = [...env.twins("Countdown").values()].reduce(
      (sum, { count }) => sum + (count as number),
      0,
    );
    expect(total).toBe(3_001);
  });

  test("send to a model that is not there: the step fails, and nothing of it is kept", () => {
    const lost = scripted("Lost", (context) => context.sendToTwin("Nowhere", "a", 1));
    const env = new MockEnvironment({ models: [lost] });
    expect(env.send("Lost", "a", 1).rejected[0]!.detail).toContain(
      'there is no model "Nowhere". Models: Lost.',
    );
    expect(env.twin("Lost", "a")).toBeUndefined();
  });
});

describe("time", () => {
  test("starts where told, moves only by advance, and never back", () => {
    const env = new MockEnvironment({ models: [counting], nowMs: 5 });
    expect(new MockEnvironment({ models: [] }).nowMs).toBe(START_MS);
    env.send("Counting", "a", 1);
    env.advance(0);
    expect(env.nowMs).toBe(5);
    env.advance(2.5);
    expect(env.nowMs).toBe(7.5);
    for (const byMs of [-1, Number.NaN]) {
      expect(() => env.advance(byMs)).toThrow(
        new RangeError(`advance: time goes forward, not by ${byMs} ms.`),
      );
    }
  });

  test("fires timers at their own time, in order across models, and those that they start", () => {
    const fired: string[] = [];
    const timed = (name: string): ModelDefinition =>
      scripted(
        name,
        (context, [delays]) => {
          for (const [timer, delayMs] of Object.entries(delays as Record<string, number>))
            context.startTimer(timer, delayMs);
        },
        (context, timer) => {
          fired.push(`${context.now - START_MS} ${name} ${context.id} ${timer}`);
          if (timer === "first") context.startTimer("second", 5);
        },
      );
    const env = new MockEnvironment({ models: [timed("A"), timed("B")] });
    env.send("A", "x", { first: 10, late: 1_000 });
    env.send("B", "y", { own: 12, same: 15 });
    env.advance(9);
    expect(fired).toEqual([]);
    env.advance(100);
    expect(fired).toEqual(["10 A x first", "12 B y own", "15 A x second", "15 B y same"]);
    env.advance(891);
    expect(fired.at(-1)).toBe("1000 A x late");
    expect(env.nowMs).toBe(START_MS + 1_000);
  });

  test("fires a recurring timer once for each period, and what its steps send arrives", () => {
    const beats = scripted(
      "Beats",
      (context) => context.startTimer("beat", 1_000, { recurring: true }),
      (context, _timer, twin) => {
        twin.count++;
        context.sendToTwin("Counting", "all", 1);
      },
    );
    const env = new MockEnvironment({ models: [beats, counting] });
    env.send("Beats", "a", 1);
    env.advance(10_999);
    expect(env.twin("Beats", "a")).toMatchObject({ count: 10 });
    expect(env.twin("Counting", "all")).toMatchObject({ count: 10 });
  });
});

describe("the log", () => {
  test("has what models wrote, alerts and failures, newest first, through restarts", () => {
    const env = counters();
    env.send("Counter", "a", { do: "log", to: "one" });
    env.advance(1);
    env.send("Counter", "a", { do: "alert", to: "two" });
    env.restart();
    env.advance(1);
    env.send("Counter", "a", { do: "throw" });
    expect(env.logs("Counter").map(({ kind }) => kind)).toEqual(["failure", "alert", "log"]);
    expect(env.alerts()).toEqual([
      {
        n: 2,
        atMs: START_MS + 1,
        severity: "warning",
        kind: "alert",
        id: "a",
        text: "two",
        model: "Counter",
      },
    ]);
    expect(env.logs("Other")).toEqual([]);
  });
});

describe("a restart", () => {
  test("keeps states, timers and repeats", () => {
    const env = counters();
    env.sendBatch("Counter", [
      { id: "a", message: { add: 1 }, messageId: "m" },
      { id: "a", message: { do: "timer", to: "t", ms: 10 } },
    ]);
    env.restart();
    expect(
      env.sendBatch("Counter", [{ id: "a", message: { add: 1 }, messageId: "m" }]),
    ).toMatchObject({ duplicates: 1 });
    env.advance(10);
    expect(env.twin("Counter", "a")).toMatchObject({ total: 1, fired: ["t"] });
  });

  test("between calls changes nothing for a model that is its fields", () => {
    const run = (env: MockEnvironment): unknown => {
      env.send("Counter", "a", [
        { add: 1 },
        { do: "date" },
        { do: "random" },
        { do: "recurring", to: "t", ms: 7 },
      ]);
      env.put("Counter", "b", { total: 4 });
      env.advance(20);
      env.send("Counter", "b", [
        { do: "send", to: "a", body: { add: 5 } },
        { do: "throw" },
        { do: "command", body: 1 },
      ]);
      env.send("Counter", "b", { do: "remove" });
      return [[...env.twins("Counter")], env.commands(), env.logs().length];
    };
    expect(run(counters(true))).toEqual(run(counters(false)));
  });

  let calls = 0;
  const remembered = new Map<string, number>();
  const cheats: [string, ModelDefinition][] = [
    [
      "in a module variable",
      scripted("Cheat", (_context, _messages, twin) => void (twin.count = ++calls)),
    ],
    [
      "in a module variable, by id",
      scripted("Cheat", (context, _messages, twin) => {
        twin.count = remembered.get(context.id) ?? 0;
        remembered.set(context.id, twin.count + 1);
      }),
    ],
    [
      "in a private member",
      (() => {
        class Cheat extends Scripted {
          #calls = 0;
          override processMessages(): void {
            this.count = ++this.#calls;
          }
        }
        return model(Cheat, { name: "Cheat", message: v.any() });
      })(),
    ],
    [
      "by its object",
      (() => {
        const byTwin = new WeakMap<Scripted, number>();
        return scripted("Cheat", (_context, _messages, twin) => {
          byTwin.set(twin, (byTwin.get(twin) ?? 0) + 1);
          twin.count = byTwin.get(twin)!;
        });
      })(),
    ],
  ];

  test.each(cheats)("between calls catches a model that keeps state %s", (_where, cheat) => {
    const countAfterThree = (restartBetweenCalls: boolean): unknown => {
      const env = new MockEnvironment({ models: [cheat], restartBetweenCalls });
      for (let i = 0; i < 3; i++) env.send("Cheat", "a", 1);
      return env.twin("Cheat", "a")!["count"];
    };
    const caught = (): boolean => {
      try {
        return countAfterThree(true) !== 3;
      } catch (error) {
        return /not decided by fields alone/.test((error as Error).message);
      }
    };
    expect(caught()).toBe(true);
  });

  test("between calls catches a model that asks chance or the clock outside of its context", () => {
    let clock = 0;
    const env = new MockEnvironment({
      models: [
        scripted("Clock", (context) => context.sendToDataSource(clock++)),
        scripted(
          "Timer",
          (context) => context.startTimer("t", 10),
          (_context, _timer, twin) => void (twin.count = clock++),
        ),
      ],
      restartBetweenCalls: true,
    });
    expect(() => env.send("Clock", "a", 1)).toThrow(/^The answer is not decided by fields alone/);
    env.send("Timer", "b", 1);
    expect(() => env.advance(10)).toThrow(
      /^Twin "b" of model Timer is not decided by fields alone: the same call gave/,
    );
  });

  test("between calls costs one reading of all twins, not one for each", () => {
    const env = new MockEnvironment({ models: [counting], restartBetweenCalls: true });
    env.sendBatch(
      "Counting",
      Array.from({ length: 3_000 }, (_, i) => ({ id: `t${i}`, message: i })),
    );
    const startMs = performance.now();
    expect(env.twins("Counting").size).toBe(3_000);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

describe("asynchronous steps", () => {
  const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("are awaited, whatever it is that they wait for", async () => {
    const lookup = scripted("Lookup", async (_context, messages, twin) => {
      await turnOfTheLoop();
      await Promise.resolve();
      twin.count += messages.length;
    });
    const env = new MockEnvironment({ models: [lookup] });
    expect(await env.sendAsync("Lookup", "a", [1, 2])).toMatchObject({ accepted: 2 });
    expect(await env.sendAsync("Lookup", "a", 3)).toMatchObject({ accepted: 1 });
    expect(env.twin("Lookup", "a")).toMatchObject({ count: 3 });
  });

  test("hold their twin and nobody else", async () => {
    const env = counters();
    const slow = env.sendAsync("Counter", "slow", { do: "wait", to: "mock-slow", add: 1 });
    expect(env.send("Counter", "quick", { add: 1 })).toMatchObject({ accepted: 1 });
    const second = env.sendAsync("Counter", "slow", { add: 10 });
    gate.open("mock-slow");
    expect(await Promise.all([slow, second])).toMatchObject([{ accepted: 1 }, { accepted: 1 }]);
    expect(env.twin("Counter", "slow")).toMatchObject({ total: 11 });
  });

  test("that fail are refused", async () => {
    const env = counters();
    const sending = env.sendAsync("Counter", "a", { do: "wait-throw", to: "mock-fail" });
    gate.open("mock-fail");
    expect(await sending).toMatchObject({
      accepted: 0,
      rejected: [{ index: 0, code: "model/failed" }],
    });
    expect(env.twin("Counter", "a")).toBeUndefined();
  });

  test("can't be sent to with send, which says what to use", () => {
    const env = counters();
    expect(() => env.send("Counter", "a", { do: "wait", to: "mock-send" })).toThrow(
      "await sendAsync instead",
    );
  });

  test("that a restart loses are told to be lost, not waited for", async () => {
    const env = counters();
    const sending = env.sendAsync("Counter", "a", { do: "wait", to: "mock-lost", add: 1 });
    const told = expect(sending).rejects.toThrow(
      "A restart came while an asynchronous step was under way; it is lost.",
    );
    env.restart();
    await told;
    gate.open("mock-lost");
    await turnOfTheLoop();
    expect(env.send("Counter", "b", { add: 1 })).toMatchObject({ accepted: 1 });
    expect(env.twin("Counter", "a")).toBeUndefined();
  });

  test("that a message from a twin began are begun again after a restart, and end with one effect", async () => {
    const asker = scripted("Asker", (context) => {
      for (const id of ["slow", "quick"])
        context.sendToTwin(
          "Counter",
          id,
          id === "slow" ? { do: "wait", to: "mock-asked", add: 1 } : { add: 1 },
        );
    });
    const env = new MockEnvironment({ models: [asker, counterModel] });
    env.send("Asker", "a", 1);
    expect(env.twin("Counter", "slow")).toBeUndefined();
    env.restart();
    env.advance(0);
    env.send("Counter", "other", { add: 1 });
    gate.open("mock-asked");
    await turnOfTheLoop();
    env.send("Counter", "other", { add: 1 });
    expect(env.twin("Counter", "slow")).toMatchObject({ total: 1 });
    expect(env.twin("Counter", "quick")).toMatchObject({ total: 1 });
  });

  test("let timers of their twin wait, and these neither drift nor get lost", async () => {
    const env = counters();
    env.send("Counter", "a", { do: "recurring", to: "tick", ms: 10 });
    const sending = env.sendAsync("Counter", "a", { do: "wait", to: "mock-tick" });
    env.advance(34);
    gate.open("mock-tick");
    await sending;
    expect(env.twin("Counter", "a")).toMatchObject({ fired: [] });
    env.advance(1_000);
    const { fired } = env.twin("Counter", "a") as { fired: string[] };
    // The ticks of the wait are one; from then on there is one every 10 ms, at the old beat.
    expect(fired.length).toBeGreaterThanOrEqual(85);
    env.advance(6);
    expect(env.twin("Counter", "a")!["fired"]).toHaveLength(fired.length + 1);
  });
});
