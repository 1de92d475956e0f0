/** The rules of docs/simulation.md, one by one, in the mock environment. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import * as v from "valibot";
import { DigitalTwin, model } from "livetwin";
import type { Json, ProcessingContext, SimulationContext } from "livetwin";
import type { MockSimulation, MockSimulationOptions } from "livetwin/testing";
import { dueAfter } from "../../../src/core/simulation/plan.ts";
import { ACTOR_MODELS } from "./actor.ts";
import type { Action } from "./actor.ts";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** The actions of each step of an actor. */
type Steps = readonly (readonly Action[])[];

type Options = Partial<Omit<MockSimulationOptions, "instances">>;

/** A run over a minute, by seconds, of actors by name: the actions of their steps. */
function runOf(actors: Readonly<Record<string, Steps>>, options: Options = {}): MockSimulation {
  const instances = Object.entries(actors).map(([id, steps]) => {
    return { model: "Actor", id, fields: { steps } };
  });
  const mock = new MockEnvironment({ models: ACTOR_MODELS, nowMs: START });
  return mock.simulate({ end: START + MINUTE, ...options, instances });
}

function notesOf(run: MockSimulation, id: string, model = "Actor"): readonly string[] {
  return (run.twin(model, id)?.["notes"] ?? []) as string[];
}

function timesOf(run: MockSimulation, id: string, model = "Actor"): readonly number[] {
  return notesOf(run, id, model).map((note) => Number(note.split(" ")[0]));
}

function ended(run: MockSimulation): MockSimulation {
  run.run();
  return run;
}

