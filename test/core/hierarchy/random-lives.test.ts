/**
 * Random lives of buildings, rooms and sensors: messages, moves, removals, deliveries that come twice, crashes, writes
 * that fail and checkpoints anywhere. In the end every roll-up is what all children together say.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ChildReport } from "../../../src/core/hierarchy/declaration.ts";
import { HIERARCHY_MODELS } from "../../support/hierarchy-models.ts";
import { Network } from "./network.ts";
import type { State } from "./network.ts";

const SENSORS = [
  ["Sensor", "s1"],
  ["Sensor", "s2"],
  ["Sensor", "s3"],
  ["FineSensor", "f1"],
  ["FineSensor", "f2"],
] as const;
const ROOMS = ["r1", "r2", "r3"];
const BUILDINGS = ["b1", "b2", ""];
const CASES = Number(process.env["HIERARCHY_CASES"] ?? 200);

/** What does not happen in some lives, so that more can be said of what comes out. */
const LEFT_OUT = { moves: ["delete"], neither: ["delete", "move", "drop"] };

type Operation =
  | readonly ["measure" | "move" | "drop" | "tell", sensor: number, room: number]
  | readonly ["house", room: number, building: number]
  | readonly ["delete" | "meddle", room: number]
  | readonly ["turn" | "crash" | "checkpoint" | "fault", cell: number]
  | readonly ["deliver", cell: number, limit: number, isLost: boolean];

const index = fc.nat({ max: 5 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom("measure", "measure", "move", "tell", "drop"),
      index,
      index,
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("house"), index, index) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("delete", "meddle"), index) },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom("turn", "turn", "turn", "crash", "checkpoint", "fault"),
      index,
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant("deliver"), index, fc.nat({ max: 3 }), fc.boolean()),
  },
);

/** A life of a network; every measurement is higher than those before, so that a repeat shows. */
class Life {
  readonly network = new Network(HIERARCHY_MODELS);
  #degrees = 0;

  constructor() {
    for (const [i, [model, id]] of SENSORS.entries()) this.measure(model, id, ROOMS[i % 2]);
    for (const id of ROOMS) this.network.send("Room", id, {});
  }

  measure(model: string, id: string, room?: string): void {
    const degrees = this.#degrees++;
    this.network.send(model, id, room === undefined ? { degrees } : { degrees, room });
  }

  do(operation: Operation): void {
    const { keys } = this.network;
    const key = (i: number): string => keys[i % keys.length]!;
    switch (operation[0]) {
      case "measure":
        return this.measure(...sensorOf(operation[1]));
      case "move":
        return this.network.send(...sensorOf(operation[1]), {
          room: operation[2] === 5 ? null : pick(ROOMS, operation[2]),
        });
      case "drop":
        return this.network.send(...sensorOf(operation[1]), { do: "remove" });
      case "tell":
        return this.network.send(...sensorOf(operation[1]), { do: "tell-parent" });
      case "house":
        return this.network.send("Room", pick(ROOMS, operation[1]), {
          building: pick(BUILDINGS, operation[2]),
        });
      case "meddle":
        return this.network.send("Room", pick(ROOMS, operation[1]), { meddle: true });
      case "delete":
        return this.network.remove("Room", pick(ROOMS, operation[1]));
      case "turn":
        this.network.nowMs++;
        return this.network.turn(key(operation[1]));
      case "crash":
        return this.network.crash(key(operation[1]));
      case "fault":
        return this.network.failNext(key(operation[1]));
      case "checkpoint":
        return this.network.cell(key(operation[1])).checkpoint();
      case "deliver": {
        const [, cell, limit, isLost] = operation;
        return this.network.deliver(key(cell), { limit: limit + 1, isLost });
      }
      default:
        throw new Error(`unknown operation ${String(operation)}`);
    }
  }
}

test("roll-ups are what all children together say, whatever came between", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 120, size: "max" }),
      fc.constantFrom("moves", "deletes", "neither"),
      (operations, kind) => {
        const mayDelete = kind === "deletes";
        const life = new Life();
        for (const each of operations)
          if (kind === "deletes" || !LEFT_OUT[kind].includes(each[0])) life.do(each);
        life.network.settle();
        // A room that was deleted knows its children again when they have reported.
        if (mayDelete) {
          for (const model of ["Sensor", "FineSensor"])
            for (const id of life.network.twins(model).keys()) life.measure(model, id);
          life.network.settle();
          for (const id of life.network.twins("Room").keys()) life.network.send("Room", id, {});
          life.network.settle();
        }
        expectRight(life.network, mayDelete);
        // A child that leaves and comes back may say the same again, or less.
        if (kind === "neither") {
          for (const [id, room] of life.network.twins("Room"))
            expectToldOnce(room["told"] as string[], life.network.children("Room", id));
        }
        const before = [...ROOMS, "b1", "b2"].map((id) => contentOf(life.network, id));
        const sent = sentBy(life.network);
        for (const key of life.network.keys) life.network.crash(key);
        life.network.settle();
        // A restart alone tells nobody anything.
        expect(sentBy(life.network)).toEqual(sent);
        expect([...ROOMS, "b1", "b2"].map((id) => contentOf(life.network, id))).toEqual(before);
      },
    ),
    { numRuns: CASES },
  );
});

