/** What a deployment that declares something else makes of children that have reported already. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { DigitalTwin, model } from "livetwin";
import type { ModelDefinition } from "livetwin";
import { OUTBOX_MAX, REPORTS_ANEW_PER_COMMIT_MAX } from "../../../src/core/limits.ts";
import { Network } from "./network.ts";

const Message = v.object({ site: v.optional(v.string()), rpm: v.optional(v.number()) });

class Turbine extends DigitalTwin<v.InferOutput<typeof Message>> {
  site = "";
  rpm = 0;

  override processMessages(_context: unknown, messages: v.InferOutput<typeof Message>[]): void {
    for (const message of messages) Object.assign(this, message);
  }
}

class Farm extends DigitalTwin<object> {
  turbines = 0;
  rpm = 0;

  override processMessages(): void {
    // Its fields are kept by the engine.
  }
}

type TurbineOptions = Parameters<typeof model<Turbine>>[1];
type Parent = NonNullable<TurbineOptions["parent"]>;

const turbine = (parent?: Partial<Parent>): ModelDefinition =>
  model(Turbine, {
    name: "Turbine",
    message: Message,
    ...(parent && { parent: { model: "Farm", id: "site", report: ["rpm"], ...parent } }),
  });

const farm = (name: string, ...fields: ("turbines" | "rpm")[]): ModelDefinition =>
  model(Farm, {
    name,
    message: v.object({}),
    rollups: {
      ...(fields.includes("turbines") && { turbines: { op: "count" } }),
      ...(fields.includes("rpm") && { rpm: { op: "sum", field: "rpm" } }),
    },
  });

const FARM = farm("Farm", "turbines");

/** Two turbines of farm `north` and one of `south`. */
function fleet(parent: Partial<Parent> = {}, farmModel = FARM): Network {
  const network = new Network([turbine(parent), farmModel], 1);
  for (const [id, site] of [
    ["a", "north"],
    ["b", "north"],
    ["c", "south"],
  ] as const)
    network.send("Turbine", id, { site, rpm: 10 });
  network.settle();
  return network;
}

/** A commit more, which notes what was delivered: else a restart delivers it again. */
function noted(network: Network): Network {
  network.cellFor("Turbine", "a").put("a", {}, network.nowMs);
  return network;
}

function values(network: Network, farmModel: string, id: string): unknown {
  return network.children(farmModel, id).map((child) => [child.id, child.values]);
}

