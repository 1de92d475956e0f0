import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import type { MockSimulation, MockTelemetry } from "livetwin/testing";
import attacker from "./attacker.ts";
import gridNode from "./grid-node.ts";
import statusTracker from "./status-tracker.ts";

const START = Date.UTC(2026, 0, 1);

/** A grid of so many nodes, an hour at most, by seconds. */
function grid(count: number, seed = 7, seconds = 3_600): MockSimulation {
  const mock = new MockEnvironment({ models: [gridNode, attacker, statusTracker] });
  const instances = Array.from({ length: count }, (_, i) => ({
    model: "GridNode",
    id: String(i).padStart(5, "0"),
    fields: {
      nodeType: i % 2 === 0 ? "infrastructure" : "controller",
      region: "NE",
      longitude: -72,
      latitude: 41,
    },
  }));
  return mock.simulate({ start: START, end: START + seconds * 1_000, seed, instances });
}

function conditionOf({ message }: MockTelemetry): string {
  const { type, node_condition } = message as { type: string; node_condition?: string };
  return type === "init" ? "init" : (node_condition ?? "");
}

function secondOf({ atMs }: MockTelemetry): number {
  return (atMs - START) / 1_000;
}

describe("nodes", () => {
  const run = grid(3_000, 7, 300);
  run.run();
  const reports = run.emitted("StatusTracker");

  test("begin with one init each, in the first 6 seconds, and never send another", () => {
    const inits = reports.filter((report) => conditionOf(report) === "init");
    expect(new Set(inits.map(({ id }) => id)).size).toBe(3_000);
    expect(inits).toHaveLength(3_000);
    const starts = [0, 1, 2, 3, 4, 5].map(
      (second) => inits.filter((each) => secondOf(each) === second).length,
    );
    // Spread evenly: 500 each, give or take five standard deviations.
    expect(Math.min(...starts)).toBeGreaterThan(400);
    expect(Math.max(...starts)).toBeLessThan(600);
    expect(inits.find(({ id }) => id === "00001")?.message).toEqual({
      type: "init",
      node_type: "controller",
      region: "NE",
      longitude: -72,
      latitude: 41,
    });
  });

  test("wait 6 seconds after it", () => {
    const firsts = new Map<string, number[]>();
    for (const report of reports)
      firsts.set(report.id, [...(firsts.get(report.id) ?? []), secondOf(report)]);
    const gaps = [...firsts.values()].map(([first = 0, second = 0]) => second - first);
    // A silent first step waits as long again.
    expect(gaps.every((seconds) => seconds > 0 && seconds % 6 === 0)).toBe(true);
    expect(gaps.filter((seconds) => seconds === 6).length / gaps.length).toBeCloseTo(0.8556, 1);
  });

  test("report conditions with the probabilities of the rules", () => {
    // Of each step: 5 % offline, 76 % normal, 3.8 % minor, 0.76 % moderate, the rest silent.
    const steady = reports.filter((report) => conditionOf(report) !== "init");
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
    const waitS: Record<string, number> = {
      init: 6,
      offline: 20,
      normal: 6,
      minor: 6,
      moderate: 10,
    };
    const last = new Map<string, MockTelemetry>();
    const uneven: MockTelemetry[] = [];
    for (const report of reports) {
      const before = last.get(report.id);
      last.set(report.id, report);
      if (before === undefined) continue;
      const waits = (secondOf(report) - secondOf(before)) / waitS[conditionOf(before)]!;
      if (!Number.isInteger(waits)) uneven.push(report);
    }
    expect(uneven).toEqual([]);
  });

  test("are tracked by twins of the same ids, which take every report", () => {
    expect(run.dropped()).toEqual([]);
    const sql =
      "SELECT node_type, count(*) AS nodes FROM StatusTracker GROUP BY node_type ORDER BY node_type";
    const trackers = run.query({ sql });
    expect(trackers.rows.map((row) => Object.values(row))).toEqual([
      ["controller", 1_500],
      ["infrastructure", 1_500],
    ]);
  });
});

describe("an attack", () => {
  test("takes effect at the next step of each node: severe, 60 seconds later offline", () => {
    const run = grid(40);
    run.run(START + 30_000);
    run.send("Attacker", "eve", { ids: ["00003", "00004", "no-such-node"] });
    run.step();
    const attackedAtS = (run.now - START) / 1_000;
    expect(run.twin("GridNode", "00003")).toMatchObject({ attacked: true });
    run.run(START + 200_000);
    for (const id of ["00003", "00004"]) {
      const after = run.emitted("StatusTracker", id).filter((each) => secondOf(each) > attackedAtS);
      expect(after.slice(0, 2).map(conditionOf)).toEqual(["severe", "offline"]);
      expect(secondOf(after[1]!) - secondOf(after[0]!)).toBe(60);
      expect((secondOf(after[2]!) - secondOf(after[1]!)) % 20).toBe(0);
      expect(run.alerts("StatusTracker", id).map(({ ask }) => ask.do)).toEqual([
        "raise",
        "resolve",
      ]);
    }
    expect(run.twin("Attacker", "eve")).toEqual({ attacks: 3 });
    expect(run.dropped().map(({ model, id }) => `${model}/${id}`)).toEqual([
      "GridNode/no-such-node",
    ]);
  });

  test("before a node's first step comes after it has said what it is", () => {
    const run = grid(1);
    run.send("GridNode", "00000", { attack: true });
    run.run(START + 100_000);
    expect(run.emitted().slice(0, 3).map(conditionOf)).toEqual(["init", "severe", "offline"]);
  });

  test("tells the node to isolate itself, which it hears and leaves at that", () => {
    const run = grid(1);
    run.send("GridNode", "00000", { attack: true });
    run.run(START + 30_000);
    expect(run.commands("StatusTracker", "00000").map(({ body }) => body)).toEqual([
      { command: "isolate", alert_level: 10 },
    ]);
    expect(run.dropped()).toEqual([]);
    expect(run.twin("GridNode", "00000")).toMatchObject({ status: "severe", attacked: false });
  });

  test("is the only difference from a run without it", () => {
    const calm = grid(100);
    calm.run(START + 30_000);
    const attacked = calm.branch();
    attacked.send("Attacker", "eve", { ids: ["00007"] });
    calm.run(START + 120_000);
    attacked.run(START + 120_000);
    const differing = [...calm.twins("StatusTracker")].filter(
      ([id, twin]) => JSON.stringify(attacked.twin("StatusTracker", id)) !== JSON.stringify(twin),
    );
    expect(differing.map(([id]) => id)).toEqual(["00007"]);
  });
});