function sentBy(net: Network): readonly number[] {
  return net.keys.map((key) => net.cell(key).outbox.last);
}

function contentOf(net: Network, id: string): unknown {
  const model = id.startsWith("r") ? "Room" : "Building";
  return [net.state(model, id), net.children(model, id)];
}

function expectRight(net: Network, mayDelete: boolean): void {
  const sensors = [
    ...[...net.twins("FineSensor")].map(([id, state]) => ({ model: "FineSensor", id, state })),
    ...[...net.twins("Sensor")].map(([id, state]) => ({ model: "Sensor", id, state })),
  ].toSorted((a, b) => (`${a.model} ${a.id}` < `${b.model} ${b.id}` ? -1 : 1));
  for (const [id, room] of net.twins("Room")) {
    const own = sensors.filter(({ state }) => state["room"] === id);
    expect(net.children("Room", id)).toEqual(
      own.map(({ model, id: sensor, state }) => ({
        model,
        id: sensor,
        values: valuesOf(model, state),
      })),
    );
    expect(room).toMatchObject(rollupsOver(own.map(({ model, state }) => ({ ...state, model }))));
  }
  const rooms = net.twins("Room");
  for (const { state } of sensors)
    if (typeof state["room"] === "string" && state["room"] !== "")
      expect(rooms.has(state["room"])).toBe(true);
  if (mayDelete) return;
  for (const [id, building] of net.twins("Building")) {
    const own = [...rooms.values()].filter((room) => room["building"] === id);
    expect(building).toEqual({
      rooms: own.length,
      sensors: own.reduce((sum, room) => sum + (room["sensors"] as number), 0),
      worst: worstOf(own.map((room) => room["worst"])),
      hottest: extreme(own, "hottest", Math.max),
    });
  }
}

function rollupsOver(own: readonly State[]): State {
  const degrees = own.map((each) => each["degrees"] as number);
  const sum = degrees.reduce((a, b) => a + b, 0);
  const percents = own.flatMap((each) =>
    each["model"] === "FineSensor" ? [each["percent"] as number] : [],
  );
  return {
    sensors: own.length,
    hot: own.filter((each) => each["status"] === "hot").length,
    worst: worstOf(own.map((each) => each["status"])),
    sum,
    coldest: extreme(own, "degrees", Math.min),
    hottest: extreme(own, "degrees", Math.max),
    mean: own.length === 0 ? null : sum / own.length,
    seenAt:
      own
        .map((each) => each["seenAt"] as string)
        .toSorted()
        .at(-1) ?? null,
    percent: percents.length === 0 ? null : percents.reduce((a, b) => a + b, 0) / percents.length,
  };
}

/** `onReport` hears of each report once: every later one of a child has more degrees, and the last one those it has. */
function expectToldOnce(told: readonly string[], children: readonly ChildReport[]): void {
  const last = new Map<string, number>();
  for (const text of told) {
    const [id, degrees] = text.split(" ") as [string, string];
    expect(Number(degrees)).toBeGreaterThan(last.get(id) ?? -1);
    last.set(id, Number(degrees));
  }
  expect(last).toEqual(new Map(children.map(({ id, values }) => [id, values["degrees"]])));
}

function valuesOf(model: string, { degrees, status, seenAt, percent }: State): State {
  return model === "FineSensor"
    ? { degrees, status, seenAt, percent }
    : { degrees, status, seenAt };
}

function worstOf(statuses: readonly unknown[]): string | null {
  return ["hot", "warm", "ok"].find((status) => statuses.includes(status)) ?? null;
}

function extreme(
  own: readonly State[],
  field: string,
  of: (...values: number[]) => number,
): number | null {
  const values = own.flatMap((each) => (each[field] === null ? [] : [each[field] as number]));
  return values.length === 0 ? null : of(...values);
}

function sensorOf(i: number): readonly [model: string, id: string] {
  return pick(SENSORS, i);
}

function pick<T>(all: readonly T[], i: number): T {
  return all[i % all.length]!;
}
