import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { seededRandom } from "livetwin";
import { Instance } from "../../../src/core/simulation/instance.ts";
import type { RunRequest } from "../../../src/core/simulation/plan.ts";
import { SpreadRun } from "./spread-run.ts";
import type { Outcome } from "./spread-run.ts";
import { FIRST_WANDERERS, WANDERERS } from "./wanderer.ts";

const START = Date.UTC(2026, 0, 1);

function outcomeOf(
  request: RunRequest,
  partitions: number,
  restarts: number,
  chance: number,
): Outcome {
  const spread = { partitions, restarts, chance: seededRandom(chance) };
  return new SpreadRun(WANDERERS, request, FIRST_WANDERERS, spread).run();
}

describe("[SIM16] the same seed gives the same states, records and end", () => {
  const runs = fc.record({
    seed: fc.integer(),
    seconds: fc.integer({ min: 5, max: 60 }),
    intervalMs: fc.constantFrom(1, 250, 1_000, 1_700),
    chance: fc.integer(),
    feeds: fc.boolean(),
  });

  test("on 1, 2, 7 and 16 partitions visited in any order, with and without restarts", () => {
    let events = 0;
    fc.assert(
      fc.property(runs, ({ seed, seconds, intervalMs, chance, feeds }) => {
        const request = {
          startMs: START,
          endMs: START + seconds * 1_000,
          intervalMs,
          seed,
          showsTelemetry: true,
          feeds: feeds ? ["Tracker"] : [],
        };
        const one = outcomeOf(request, 1, 0, chance);
        events += one.course.counts.steps;
        for (const partitions of [1, 2, 7, 16]) {
          expect(outcomeOf(request, partitions, 0, chance)).toEqual(one);
          expect(outcomeOf(request, partitions, 0.2, chance)).toEqual(one);
        }
      }),
      { numRuns: 60 },
    );
    // The models do wander: a run that did nothing would be the same, too.
    expect(events).toBeGreaterThan(5_000);
  });

  test("and another seed gives others", () => {
    const request = { startMs: START, endMs: START + 30_000 };
    const one = outcomeOf({ ...request, seed: 1 }, 1, 0, 1);
    expect(one.course.counts.steps).toBeGreaterThan(100);
    expect(outcomeOf({ ...request, seed: 2 }, 1, 0, 1).states).not.toEqual(one.states);
  });
});

test("[SIM10] of 200,000 instances, some draw the same once, and none the same again and again", () => {
  const definition = WANDERERS[0]!;
  const kind = { definition, isSimulated: true, hasInit: true };
  const twin = definition.blank();
  const once = new Set<number>();
  const twice = new Set<string>();
  for (let i = 0; i < 200_000; i++) {
    const instance = new Instance(kind, String(i), twin);
    const first = instance.randomSeed(7);
    instance.steps++;
    once.add(first);
    twice.add(`${first}/${instance.randomSeed(7)}`);
  }
  expect(once.size).toBeLessThan(200_000);
  expect(twice.size).toBe(200_000);
});

describe("[SIM17] a snapshot", () => {
  const options = { start: START, end: START + 60_000, seed: 5, instances: FIRST_WANDERERS };
  const mock = new MockEnvironment({ models: WANDERERS });

  test("at any step goes on with the same result", () => {
    const whole = mock.simulate(options);
    whole.run();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 1, max: 16 }),
        (steps, partitions) => {
          const run = mock.simulate({ ...options, partitions });
          for (let step = 0; step < steps; step++) run.step();
          const copy = run.branch();
          copy.run();
          expect(copy.save()).toEqual(whole.save());
        },
      ),
      { numRuns: 30 },
    );
  });

  test("branched with another seed goes another way from there, and leaves the first as it was", () => {
    const run = mock.simulate(options);
    run.run(START + 20_000);
    const before = run.save();
    const branch = run.branch({ seed: 6 });
    expect(branch.now).toBe(run.now);
    branch.run();
    expect(run.save()).toEqual(before);
    run.run();
    expect(branch.save().slice(1)).not.toEqual(run.save().slice(1));
  });

  test("of a run that had come to its end goes on to a later one, as if that had been its end", () => {
    const short = mock.simulate({ ...options, end: START + 25_000 });
    short.run();
    const longer = short.branch({ endMs: options.end });
    longer.run();
    const whole = mock.simulate(options);
    whole.run();
    expect(longer.save()).toEqual(whole.save());
  });

  test("in an environment that restarts between calls changes nothing", () => {
    const restarting = new MockEnvironment({ models: WANDERERS, restartBetweenCalls: true });
    const [whole, broken] = [mock, restarting].map((environment) => {
      const run = environment.simulate(options);
      run.run();
      return run;
    });
    expect(broken!.save()).toEqual(whole!.save());
  });
});
