/** What a model's code may do wrong, and that it harms nobody but the messages that it was run for. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { ModelDefinition } from "../../src/core/model.ts";
import type { InMessage } from "../../src/core/cell/requests.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { Json, ProcessingContext } from "../../src/sdk/index.ts";
import { CellHost } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";

/** A model that calls the function it is named in a message; all others count. */
function careless(
  deeds: Record<string, (context: ProcessingContext) => unknown>,
  more: { initial?: (id: string) => Record<string, never> } = {},
): ModelDefinition {
  class Careless extends DigitalTwin<string> {
    count = 0;
    override processMessages(context: ProcessingContext, messages: string[]): never {
      this.count += messages.length;
      let answer: unknown;
      for (const message of messages) answer = deeds[message]?.(context) ?? answer;
      return answer as never;
    }
  }
  const message = v.pipe(
    v.string(),
    v.check((text) => {
      if (text === "check throws") throw new TypeError("the schema fails");
      return text !== "";
    }),
  );
  return model(Careless, { name: "Counter", message, ...more });
}

const to = (id: string, message = "count"): InMessage => ({ id, message });

/** Sends a bad message among good ones of the same and another twin; what the bad one is refused with. */
function refusalAmongOthers(definition: ModelDefinition, bad: InMessage): string {
  const store = new CheckedStore();
  const host = new CellHost(definition, store);
  const answer = host.send(to("a"), bad, to("a"), to("b"));
  expect(answer).toMatchObject({ accepted: 3, rejected: [[1, { code: "model/failed" }]] });
  expect([host.state("a"), host.state("b")]).toEqual([{ count: 2 }, { count: 1 }]);
  expect(host.cell.outbox.size).toBe(0);
  expect(host.cell.log.newest(10).filter(({ kind }) => kind === "failure")).toHaveLength(1);
  host.restart();
  expect([host.state("a"), host.state("b")]).toEqual([{ count: 2 }, { count: 1 }]);
  return answer.rejected[0]![1].detail;
}

describe("a step that throws", () => {
  const thrown: [string, unknown, string][] = [
    ["an error", new RangeError("too far"), "RangeError: too far"],
    ["a text", "just a text", "just a text"],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object without a prototype", Object.create(null), "an error without a text"],
    [
      "an error whose message throws",
      Object.defineProperty(new Error("x"), "message", {
        get: () => {
          throw new Error("again");
        },
      }),
      "an error without a text",
    ],
    [
      "an error whose name is a symbol",
      Object.assign(new Error("x"), { name: Symbol("n") }),
      "an error without a text",
    ],
  ];

  test.each(thrown)("%s is refused alone", (_name, error, text) => {
    const definition = careless({
      bad: () => {
        throw error;
      },
    });
    expect(refusalAmongOthers(definition, to("a", "bad"))).toBe(
      `Model Counter failed on twin "a": ${text}`,
    );
  });
});

describe("a step that asks for what can't be", () => {
  const deeds: [string, (context: ProcessingContext) => unknown, string][] = [
    [
      "a message to a number",
      (context) => context.sendToTwin("Counter", 42 as never, 1),
      "sendToTwin: 42 is no twin id.",
    ],
    [
      "a message to nobody",
      (context) => context.sendToTwin("Counter", undefined as never, 1),
      "sendToTwin: undefined is no twin id.",
    ],
    [
      "a message to a path",
      (context) => context.sendToTwin("Counter", "a/b", 1),
      'sendToTwin: "a/b" is no twin id.',
    ],
    [
      "a message to a model that is not there",
      (context) => context.sendToTwin("Other", "a", 1),
      'sendToTwin: there is no model "Other". Models: Counter.',
    ],
    [
      "a message that is none",
      (context) => context.sendToTwin("Counter", "b", undefined as never),
      "sendToTwin: undefined is no JSON value.",
    ],
    [
      "a command with a circle",
      (context) => {
        const circle: Record<string, unknown> = {};
        circle["self"] = circle;
        context.sendToDataSource(circle as Json);
      },
      "circular",
    ],
    [
      "a command of a function",
      (context) => context.sendToDataSource((() => 1) as never),
      "sendToDataSource: function is no JSON value.",
    ],
    [
      "a log entry without a text",
      (context) => context.log("info", undefined as never),
      "log: the text is a string, not undefined.",
    ],
    [
      "an alert without a title",
      (context) => context.alert({} as never),
      "alert: an alert needs a title.",
    ],
    [
      "an alert with a detail that is none",
      (context) => context.alert({ title: "t", detail: Symbol("d") as never }),
      "alert: the detail is a string, not symbol.",
    ],
    [
      "a timer without a name",
      (context) => context.startTimer(undefined as never, 5),
      "startTimer: a timer needs a name.",
    ],
    [
      "a delay in words",
      (context) => context.startTimer("t", "soon" as never),
      'startTimer "t": the delay is soon ms',
    ],
  ];

  test.each(deeds)("fails: %s", (_name, deed, text) => {
    expect(refusalAmongOthers(careless({ bad: deed }), to("a", "bad"))).toContain(text);
  });
});