describe("the clock", () => {
  test("[SIM1] every time is the start and a whole number of intervals after it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (intervalMs, delays) => {
          const steps = [
            ...delays.map((delay) => [{ delay }]),
            [{ delay: "indefinitely" } as const],
          ];
          const run = ended(runOf({ a: steps }, { intervalMs, end: START + 100 * MINUTE }));
          const times = timesOf(run, "a");
          expect(times).toHaveLength(delays.length + 1);
          expect(times.every((ms) => ms % intervalMs === 0)).toBe(true);
        },
      ),
    );
  });

  test("[SIM2] the clock jumps to the earliest event", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 59 }), { minLength: 1, maxLength: 6 }),
        (seconds) => {
          const actors = seconds.map((s, i) => [`a${i}`, [[{ delay: s * 1_000 }]]] as const);
          const run = runOf(Object.fromEntries(actors));
          const expected = new Set<number>();
          for (const s of seconds)
            for (let at = 0; at < 60; at += s) expected.add(START + at * 1_000);
          const times: number[] = [];
          for (let next = run.peek(); next !== null; next = run.peek()) {
            times.push(next);
            expect(run.step()).toBe(true);
            // With the last step the run is at its end.
            expect(run.now).toBe(run.reason === null ? next : START + MINUTE);
          }
          expect(times).toEqual([...expected].toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("[SIM3] all that is due at a time runs in one step, and all that follows from it at that time", () => {
    const toB: Action = { send: "Actor/b", message: { actions: [{ wake: true }] } };
    const run = runOf({
      a: [[toB, { delay: "indefinitely" }]],
      b: [[{ delay: "indefinitely" }]],
      c: [[{ delay: "indefinitely" }]],
    });
    run.step();
    expect(notesOf(run, "b")).toEqual(["0 simulate", "0 message", "0 simulate"]);
    expect(notesOf(run, "c")).toEqual(["0 simulate"]);
    expect(run.counts.times).toBe(1);
  });

  test("[SIM4] an instance takes part first at the start, one that is created an interval after", () => {
    const run = ended(
      runOf({
        a: [
          [{ create: "Actor/b", fields: { steps: [[{ delay: "indefinitely" }]] } }],
          [{ delay: "indefinitely" }],
        ],
      }),
    );
    expect(timesOf(run, "a")).toEqual([0, 1_000]);
    expect(timesOf(run, "b")).toEqual([1_000]);
  });

  test("[SIM4] initSimulation comes once, before all else, and may say when the first time is", () => {
    const mock = new MockEnvironment({ models: ACTOR_MODELS, nowMs: START });
    const steps = [[{ delay: "indefinitely" }]];
    const run = mock.simulate({
      end: START + MINUTE,
      instances: [
        { model: "Starter", id: "now", fields: { steps } },
        { model: "Starter", id: "later", fields: { steps, init: [{ delay: 2_500 }] } },
        { model: "Starter", id: "told", fields: { steps, init: [{ delay: "indefinitely" }] } },
        {
          model: "Actor",
          id: "a",
          fields: {
            steps: [[{ create: "Starter/made", fields: { steps } }, { delay: "indefinitely" }]],
          },
        },
      ],
    });
    run.send("Starter", "told", { note: "hello" });
    run.run();
    expect(notesOf(run, "now", "Starter")).toEqual(["0 init", "0 simulate"]);
    expect(notesOf(run, "later", "Starter")).toEqual(["0 init", "3000 simulate"]);
    expect(notesOf(run, "told", "Starter")).toEqual(["0 init", "0 message hello"]);
    expect(notesOf(run, "made", "Starter")).toEqual(["0 init", "1000 simulate"]);
  });

  test.each([
    [40, 50],
    [30, 50],
    [50, 70],
    [0, 30],
    [20, 30],
    [20.5, 50],
  ])("[SIM5] at 10 with an interval of 20, a delay of %s ms ends at %s", (delay, at) => {
    expect(dueAfter(10, delay, 20)).toBe(at);
  });

  test("[SIM5] a delay is rounded up to the interval; 0, and none at all, is the next interval", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 5_000 }),
        (intervalMs, delay) => {
          const sleep: Action[] = [{ delay: "indefinitely" }];
          const run = ended(runOf({ a: [[{ delay }], sleep], b: [[], sleep] }, { intervalMs }));
          const [first, second] = timesOf(run, "a");
          expect(second! - first!).toBeGreaterThanOrEqual(Math.max(delay, intervalMs));
          expect(second! - first!).toBeLessThan(Math.max(delay, 1) + intervalMs);
          expect(timesOf(run, "b")[1]).toBe(intervalMs);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("[SIM6] an event exactly at the end does not run, and one just before it does", () => {
    expect(
      timesOf(ended(runOf({ a: [[{ delay: 10_000 }]] }, { end: START + 20_000 })), "a"),
    ).toEqual([0, 10_000]);
    const run = ended(runOf({ a: [[{ delay: 10_000 }]] }, { end: START + 20_001 }));
    expect(timesOf(run, "a")).toEqual([0, 10_000, 20_000]);
    expect({ now: run.now, reason: run.reason }).toEqual({
      now: START + 20_001,
      reason: "end-time",
    });
  });

  test("[SIM6] a run from a time to that same time has no step", () => {
    const run = runOf({ a: [[]] }, { end: START });
    expect({ next: run.peek(), stepped: run.step(), reason: run.reason }).toEqual({
      next: null,
      stepped: false,
      reason: "end-time",
    });
  });
});

describe("timers", () => {
  test("[SIM7] fire in simulated time, rounded up to the interval; recurring ones again and again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.boolean(), (ms, recurring) => {
        const run = ended(
          runOf({ a: [[{ timer: "T", ms, recurring }, { delay: "indefinitely" }]] }),
        );
        const every = Math.ceil(ms / 1_000) * 1_000;
        const times = [0];
        for (let at = every; at < MINUTE && (recurring || at === every); at += every)
          times.push(at);
        expect(timesOf(run, "a")).toEqual(times);
        expect(run.reason).toBe(recurring ? "end-time" : "no-work");
      }),
      { numRuns: 30 },
    );
  });

  test("[SIM7] two instances each have their own timer of a name, and one that is stopped does not fire", () => {
    const run = ended(
      runOf({
        a: [[{ timer: "T", ms: 5_000 }, { delay: "indefinitely" }]],
        b: [
          [{ timer: "T", ms: 5_000 }, { delay: 4_000 }],
          [{ stopTimer: "T" }, { delay: "indefinitely" }],
        ],
      }),
    );
    expect(notesOf(run, "a")).toEqual(["0 simulate", "5000 timer T"]);
    expect(notesOf(run, "b")).toEqual(["0 simulate", "4000 simulate"]);
    expect(run.reason).toBe("no-work");
  });

  test("[SIM7] one that another restarts or stops at the time at which both are due does not fire then", () => {
    const both: Action[] = [
      { timer: "first", ms: 5_000 },
      { timer: "again", ms: 5_000 },
      { timer: "never", ms: 5_000 },
      { delay: "indefinitely" },
    ];
    const first: Action[] = [{ timer: "again", ms: 2_000 }, { stopTimer: "never" }];
    const mock = new MockEnvironment({ models: ACTOR_MODELS, nowMs: START });
    const fields = { steps: [both], onTimers: { first } };
    const run = ended(mock.simulate({ instances: [{ model: "Actor", id: "a", fields }] }));
    expect(notesOf(run, "a")).toEqual(["0 simulate", "5000 timer first", "7000 timer again"]);
  });

  test("[SIM7] timers of real-time twins fire in simulated time too", () => {
    const message = { actions: [{ timer: "quiet", ms: 3_000 }] };
    const run = ended(runOf({ a: [[{ emit: "Passive", message }, { delay: "indefinitely" }]] }));
    expect(notesOf(run, "a", "Passive")).toEqual(["0 message", "3000 timer quiet"]);
  });
});

