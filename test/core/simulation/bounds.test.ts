/** What a run refuses, and where its limits are: both sides of each. */
import { describe, expect, test } from "vitest";
import { modelsByName } from "../../../src/core/hierarchy/check.ts";
import {
  SIMULATION_INSTANCES_MAX,
  SIMULATION_INTERVAL_MS_MAX,
  SIMULATION_INTERVAL_MS_MIN,
  SIMULATION_PARAMETERS_CHARS_MAX,
  SIMULATION_PARTITIONS_MAX,
  SIMULATION_STEP_MESSAGES_DEFAULT,
  SIMULATION_STEP_MESSAGES_MAX,
} from "../../../src/core/limits.ts";
import type { Result } from "../../../src/core/refusal.ts";
import { RunCourse } from "../../../src/core/simulation/course.ts";
import { planOf } from "../../../src/core/simulation/plan.ts";
import type { RunInstance, RunPlan, RunRequest } from "../../../src/core/simulation/plan.ts";
import type { RoundResult } from "../../../src/core/simulation/round.ts";
import { resumeRun, startRun } from "../../../src/core/simulation/run.ts";
import type { SimulationRun } from "../../../src/core/simulation/run.ts";
import { ACTOR_MODELS } from "./actor.ts";

const START = Date.UTC(2026, 0, 1);
const models = modelsByName(ACTOR_MODELS);

function plan(request: Partial<RunRequest> = {}): Result<RunPlan> {
  return planOf({ startMs: START, ...request }, models);
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.refusal.detail);
  return result.value;
}

function detailOf(result: Result<unknown>): string {
  return result.ok ? "fine" : `${result.refusal.code}: ${result.refusal.detail}`;
}

function start(instances: readonly RunInstance[], partitions = 1): Result<SimulationRun> {
  return startRun({ plan: valueOf(plan({ feeds: ["Starter"] })), models, partitions }, instances);
}

describe("a plan", () => {
  test.each([
    [{ intervalMs: SIMULATION_INTERVAL_MS_MIN }, "fine"],
    [
      { intervalMs: SIMULATION_INTERVAL_MS_MIN - 1 },
      "The interval is 0 ms; it must be an integer from 1 to 86400000.",
    ],
    [{ intervalMs: SIMULATION_INTERVAL_MS_MAX }, "fine"],
    [{ intervalMs: SIMULATION_INTERVAL_MS_MAX + 1 }, "The interval is 86400001 ms"],
    [{ intervalMs: 0.5 }, "The interval is 0.5 ms"],
    [{ parameters: { p: "x".repeat(SIMULATION_PARAMETERS_CHARS_MAX - 8) } }, "fine"],
    [
      { parameters: { p: "x".repeat(SIMULATION_PARAMETERS_CHARS_MAX - 7) } },
      "The parameters have 64001 characters",
    ],
    [{ endMs: START }, "fine"],
    [{ endMs: START - 1 }, "is before the start"],
    [{ endMs: Number.NaN }, "The end is NaN"],
    [{ startMs: 8.64e15 }, "fine"],
    [{ startMs: 8.64e15 + 1 }, "The start is 8640000000000001"],
    [{ seed: -7 }, "fine"],
    [{ seed: 0.5 }, "The seed is 0.5; it must be an integer."],
    [{ stepMessagesMax: SIMULATION_STEP_MESSAGES_MAX }, "fine"],
    [{ stepMessagesMax: SIMULATION_STEP_MESSAGES_MAX + 1 }, "stepMessagesMax is 2000001"],
    [{ stepMessagesMax: 0 }, "stepMessagesMax is 0; it must be an integer from 1 to 2000000."],
    [{ feeds: ["Actor"] }, "fine"],
    [{ feeds: ["None"] }, 'The run has no model "None". Models: Passive, Actor, Starter.'],
  ])("%#: %j", (request, detail) => {
    const result = plan(request);
    if (detail === "fine") expect(detailOf(result)).toBe("fine");
    else {
      expect(detailOf(result)).toContain("simulation/malformed: ");
      expect(detailOf(result)).toContain(detail);
    }
  });
});