describe("a model's own functions outside of a step", () => {
  test("initial data that throws refuses that twin's messages and puts, and no others", () => {
    const definition = careless(
      {},
      {
        initial: (id) => {
          if (id === "unknown") throw new TypeError("no such meter");
          return {};
        },
      },
    );
    const text = 'Model Counter failed on twin "unknown": TypeError: no such meter';
    expect(refusalAmongOthers(definition, to("unknown"))).toBe(text);
    const host = new CellHost(definition);
    expect(
      host.cell.putMany(
        [
          { id: "a", state: {} },
          { id: "unknown", state: {} },
        ],
        host.nowMs,
      ),
    ).toMatchObject([{ ok: true }, { ok: false, refusal: { code: "model/failed", detail: text } }]);
    expect(host.cell.table.size).toBe(1);
  });

  test("a schema that throws refuses that message", () => {
    expect(refusalAmongOthers(careless({}), to("a", "check throws"))).toBe(
      'Model Counter failed on twin "a": TypeError: the schema fails',
    );
  });

  test("a schema that is asynchronous refuses every message, and says why", () => {
    const asynchronous = model(
      class Late extends DigitalTwin {
        override processMessages(): void {}
      },
      {
        name: "Late",
        message: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ) as never,
      },
    );
    expect(new CellHost(asynchronous).send(to("a")).rejected[0]![1]).toEqual({
      code: "model/failed",
      detail:
        'Model Late failed on twin "a": TypeError: Model Late: its message schema is asynchronous.',
    });
  });
});

describe("a context that is kept beyond its step", () => {
  test("says that what it is asked for would be lost, after a step that ended or failed", () => {
    const kept: ProcessingContext[] = [];
    const host = new CellHost(
      careless({
        keep: (context) => void kept.push(context),
        fail: (context) => {
          kept.push(context);
          throw new Error("x");
        },
      }),
    );
    host.send(to("a", "keep"));
    host.send(to("a", "fail"));
    expect(kept).toHaveLength(2);
    for (const context of kept) {
      const asks = [
        () => context.sendToDataSource(1),
        () => context.sendToTwin("Counter", "b", 1),
        () => context.startTimer("t", 5),
        () => context.stopTimer("t"),
        () => context.log("info", "late"),
        () => context.alert({ title: "late" }),
        () => context.remove(),
      ];
      for (const ask of asks) expect(ask).toThrow("This context's step has ended");
      expect([context.id, context.model, context.now]).toEqual(["a", "Counter", host.nowMs]);
    }
    host.run();
    expect(host.view("a")).toMatchObject({ timers: [] });
  });
});

describe("a thenable", () => {
  test("that never calls back holds its twin, and its neighbours go on", () => {
    const host = new CellHost(careless({ hang: () => ({ then: () => undefined }) }));
    const hanging = host.submit(to("a", "hang"));
    host.run();
    expect(host.send(to("b"))).toMatchObject({ accepted: 1 });
    expect(hanging.value).toBeUndefined();
    expect(host.cell.remove("a", host.nowMs)).toMatchObject({
      ok: false,
      refusal: { code: "twin/unknown" },
    });
    host.restart();
    expect(host.send(to("a"))).toMatchObject({ accepted: 1 });
  });

  test("whose then throws is a step that fails", async () => {
    const host = new CellHost(
      careless({
        bad: () => ({
          then: () => {
            throw new Error("no then");
          },
        }),
      }),
    );
    const failing = host.submit(to("a", "bad"));
    for (let i = 0; i < 5; i++) {
      await Promise.resolve();
      host.run();
    }
    expect(failing.value).toMatchObject({ accepted: 0, rejected: [[0, { code: "model/failed" }]] });
  });
});
