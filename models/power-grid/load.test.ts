import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { gridLoad } from "./load.ts";
import type { GridLoad, GridReport } from "./load.ts";
import type { GridNode } from "./nodes.ts";
import statusTracker from "./status-tracker.ts";

function nodes(count: number): readonly GridNode[] {
  return Array.from({ length: count }, (_, i) => ({
    id: String(i).padStart(5, "0"),
    nodeType: i % 2 === 0 ? "infrastructure" : "controller",
    region: "NE",
    longitude: -72,
    latitude: 41,
  }));
}

/** The reports before `untilMs`. The one after them is lost. */
function reportsUntil(load: GridLoad, untilMs: number): readonly GridReport[] {
  const reports: GridReport[] = [];
  const iterator = load[Symbol.iterator]();
  for (;;) {
    const { value } = iterator.next();
    if (value === undefined || value.atMs >= untilMs) return reports;
    reports.push(value);
  }
}

function conditionOf({ message }: GridReport): string {
  return message.type === "init" ? "init" : message.node_condition;
}

describe("20,000 nodes", () => {
  const reports = reportsUntil(gridLoad(nodes(20_000), 7), 120_000);
  const steady = reports.filter(({ atMs }) => atMs >= 30_000);

  test("report in order of time", () => {
    expect(reports.every(({ atMs }, i) => (reports[i - 1]?.atMs ?? 0) <= atMs)).toBe(true);
  });

  test("begin with one init each, in the first 6 seconds, and never send another", () => {
    const inits = reports.filter(({ message }) => message.type === "init");
    expect(inits).toHaveLength(20_000);
    expect(new Set(inits.map(({ id }) => id)).size).toBe(20_000);
    expect(Math.max(...inits.slice(-100).map(({ atMs }) => atMs))).toBeLessThan(6_000);
    expect(inits.find(({ id }) => id === "00001")?.message).toEqual({
      type: "init",
      node_type: "controller",
      region: "NE",
      longitude: -72,
      latitude: 41,
    });
  });

  test("send about 2,500 messages a second", () => {
    const perSecond = steady.length / 90;
    expect(perSecond).toBeGreaterThan(2_450);
    expect(perSecond).toBeLessThan(2_550);
  });

  test("report conditions with the probabilities of the rules", () => {
    // Of each step: 5 % offline, 76 % normal, 3.8 % minor, 0.76 % moderate, the rest silent.
    const steps = steady.length / 0.8556;
    const share = (condition: string): number =>
      steady.filter((report) => conditionOf(report) === condition).length / steps;
    expect(share("offline")).toBeCloseTo(0.05, 2);
    expect(share("normal")).toBeCloseTo(0.76, 2);
    expect(share("minor")).toBeCloseTo(0.038, 2.5);
    expect(share("moderate")).toBeCloseTo(0.0076, 3);
    expect(share("severe")).toBe(0);
  });

  test("wait after each report as its condition says, and as long again for every silent step", () => {
    const waitMs = { init: 6_000, offline: 20_000, normal: 6_000, minor: 6_000, moderate: 10_000 };
    const last = new Map<string, GridReport>();
    const uneven: GridReport[] = [];
    let gaps = 0;
    let silentSteps = 0;
    for (const report of reports) {
      const before = last.get(report.id);
      last.set(report.id, report);
      // Of a gap that began in the second half, the end may be beyond what is looked at.
      if (before === undefined || before.atMs >= 60_000) continue;
      const waits =
        (report.atMs - before.atMs) / waitMs[conditionOf(before) as keyof typeof waitMs];
      if (!Number.isInteger(waits)) uneven.push(report);
      gaps++;
      silentSteps += waits - 1;
    }
    expect(uneven).toEqual([]);
    // 14.44 % of all steps are silent.
    expect(silentSteps / (gaps + silentSteps)).toBeCloseTo(0.1444, 2);
  });
});

test("the same nodes and seed give the same reports; another seed gives others", () => {
  const first = reportsUntil(gridLoad(nodes(50), 3), 60_000);
  expect(reportsUntil(gridLoad(nodes(50), 3), 60_000)).toEqual(first);
  expect(reportsUntil(gridLoad(nodes(50), 4), 60_000)).not.toEqual(first);
});

test("a grid without nodes reports nothing", () => {
  expect([...gridLoad([], 1)]).toEqual([]);
});

describe("an attacked node", () => {
  test("reports severe at its next step, once, and offline 60 seconds later", () => {
    const load = gridLoad(nodes(20), 5);
    reportsUntil(load, 30_000);
    load.attack(["00003", "no-such-node"]);
    const after = reportsUntil(load, 200_000).filter(({ id }) => id === "00003");
    expect(after.slice(0, 2).map(conditionOf)).toEqual(["severe", "offline"]);
    const [severeAtMs = 0, offlineAtMs = 0, nextAtMs = 0] = after.map(({ atMs }) => atMs);
    expect(offlineAtMs - severeAtMs).toBe(60_000);
    expect(severeAtMs).toBeLessThan(51_000);
    // A silent step after offline waits 20 seconds again.
    expect((nextAtMs - offlineAtMs) % 20_000).toBe(0);
    expect(after.filter((report) => conditionOf(report) === "severe")).toHaveLength(1);
  });

  test("before its first step says what it is first", () => {
    const load = gridLoad(nodes(1), 5);
    load.attack(["00000"]);
    expect(reportsUntil(load, 100_000).slice(0, 3).map(conditionOf)).toEqual([
      "init",
      "severe",
      "offline",
    ]);
  });

  test("that is attacked again while it is severe reports severe twice", () => {
    const load = gridLoad(nodes(1), 5);
    load.attack(["00000"]);
    expect(nextTwo(load)).toEqual(["init", "severe"]);
    load.attack(["00000"]);
    expect(nextTwo(load)).toEqual(["severe", "offline"]);
  });
});

test("the model takes every report of the load", () => {
  const env = new MockEnvironment({ models: [statusTracker] });
  const load = gridLoad(nodes(100), 9);
  load.attack(["00001"]);
  const reports = reportsUntil(load, 120_000);
  const { accepted, rejected } = env.sendBatch("StatusTracker", reports);
  expect({ accepted, rejected }).toEqual({ accepted: reports.length, rejected: [] });
  expect(env.twin("StatusTracker", "00001")).toMatchObject({
    node_type: "controller",
    severeIncidentCount: 1,
  });
  expect(env.alerts()).toHaveLength(1);
});

function nextTwo(load: GridLoad): readonly string[] {
  const reports = load[Symbol.iterator]();
  return [reports.next(), reports.next()].map(({ value }) =>
    value === undefined ? "the end" : conditionOf(value),
  );
}