describe("a run", () => {
  test.each([
    [1, "fine"],
    [SIMULATION_PARTITIONS_MAX, "fine"],
    [0, "simulation/malformed: 0 partitions; there must be from 1 to 1024."],
    [
      SIMULATION_PARTITIONS_MAX + 1,
      "simulation/malformed: 1025 partitions; there must be from 1 to 1024.",
    ],
  ])("on %s partitions: %s", (partitions, detail) => {
    expect(detailOf(start([], partitions))).toBe(detail);
  });

  test.each([
    [
      { model: "None", id: "a" },
      'simulation/malformed: The run has no model "None". Models: Passive, Actor, Starter.',
    ],
    [{ model: "Actor", id: "a/b" }, 'simulation/malformed: "a/b" is no twin id.'],
    [
      { model: "Actor", id: "twice" },
      'simulation/malformed: Instance "twice" of model Actor: there are two of that name.',
    ],
    [
      { model: "Starter", id: "a" },
      'simulation/malformed: Twins of model "Starter" are not of the run: it feeds them.',
    ],
    [
      { model: "Actor", id: "a", fields: { step: "x" } },
      'twin/invalid-field: Field "step" of model Actor is a number, not a string.',
    ],
    [
      { model: "Actor", id: "a", fields: { step: Number.NaN } },
      'simulation/malformed: Instance "a" of model Actor: it can\'t be made: RangeError: Field "step": NaN is no JSON number.',
    ],
  ])("begins with no instance %j", (instance, detail) => {
    expect(detailOf(start([{ model: "Actor", id: "twice" }, instance]))).toBe(detail);
  });

  test("takes no message from outside for what it has not", () => {
    const run = valueOf(start([]));
    expect(detailOf(run.post("None", "a", {}))).toContain('no model "None"');
    expect(detailOf(run.post("Actor", "", {}))).toContain("no twin id");
    expect(detailOf(run.post("Starter", "a", {}))).toContain("it feeds them");
    expect(detailOf(run.post("Passive", "a", {}))).toBe("fine");
  });

  test("is not read from what is no snapshot, nor without its models", () => {
    const lines = valueOf(start([{ model: "Actor", id: "a" }])).save();
    expect(detailOf(resumeRun({ models }, []))).toContain(
      "no head of a livetwin-simulation/1 snapshot",
    );
    expect(detailOf(resumeRun({ models }, ["{}"]))).toContain("no head");
    expect(detailOf(resumeRun({ models }, [lines[0]!, "["]))).toContain(
      "The snapshot can't be read",
    );
    const others = new Map([...models].filter(([name]) => name !== "Actor"));
    expect(detailOf(resumeRun({ models: others }, lines))).toContain(
      'no model "Actor" for the snapshot',
    );
    expect(detailOf(resumeRun({ models, partitions: 3 }, lines))).toBe("fine");
    expect(detailOf(resumeRun({ models }, lines, { seed: 0.1 }))).toContain("The seed is 0.1");
  });
});

describe("a step", () => {
  const result: RoundResult = {
    partition: 0,
    sent: [],
    isBusy: false,
    steps: 1,
    messages: 0,
    telemetry: 0,
    dropped: 0,
    records: [],
    instances: 1,
    stoppedBy: null,
    failure: null,
    chain: null,
    nextAtMs: null,
  };

  function endAfter(...rounds: Partial<RoundResult>[]): string | null | undefined {
    const course = new RunCourse(valueOf(plan()), [START, null], [1, 0]);
    course.begin();
    for (const round of rounds) course.after([{ ...result, ...round }]);
    return course.end?.detail;
  }

  test("may leave so many instances, and one more fails the run", () => {
    expect(endAfter({ instances: SIMULATION_INSTANCES_MAX })).toBeNull();
    expect(endAfter({ instances: SIMULATION_INSTANCES_MAX + 1 })).toBe(
      "1000001 instances after the step at 2026-01-01T00:00:00.000Z; the limit is 1000000.",
    );
  });

  test("may send so many messages in all its rounds, and one more fails the run", () => {
    const half = SIMULATION_STEP_MESSAGES_DEFAULT / 2;
    const first = { messages: half, isBusy: true };
    expect(endAfter(first, { messages: half })).toBeNull();
    expect(endAfter(first, { messages: half + 1 })).toBe(
      "More than 250000 messages and records in the step at 2026-01-01T00:00:00.000Z.",
    );
  });
});

test.each([1, 3])(
  "a flood ends its run before it fills the memory of one of %s partitions",
  (partitions) => {
    const flood = { steps: [[{ relay: 50 }, { relay: 50 }, { relay: 50 }]] };
    const small = valueOf(plan({ stepMessagesMax: 100 }));
    const instances = Array.from({ length: 200 }, (_, n) => {
      return { model: "Actor", id: `a${n}`, fields: flood };
    });
    const run = valueOf(startRun({ plan: small, models, partitions }, instances));
    while (run.step());
    expect(run.end?.detail).toBe(
      "More than 100 messages and records in the step at 2026-01-01T00:00:00.000Z.",
    );
    // Each stops when it alone has too many; all of them would send 600 in the first round.
    expect(run.counts.messages).toBeLessThanOrEqual(partitions * 103);
  },
);

test("a run without an end ends with the calendar", () => {
  const timed = valueOf(plan({ startMs: 8.64e15 - 1_500 }));
  const run = valueOf(startRun({ plan: timed, models }, [{ model: "Actor", id: "a" }]));
  while (run.step());
  expect({ end: run.end, steps: run.counts.steps }).toEqual({
    end: { reason: "end-time", atMs: 8.64e15, detail: null },
    steps: 2,
  });
});
