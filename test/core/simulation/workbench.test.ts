/**
 * What engines of this kind agree upon, with figures: how often who takes part, and how a run ends. Where an engine had a
 * defect (a delay of 0 that never comes back, timers in real time) the figure is the right one.
 */
import { expect, test } from "vitest";
import * as v from "valibot";
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext, SimulationContext } from "livetwin";
import { MockEnvironment } from "livetwin/testing";
import type { MockSimulation } from "livetwin/testing";
import type { RunInstance } from "../../../src/core/simulation/plan.ts";

const START = Date.UTC(2026, 0, 1);
const Anything = v.looseObject({});
type Anything = v.InferOutput<typeof Anything>;

/** Counts its steps, and waits so long after each. */
class Counting extends DigitalTwin<Anything> {
  count = 0;
  delayS = 1;
  processMessages(): void {}
  override simulate(context: SimulationContext): void {
    this.count++;
    context.delay(this.delayS * 1_000);
  }
}

/** A pump fills cars, which drive off when they have enough. */
class Pump extends DigitalTwin<Anything> {
  rate = 0.29;
  processMessages(): void {}
  override simulate(context: SimulationContext): void {
    context.sendToTwin("Car", "car", { litres: this.rate });
  }
}

class Car extends DigitalTwin<{ litres: number }> {
  litres = 0;
  fills = 0;
  override processMessages(context: ProcessingContext, messages: { litres: number }[]): void {
    for (const { litres } of messages) {
      this.litres += litres;
      this.fills++;
    }
    if (this.litres >= 1.4) context.simulation!.deleteInstance("Pump", "pump");
  }
}

/** Slows down by one with each step, and then does what its `end` says. */
class Slowing extends DigitalTwin<Anything> {
  speed = 5;
  end: "delete" | "remove" | "stop" | "sleep" = "delete";
  processMessages(): void {}
  override simulate(context: SimulationContext): "remove" | undefined {
    if (--this.speed > 0) return undefined;
    if (this.end === "remove") return "remove";
    if (this.end === "delete") context.deleteThisInstance();
    else if (this.end === "stop") context.stopSimulation();
    else context.delayIndefinitely();
    return undefined;
  }
}

/** Begins with 1,000, and logs three lines and an alert a step. */
class Begun extends DigitalTwin<Anything> {
  value = 0;
  processMessages(): void {}
  override initSimulation(): void {
    this.value = 1_000;
  }
  override simulate(context: SimulationContext): void {
    this.value++;
    for (const line of [1, 2, 3]) context.log("info", `line ${line}`);
    context.alert({ title: "again" });
  }
}

const models = [
  model(Counting, { name: "Counting", message: Anything }),
  model(Pump, { name: "Pump", message: Anything }),
  model(Car, { name: "Car", message: v.object({ litres: v.number() }) }),
  model(Slowing, { name: "Slowing", message: Anything }),
  model(Begun, { name: "Begun", message: Anything }),
];

function run(instances: readonly RunInstance[], seconds = 60): MockSimulation {
  const mock = new MockEnvironment({ models, nowMs: START });
  const simulation = mock.simulate({ end: START + seconds * 1_000, instances });
  simulation.run();
  return simulation;
}

function counting(count: number, delayOf: (i: number) => number): readonly RunInstance[] {
  return Array.from({ length: count }, (_, i) => {
    return { model: "Counting", id: String(i), fields: { delayS: delayOf(i) } };
  });
}

test("one twin that waits a second is called 60 times in a minute, and the run's time is its end", () => {
  const simulation = run(counting(1, () => 1));
  expect(simulation.twin("Counting", "0")).toMatchObject({ count: 60 });
  expect({ reason: simulation.reason, now: simulation.now }).toEqual({
    reason: "end-time",
    now: START + 60_000,
  });
});

test("a thousand twins of which the i-th waits i seconds are called 1,308 times", () => {
  expect(run(counting(1_000, (i) => i)).counts.steps).toBe(1_308);
});

test("a thousand twins that wait ten minutes are called once each in a minute", () => {
  const simulation = run(counting(1_000, () => 600));
  expect({ steps: simulation.counts.steps, reason: simulation.reason }).toEqual({
    steps: 1_000,
    reason: "end-time",
  });
});

test("two twins that wait 10 and 15 seconds have their steps at 0, 10, 15, 20, 30 and so on", () => {
  const mock = new MockEnvironment({ models, nowMs: START });
  const instances = counting(2, (i) => 10 + i * 5);
  const simulation = mock.simulate({ end: START + 60_000, instances });
  const times: number[] = [];
  for (let next = simulation.peek(); next !== null; next = simulation.peek()) {
    times.push((next - START) / 1_000);
    simulation.step();
  }
  expect(times).toEqual([0, 10, 15, 20, 30, 40, 45, 50]);
});

test("a car is full after five fills, and no work is left when the pump is gone", () => {
  const simulation = run([
    { model: "Pump", id: "pump" },
    { model: "Car", id: "car" },
  ]);
  expect(simulation.twin("Car", "car")).toEqual({ litres: 0.29 * 5, fills: 5 });
  expect(simulation.twin("Pump", "pump")).toBeUndefined();
  expect({ reason: simulation.reason, now: simulation.now }).toEqual({
    reason: "no-work",
    now: START + 4_000,
  });
});

test.each([
  ["delete", "no-work", 0],
  ["remove", "no-work", 0],
  ["stop", "instance", 1],
  ["sleep", "no-work", 1],
] as const)("one that ends with %s after 5 steps ends the run with %s", (end, reason, left) => {
  const simulation = run([{ model: "Slowing", id: "s", fields: { end } }]);
  expect({
    reason: simulation.reason,
    now: simulation.now,
    times: simulation.counts.times,
    left: simulation.twins("Slowing").size,
  }).toEqual({ reason, now: START + 4_000, times: 5, left });
});

test("the run lasts as long as the last of those that fall asleep", () => {
  const instances = [5, 50].map((speed) => {
    return { model: "Slowing", id: `s${speed}`, fields: { speed, end: "sleep" } };
  });
  expect(run(instances).counts.times).toBe(50);
});

test("what initSimulation sets is there before the first of 15 steps", () => {
  const simulation = run([{ model: "Begun", id: "b" }], 15);
  expect(simulation.twin("Begun", "b")).toEqual({ value: 1_015 });
  expect(simulation.logs()).toHaveLength(45);
  expect(simulation.logs().filter(({ atMs }) => atMs >= START + 5_000)).toHaveLength(30);
  expect(simulation.alerts()).toHaveLength(15);
});