describe("after a deployment", () => {
  test("of the same models nobody reports anew", () => {
    const network = fleet();
    network.deploy([turbine({}), FARM]);
    expect(network.cellFor("Turbine", "a").hasWork(network.nowMs)).toBe(false);
    expect(network.cellFor("Farm", "north").hasWork(network.nowMs)).toBe(false);
  });

  test("of the same models nobody does who had no parent at the last checkpoint either", () => {
    const network = fleet();
    for (const id of ["a", "b", "c"]) network.send("Turbine", id, { site: "" });
    network.settle();
    network.cellFor("Turbine", "a").checkpoint();
    network.send("Turbine", "a", { site: "north" });
    network.settle();
    network.deploy([turbine({}), FARM]);
    expect(network.cellFor("Turbine", "a").reporting.hasBacklog).toBe(false);
  });

  test("with other fields to report, all children report them, over crashes too", () => {
    const network = fleet({ report: [] });
    expect(values(network, "Farm", "north")).toEqual([
      ["a", {}],
      ["b", {}],
    ]);
    network.deploy([turbine({}), farm("Farm", "turbines", "rpm")]);
    network.turn("Turbine:0");
    network.crash("Turbine:0");
    network.settle();
    expect(values(network, "Farm", "north")).toEqual([
      ["a", { rpm: 10 }],
      ["b", { rpm: 10 }],
    ]);
    expect(network.state("Farm", "north")).toEqual({ turbines: 2, rpm: 20 });
    network.crash("Turbine:0");
    expect(network.cellFor("Turbine", "a").hasWork(network.nowMs)).toBe(false);
  });

  test("with a parent for the first time, all who have one report", () => {
    const network = new Network([turbine(), farm("Farm")], 1);
    network.send("Turbine", "a", { site: "north", rpm: 7 });
    network.send("Turbine", "b", { rpm: 8 });
    network.settle();
    network.deploy([turbine({}), FARM]);
    network.settle();
    expect([...network.twins("Farm")]).toEqual([["north", { turbines: 1, rpm: 0 }]]);
  });

  test("without the parent, its children leave it", () => {
    const network = fleet();
    network.deploy([turbine(), farm("Farm")]);
    network.settle();
    expect(values(network, "Farm", "north")).toEqual([]);
    network.crash("Turbine:0");
    expect(network.cellFor("Turbine", "a").hasWork(network.nowMs)).toBe(false);
    // And back.
    network.deploy([turbine({}), FARM]);
    network.settle();
    expect(network.state("Farm", "north")).toMatchObject({ turbines: 2 });
  });

  test("with another parent's model, children leave the one and report to the other", () => {
    const network = fleet();
    network.deploy([turbine({ model: "Park" }), farm("Farm"), farm("Park", "turbines")]);
    network.settle();
    expect(values(network, "Farm", "north")).toEqual([]);
    expect(network.state("Park", "north")).toMatchObject({ turbines: 2 });
  });

  test("in which the old parent's model is gone, nothing waits for it", () => {
    const network = fleet();
    network.deploy([turbine({ model: "Park" }), farm("Park", "turbines"), farm("Farm")]);
    network.settle();
    const { outbox } = network.cellFor("Turbine", "a");
    const sent = outbox.last;
    noted(network).forget("Park");
    network.deploy([turbine({}), FARM]);
    network.settle();
    expect(network.cellFor("Turbine", "a").outbox.last - sent).toBe(3);
    expect(network.state("Farm", "south")).toMatchObject({ turbines: 1 });
  });

  test("with another function for the parent's id, those move for which it makes a difference", () => {
    const network = fleet({ id: ({ site }) => site });
    network.deploy([turbine({ id: ({ site }, id) => (id === "a" ? "east" : site) }), FARM]);
    network.settle();
    expect(values(network, "Farm", "north")).toEqual([["b", { rpm: 10 }]]);
    expect(values(network, "Farm", "east")).toEqual([["a", { rpm: 10 }]]);
    expect(network.cellFor("Turbine", "a").outbox.last).toBe(3 + 2);
  });

  test("with a function that throws, children leave, which the log says", () => {
    const network = fleet();
    const id = (): string => {
      throw new Error("no way");
    };
    network.deploy([turbine({ id }), FARM]);
    network.settle();
    expect(network.state("Farm", "north")).toMatchObject({ turbines: 0 });
    expect(network.cellFor("Turbine", "a").log.newest(1)[0]?.text).toContain("no way");
  });

  test("with a roll-up more, its field is right as soon as the cell is loaded", () => {
    const network = fleet();
    expect(network.state("Farm", "north")).toEqual({ turbines: 2, rpm: 0 });
    network.deploy([turbine({}), farm("Farm", "turbines", "rpm")]);
    network.settle();
    expect(network.state("Farm", "north")).toEqual({ turbines: 2, rpm: 20 });
    expect(network.cellFor("Turbine", "a").outbox.last).toBe(3);
  });
});

describe("reporting anew", () => {
  function many(count: number): Network {
    const network = new Network([turbine({ report: [] }), FARM], 1);
    const cell = network.cellFor("Turbine", "a");
    const twins = Array.from({ length: count }, (_, i) => ({
      id: `t${i}`,
      state: { site: "north" },
    }));
    cell.putMany(twins, network.nowMs);
    network.settle();
    noted(network).deploy([turbine({}), FARM]);
    return network;
  }

  test("comes in portions, one for each commit", () => {
    const network = many(REPORTS_ANEW_PER_COMMIT_MAX + 1);
    const { outbox } = network.cellFor("Turbine", "a");
    network.turn("Turbine:0");
    expect(outbox.size).toBe(REPORTS_ANEW_PER_COMMIT_MAX);
    network.turn("Turbine:0");
    expect(outbox.size).toBe(REPORTS_ANEW_PER_COMMIT_MAX + 1);
    network.settle();
    expect(network.children("Farm", "north").every(({ values: { rpm } }) => rpm === 0)).toBe(true);
  });

  test("waits while half of the outbox is full", () => {
    const waiting = many(3).cellFor("Turbine", "a");
    for (let n = 1; n <= OUTBOX_MAX / 2; n++)
      waiting.outbox.restore({ n: 1_000 + n, lane: "twin", model: "Farm", id: "x", message: null });
    expect(waiting.reporting.hasBacklog).toBe(false);
    waiting.outbox.delivered(1_001);
    expect(waiting.reporting.hasBacklog).toBe(true);
  });
});