describe("messages", () => {
  test("[SIM8] sent in a step, they are delivered in that step", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), (hops) => {
        const run = runOf({ a: [[{ relay: hops }, { delay: "indefinitely" }]] });
        run.step();
        expect(notesOf(run, `p${hops}`, "Passive")).toEqual(["0 message"]);
        expect(run.twins("Passive").size).toBe(hops);
        expect(run.counts.messages).toBe(hops);
      }),
      { numRuns: 20 },
    );
  });

  test("[SIM8] at 100 deep they are delivered; one more ends the run, with the names of the chain", () => {
    const fine = ended(runOf({ a: [[{ relay: 100 }, { delay: "indefinitely" }]] }));
    expect(fine.reason).toBe("no-work");
    const deep = ended(runOf({ a: [[{ relay: 101 }, { delay: "indefinitely" }]] }));
    expect(deep.reason).toBe("failed");
    expect(deep.detail).toBe(
      "Messages caused each other more than 100 deep at 2026-01-01T00:00:00.000Z: … → " +
        "Passive/p95 → Passive/p96 → Passive/p97 → Passive/p98 → Passive/p99 → Passive/p100 → Passive/p101.",
    );
  });

  test("[SIM8] a real-time twin comes to be with its first message; a simulated instance does not", () => {
    const run = ended(
      runOf({
        a: [
          [
            { send: "Passive/new", message: { note: "hi" } },
            { send: "Actor/new", message: {} },
            { delay: "indefinitely" },
          ],
        ],
      }),
    );
    expect(notesOf(run, "new", "Passive")).toEqual(["0 message hi"]);
    expect(run.twin("Actor", "new")).toBeUndefined();
    expect(run.dropped()).toEqual([
      {
        kind: "dropped",
        atMs: START,
        model: "Actor",
        id: "new",
        text: "a message for an instance that is not in the run",
      },
    ]);
  });

  test("[SIM8] one that its model refuses is dropped alone, and the run goes on", () => {
    const run = ended(
      runOf({
        a: [
          [
            { send: "Passive/p", message: { note: 1 } },
            { send: "Passive/p", message: { note: "good" } },
            { delay: "indefinitely" },
          ],
        ],
      }),
    );
    expect(notesOf(run, "p", "Passive")).toEqual(["0 message good"]);
    expect(run.dropped("Passive", "p")).toHaveLength(1);
    expect(run.reason).toBe("no-work");
  });

  test("[SIM9] they are taken in the order of their senders' names, and of sending", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.string({ unit: fc.constantFrom("a", "b", "c", "7"), minLength: 1, maxLength: 4 }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        fc.integer({ min: 1, max: 16 }),
        (ids, partitions) => {
          const send = (note: string): Action => ({ send: "Passive/p", message: { note } });
          const actors = Object.fromEntries(
            ids.map((id) => [
              `x${id}`,
              [[send(`${id}-1`), send(`${id}-2`), { delay: "indefinitely" } as const]],
            ]),
          );
          const run = ended(runOf(actors, { partitions }));
          const expected = ids
            .toSorted()
            .flatMap((id) => [`0 message ${id}-1`, `0 message ${id}-2`]);
          expect(notesOf(run, "p", "Passive")).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("chance", () => {
  const draw: Action[][] = [[{ do: "draw" }]];
  const drawn = (run: MockSimulation, id: string): readonly string[] =>
    notesOf(run, id).filter((note) => note.includes("drew"));

  test("[SIM10] what an instance draws depends on seed, name and its own steps, and on no other instance", () => {
    const alone = ended(runOf({ a: draw }, { seed: 7 }));
    const among = ended(runOf({ b: draw, a: draw, c: draw }, { seed: 7, partitions: 3 }));
    expect(drawn(alone, "a")).toHaveLength(60);
    expect(new Set(drawn(alone, "a")).size).toBe(60);
    expect(drawn(among, "a")).toEqual(drawn(alone, "a"));
    expect(drawn(among, "b")).not.toEqual(drawn(alone, "a"));
    expect(drawn(ended(runOf({ a: draw }, { seed: 8 })), "a")).not.toEqual(drawn(alone, "a"));
  });
});

describe("wake", () => {
  test("[SIM11] a sleeper that is woken takes part in the present step, and then sleeps again", () => {
    const wake: Action = { send: "Actor/sleeper", message: { actions: [{ wake: true }] } };
    const run = ended(
      runOf({
        sleeper: [[{ delay: "indefinitely" }]],
        waker: [[{ delay: 7_000 }], [wake, { delay: "indefinitely" }]],
      }),
    );
    expect(notesOf(run, "sleeper")).toEqual(["0 simulate", "7000 message", "7000 simulate"]);
    expect({ reason: run.reason, now: run.now }).toEqual({ reason: "no-work", now: START + 7_000 });
  });

  test("[SIM11] it takes the place of the time that was set, and the newest word counts", () => {
    const message = { actions: [{ wake: true }] as Action[] };
    const again = { actions: [{ wake: true }, { delay: 9_500 }] as Action[] };
    const run = ended(
      runOf({
        a: [[{ delay: 20_000 }], [{ delay: "indefinitely" }]],
        b: [[{ delay: 30_000 }], [{ delay: "indefinitely" }]],
        waker: [
          [{ delay: 5_000 }],
          [
            { send: "Actor/a", message },
            { send: "Actor/b", message: again },
            { delay: "indefinitely" },
          ],
        ],
      }),
    );
    expect(timesOf(run, "a")).toEqual([0, 5_000, 5_000]);
    expect(timesOf(run, "b")).toEqual([0, 5_000, 15_000]);
  });

  test("[SIM11] it is not for simulate itself, nor for twins that are not simulated", () => {
    expect(ended(runOf({ a: [[{ wake: true }]] })).detail).toContain(
      "wake: an instance that is simulated just now",
    );
    const toPassive: Action = { send: "Passive/p", message: { actions: [{ wake: true }] } };
    expect(ended(runOf({ a: [[toPassive]] })).detail).toContain(
      'the twins of model "Passive" are not simulated',
    );
  });
});

describe("instances", () => {
  test("[SIM12] are created and deleted in the step in which somebody asks for it", () => {
    const run = runOf({
      a: [
        [
          { create: "Actor/b" },
          { send: "Actor/b", message: { note: "welcome" } },
          { delete: "Actor/c" },
        ],
      ],
      c: [[]],
    });
    run.step();
    expect(notesOf(run, "b")).toEqual(["0 message welcome"]);
    expect(run.twin("Actor", "c")).toBeUndefined();
    expect([...run.twins("Actor").keys()]).toEqual(["a", "b"]);
  });

  test("[SIM12] one that exists stays as it is, and to delete one that does not is nothing", () => {
    const run = ended(
      runOf({
        a: [
          [
            { create: "Actor/a", fields: { step: 40 } },
            { delete: "Actor/none" },
            { delay: "indefinitely" },
          ],
        ],
      }),
    );
    expect(run.twin("Actor", "a")).toMatchObject({ step: 1 });
    expect(run.dropped("Actor", "a")[0]?.text).toBe(
      "createInstance: it exists, and stays as it is",
    );
    expect(run.reason).toBe("no-work");
  });

  test("[SIM12] one that is deleted has no timers and no next time", () => {
    const run = ended(
      runOf({
        a: [[{ timer: "T", ms: 9_000, recurring: true }, { delay: 2_000 }], [{ do: "delete" }]],
      }),
    );
    expect({ twins: run.twins("Actor").size, reason: run.reason, now: run.now }).toEqual({
      twins: 0,
      reason: "no-work",
      now: START + 2_000,
    });
  });

  test("[SIM12] fields that the model does not have fail the run of who names them", () => {
    const run = ended(runOf({ a: [[{ create: "Actor/b", fields: { stepz: 1 } }]] }));
    expect(run.detail).toBe(
      'Actor/a at 2026-01-01T00:00:00.000Z: simulate: RangeError: createInstance: Model Actor has no field "stepz". Did you mean "steps"?',
    );
  });
});

describe("telemetry", () => {
  test("[SIM13] goes to the real-time twin of the same id, and its commands come back", () => {
    const message = {
      actions: [{ command: { note: "slower", actions: [{ wake: true }] } }] as Json[],
    };
    const run = runOf({
      car: [
        [{ emit: "Passive", message: message as never }, { delay: "indefinitely" }],
        [{ delay: "indefinitely" }],
      ],
    });
    run.step();
    expect(notesOf(run, "car", "Passive")).toEqual(["0 message"]);
    expect(notesOf(run, "car")).toEqual(["0 simulate", "0 message slower", "0 simulate"]);
    expect(run.commands("Passive", "car").map(({ body }) => body)).toEqual([
      { note: "slower", actions: [{ wake: true }] },
    ]);
    expect(run.emitted("Passive")).toEqual([
      {
        kind: "telemetry",
        atMs: START,
        model: "Passive",
        id: "car",
        from: { model: "Actor", id: "car" },
        message,
      },
    ]);
  });

  test("[SIM13] is not for simulated twins, nor for models that the run does not have", () => {
    expect(ended(runOf({ a: [[{ emit: "Actor", message: {} }]] })).detail).toContain(
      'emitTelemetry: the twins of model "Actor" are simulated',
    );
    expect(ended(runOf({ a: [[{ emit: "None", message: {} }]] })).detail).toContain(
      'emitTelemetry: there is no model "None"',
    );
  });

  test("[SIM13] of a model that the run feeds goes to the environment's own twins", () => {
    const mock = new MockEnvironment({ models: ACTOR_MODELS, nowMs: START });
    const steps = [[{ emit: "Passive", message: {} }, { delay: 30_000 }]];
    const run = mock.simulate({
      end: START + MINUTE,
      feeds: ["Passive"],
      instances: [{ model: "Actor", id: "a", fields: { steps } }],
    });
    // The live twin notes nothing: it has no run, and fails at once when it looks for one.
    run.run();
    expect(run.emitted("Passive", "a").map(({ atMs }) => atMs - START)).toEqual([0, 30_000]);
    expect(run.twins("Passive").size).toBe(0);
    expect(mock.logs("Passive")).toHaveLength(2);
  });
});

describe("a run ends", () => {
  test("[SIM15] without instances: there is no work left", () => {
    expect(ended(runOf({})).reason).toBe("no-work");
  });

  test("[SIM15] when it is stopped, and then has no step any more", () => {
    const run = runOf({ a: [[]] });
    run.step();
    run.stop();
    expect({ stepped: run.step(), reason: run.reason, next: run.peek() }).toEqual({
      stepped: false,
      reason: "stopped",
      next: null,
    });
  });

  test("[SIM15] when an instance asks for it, after the step is over for all", () => {
    const run = ended(runOf({ a: [[{ delay: 3_000 }], [{ do: "stop" }]], z: [[]] }));
    expect({ reason: run.reason, detail: run.detail, now: run.now }).toEqual({
      reason: "instance",
      detail: "Actor/a",
      now: START + 3_000,
    });
    expect(timesOf(run, "z")).toEqual([0, 1_000, 2_000, 3_000]);
  });

  test("[SIM14] failed when a step throws: others end their round, and the first by name is named", () => {
    const run = ended(
      runOf({ b: [[{ do: "throw" }]], a: [[], [], [{ do: "throw" }]], c: [[]] }, { partitions: 5 }),
    );
    expect(run.reason).toBe("failed");
    expect(run.detail).toBe("Actor/b at 2026-01-01T00:00:00.000Z: simulate: Error: told to throw");
    expect(notesOf(run, "b")).toEqual([]);
    expect(notesOf(run, "c")).toEqual(["0 simulate"]);
  });

  test.each([
    ["unstorable", 'Field "bad"'],
    ["share", "shared data, which a run does not have"],
  ] as const)("[SIM14] failed when a step is %s", (what, text) => {
    expect(ended(runOf({ a: [[{ do: what }]] })).detail).toContain(text);
  });

  test("an end of the environment's calls is not its business: nothing of it touches live twins", () => {
    const mock = new MockEnvironment({ models: ACTOR_MODELS, nowMs: START });
    ended(mock.simulate({ end: START + MINUTE, instances: [{ model: "Actor", id: "a" }] }));
    expect({ twins: mock.twins("Actor").size, now: mock.nowMs }).toEqual({ twins: 0, now: START });
  });
});

describe("from outside", () => {
  test("[SIM18] a message arrives at the run's next time, or at a later one that it names", () => {
    const run = runOf({ a: [[{ delay: 20_000 }], [{ delay: "indefinitely" }]] });
    run.send("Actor", "a", { note: "first" });
    run.step();
    run.send("Actor", "a", { note: "next" });
    run.send("Passive", "p", [{ note: "later" }, { note: "and this" }], START + 4_001);
    expect(run.peek()).toBe(START + 1_000);
    run.run();
    expect(notesOf(run, "a")).toEqual([
      "0 message first",
      "0 simulate",
      "1000 message next",
      "20000 simulate",
    ]);
    expect(notesOf(run, "p", "Passive")).toEqual(["5000 message later", "5000 message and this"]);
  });

  test("[SIM18] the same message at the same time gives the same, saved or not, on any number of partitions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.constantFrom("a", "b", "p")), { maxLength: 10 }),
        fc.integer({ min: 2, max: 16 }),
        (posts, partitions) => {
          const saves = [1, partitions].map((count) => {
            const run = runOf({ a: [[{ do: "draw" }]], b: [[]] }, { partitions: count });
            for (const [second, id] of posts)
              run.send(id === "p" ? "Passive" : "Actor", id, { note: "!" }, START + second * 1_000);
            const copy = run.branch();
            copy.run();
            run.run();
            expect(copy.save()).toEqual(run.save());
            return run.save();
          });
          expect(saves[1]).toEqual(saves[0]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("a context", () => {
  test("knows its run: start, interval, parameters; outside of one there is none", () => {
    const mock = new MockEnvironment({ models: [...ACTOR_MODELS, knower], nowMs: START });
    const run = mock.simulate({
      start: START + 5,
      end: START + MINUTE,
      intervalMs: 7_000,
      parameters: { wind: 12 },
      instances: [{ model: "Knower", id: "k" }],
    });
    run.run();
    expect(run.twin("Knower", "k")).toEqual({
      known: { startTime: START + 5, interval: 7_000, now: START + 5 + 8 * 7_000, wind: 12 },
    });
    mock.send("Knower", "k", {});
    expect(mock.twin("Knower", "k")).toEqual({ known: null });
  });

  test("that is kept after its step says that it does nothing any more", () => {
    const run = new MockEnvironment({ models: [keeper], nowMs: START }).simulate({
      instances: [{ model: "Keeper", id: "k" }],
    });
    run.run();
    expect(run.detail).toContain("delay: this context's step has ended.");
  });
});

class Knowing extends DigitalTwin {
  known: unknown = "nothing yet";
  override processMessages({ simulation }: ProcessingContext): void {
    this.known = simulation;
  }
  override simulate({ startTime, interval, now, parameters }: SimulationContext): void {
    this.known = { startTime, interval, now, ...parameters };
  }
}

class Keeping extends DigitalTwin {
  override processMessages(): void {}
  override simulate(context: SimulationContext): void {
    kept?.delay(1);
    kept = context;
  }
}

let kept: SimulationContext | undefined;
const anything = v.looseObject({});
const knower = model(Knowing, { name: "Knower", message: anything });
const keeper = model(Keeping, { name: "Keeper", message: anything });
