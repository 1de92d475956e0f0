/** What children report, and what follows from it for their parents, cell by cell. */
import { describe, expect, test } from "vitest";
import { viewOf } from "../../../src/core/cell/view.ts";
import {
  CHILDREN_PER_CELL_MAX,
  CHILDREN_PER_PARENT_MAX,
  CHILDREN_SHOWN_MAX,
  REPORT_STRING_CHARS_MAX,
  STEP_MS_MAX,
} from "../../../src/core/limits.ts";
import type { Refusal } from "../../../src/core/refusal.ts";
import { HIERARCHY_MODELS, roomGate } from "../../support/hierarchy-models.ts";
import { Network } from "./network.ts";

/** A network with a cell for each model, and what tests ask of it. */
class Rooms extends Network {
  constructor() {
    super(HIERARCHY_MODELS, 1);
  }

  /** Sends messages in one request, and settles everything. */
  tell(model: string, id: string, ...messages: unknown[]): readonly Refusal[] {
    const refusals = this.submit(model, id, ...messages);
    this.settle();
    return refusals;
  }

  submit(model: string, id: string, ...messages: unknown[]): Refusal[] {
    const refusals: Refusal[] = [];
    this.cellFor(model, id).submit({
      elements: messages.map((message) => ({ id, message })),
      wantCommands: false,
      settle: ({ rejected }) => refusals.push(...rejected.map(([, refusal]) => refusal)),
    });
    return refusals;
  }

  logOf(model: string): readonly string[] {
    return this.cellFor(model, "")
      .log.newest(100)
      .map(({ id, text }) => `${id}: ${text}`);
  }
}

function roomWith(...degrees: number[]): Rooms {
  const rooms = new Rooms();
  for (const [i, each] of degrees.entries())
    rooms.tell("Sensor", `s${i}`, { room: "r", degrees: each });
  return rooms;
}

describe("a report", () => {
  test("leaves with the commit that changes what it says, and with no other", () => {
    const rooms = roomWith(20);
    const { outbox } = rooms.cellFor("Sensor", "s0");
    expect(outbox.last).toBe(1);
    rooms.tell("Sensor", "s0", { note: "nothing that is reported" });
    expect(outbox.last).toBe(1);
    rooms.tell("Sensor", "s0", { degrees: 20 });
    expect(outbox.last).toBe(1);
    rooms.tell("Sensor", "s0", { degrees: 21 });
    expect(outbox.last).toBe(2);
    rooms.tell("Sensor", "s1", { degrees: 21 });
    expect(outbox.last).toBe(2);
  });

  test("is one for all that a commit changes, and none for a refused message", () => {
    const rooms = roomWith(20);
    // The bad one makes the engine try them one by one.
    const refusals = rooms.tell(
      "Sensor",
      "s0",
      { degrees: 21 },
      { degrees: 40, do: "throw" },
      { degrees: 22 },
    );
    expect(refusals).toMatchObject([{ code: "model/failed" }]);
    expect(rooms.cellFor("Sensor", "s0").outbox.last).toBe(2);
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 22, told: ["s0 20", "s0 22"] });
  });

  test("costs no row of its own where it leaves, and one where it arrives", () => {
    const rooms = roomWith(20);
    rooms.tell("Sensor", "s0", { degrees: 21 });
    const [sensors, room] = [rooms.store("Sensor", "s0"), rooms.store("Room", "r")];
    const before = [sensors.rowsWritten, room.rowsWritten];
    for (let i = 0; i < 100; i++) rooms.submit("Sensor", `new${i}`, { room: "r", degrees: i });
    rooms.settle();
    // One commit of 100 twins takes several turns, by its budget of time.
    const turns = sensors.rowsWritten - before[0]!;
    expect(room.rowsWritten - before[1]!).toBeLessThanOrEqual(turns);
    expect(rooms.state("Room", "r")).toMatchObject({ sensors: 101 });
  });

  test("has a text up to its limit, and a longer one cut", () => {
    const rooms = roomWith(1);
    const put = (length: number): unknown => {
      rooms.cellFor("Sensor", "s0").put("s0", { status: "x".repeat(length) }, rooms.nowMs);
      rooms.settle();
      return rooms.children("Room", "r")[0]?.values["status"];
    };
    expect(put(REPORT_STRING_CHARS_MAX)).toHaveLength(REPORT_STRING_CHARS_MAX);
    expect(put(REPORT_STRING_CHARS_MAX + 1)).toHaveLength(REPORT_STRING_CHARS_MAX);
    expect(rooms.state("Sensor", "s0")!["status"]).toHaveLength(REPORT_STRING_CHARS_MAX + 1);
  });

  test("that comes twice, or was applied before a crash, changes nothing", () => {
    const rooms = roomWith(20, 30);
    const { version } = rooms.cellFor("Room", "r");
    const told = rooms.state("Room", "r")!["told"];
    for (const crash of [false, true]) {
      if (crash) rooms.crash("Room:0");
      rooms.cellFor("Room", "r").submitDelivery({
        sender: "Sensor:0/x",
        entries: [[1, "r", ["Sensor", "s0", { degrees: 99 }], "parent"]],
        settle: () => undefined,
      });
      rooms.settle();
    }
    expect(rooms.cellFor("Room", "r").version).toBe(version);
    expect(rooms.state("Room", "r")).toMatchObject({ told, sum: 50 });
  });
});

describe("deliveries", () => {
  const deliver = (rooms: Rooms, ...entries: (readonly [n: number, degrees: number])[]): void =>
    rooms.cellFor("Room", "r").submitDelivery({
      sender: "Sensor:9/x",
      entries: entries.map(([n, degrees]) => [n, "r", ["Sensor", "s9", { degrees }], "parent"]),
      settle: () => undefined,
    });

  test("that come again while the first still wait change nothing", () => {
    const rooms = new Rooms();
    deliver(rooms, [1, 10], [2, 20]);
    deliver(rooms, [1, 10]);
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 20, told: ["s9 20"] });
  });

  test("that have messages too, of which some wait, are taken once all the same", () => {
    const rooms = new Rooms();
    const both = (): void =>
      rooms.cellFor("Room", "r").submitDelivery({
        sender: "Sensor:9/x",
        entries: [
          [1, "r", ["Sensor", "s9", { degrees: 10 }], "parent"],
          [2, "slow", { wait: "never" }],
          [3, "r", ["Sensor", "s9", { degrees: 30 }], "parent"],
        ],
        settle: () => undefined,
      });
    both();
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 30, told: ["s9 30"] });
    rooms.crash("Room:0");
    both();
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 30, told: ["s9 30"] });
  });
});

describe("a parent's id", () => {
  test("that is no id is refused with its message, and in a PUT", () => {
    const rooms = roomWith(20);
    expect(rooms.tell("Sensor", "s0", { room: "a/b" })).toEqual([
      {
        code: "twin/bad-parent",
        detail: 'Field "room" of twin "s0" of model Sensor says "a/b", which is no twin id.',
      },
    ]);
    const put = rooms.cellFor("Sensor", "s0").put("s0", { room: "x".repeat(129) }, rooms.nowMs);
    expect(put).toMatchObject({ ok: false, refusal: { code: "twin/bad-parent" } });
    expect(rooms.state("Sensor", "s0")).toMatchObject({ room: "r", degrees: 20 });
    expect(rooms.state("Room", "r")).toMatchObject({ sensors: 1 });
  });

  test("that is null, or an empty text, means none", () => {
    const rooms = roomWith(20, 21);
    rooms.tell("Sensor", "s0", { room: null });
    rooms.tell("Sensor", "s1", { room: "" });
    expect(rooms.state("Room", "r")).toMatchObject({
      sensors: 0,
      sum: 0,
      hottest: null,
      worst: null,
    });
    expect(rooms.children("Room", "r")).toEqual([]);
  });
});

describe("a parent", () => {
  test("comes to be with its first report, and knows its children", () => {
    const rooms = roomWith(26);
    rooms.tell("FineSensor", "f", { room: "r", degrees: 28, percent: 50 });
    expect(rooms.state("Room", "r")).toMatchObject({
      sensors: 2,
      hot: 1,
      worst: "hot",
      percent: 50,
      told: ["s0 26", "f 28"],
    });
    expect(viewOf(rooms.cellFor("Room", "r"), "r")).toMatchObject({
      childCount: 2,
      lastMessageAtMs: null,
      parent: null,
    });
    expect(viewOf(rooms.cellFor("Sensor", "s0"), "s0")).toMatchObject({
      parent: { model: "Room", id: "r" },
    });
  });

  test("that can't be made is in the log, and hurts no other", () => {
    const rooms = new Rooms();
    rooms.submit("Sensor", "s0", { room: "impossible-1", degrees: 1 });
    rooms.submit("Sensor", "s1", { room: "r", degrees: 2 });
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 2 });
    expect(rooms.state("Room", "impossible-1")).toBeNull();
    expect(rooms.children("Room", "impossible-1")).toEqual([]);
    expect(rooms.logOf("Room").join("\n")).toContain("no such room can be made");
    rooms.crash("Room:0");
    expect(rooms.cellFor("Room", "r").hasWork(rooms.nowMs)).toBe(false);
  });

  test("that was removed has forgotten its children, which come back with their next reports", () => {
    const rooms = roomWith(20, 21);
    rooms.cellFor("Room", "r").remove("r", rooms.nowMs);
    rooms.crash("Room:0");
    rooms.settle();
    expect(rooms.state("Room", "r")).toBeNull();
    rooms.tell("Room", "r", {});
    expect(rooms.state("Room", "r")).toMatchObject({ sensors: 0 });
    rooms.tell("Sensor", "s1", { degrees: 22 });
    expect(rooms.state("Room", "r")).toMatchObject({ sensors: 1, sum: 22 });
  });

  test("has roll-ups that neither its code nor a PUT can change", () => {
    const rooms = roomWith(20);
    rooms.tell("Room", "r", { meddle: true });
    expect(rooms.state("Room", "r")).toMatchObject({ sensors: 1 });
    rooms.tell("Room", "childless", { meddle: true });
    expect(rooms.state("Room", "childless")).toMatchObject({ sensors: 0, mean: null });
    expect(rooms.cellFor("Room", "r").put("r", { sensors: 3 }, rooms.nowMs)).toMatchObject({
      refusal: {
        code: "twin/invalid-field",
        detail: 'Field "sensors" of model Room is a roll-up, which is kept over its children.',
      },
    });
  });

  test("in an asynchronous step has its new roll-ups when that has ended, and is told then", async () => {
    const rooms = roomWith(20);
    rooms.submit("Room", "r", { wait: "door" });
    rooms.settle();
    rooms.tell("Sensor", "s0", { degrees: 21 });
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 20 });
    expect(rooms.cellFor("Room", "r").hasWork(rooms.nowMs)).toBe(false);
    roomGate.open("door");
    await new Promise((resume) => setImmediate(resume));
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 21, told: ["s0 20", "s0 21"] });
  });

  test("that crashes in an asynchronous step has them when it is loaded", () => {
    const rooms = roomWith(20);
    rooms.submit("Room", "r", { wait: "never" });
    rooms.settle();
    rooms.tell("Sensor", "s0", { degrees: 21 });
    rooms.crash("Room:0");
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 21, told: ["s0 20", "s0 21"] });
  });
});

describe("onReport", () => {
  test("sees the roll-ups, and is told of those that left, with their last values", () => {
    const rooms = roomWith(20, 22);
    rooms.tell("Sensor", "s0", { room: "" });
    rooms.tell("Sensor", "s1", { do: "remove" });
    expect(rooms.state("Room", "r")).toMatchObject({
      told: ["s0 20", "s1 22", "s0 left", "s1 left"],
      toldAt: [20, 42, 22, 0],
    });
  });

  test("that throws is called once for each report: only bad ones are lost, and roll-ups are right", () => {
    const rooms = roomWith(20);
    rooms.tell("Room", "r", { mood: "picky" });
    // All three arrive together.
    for (const [id, degrees] of [
      ["a", 1],
      ["b", 13],
      ["c", 3],
    ] as const)
      rooms.submit("Sensor", id, { room: "r", degrees });
    for (let i = 0; i < 9; i++) rooms.turn("Sensor:0");
    rooms.settle();
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 37, told: ["s0 20", "a 1", "c 3"] });
    expect(
      rooms.logOf("Room").filter((text) => text.includes("in a bad mood about b")),
    ).toHaveLength(1);
  });

  test("that is asynchronous, or takes longer than a step may, has failed", () => {
    const rooms = roomWith(20);
    rooms.tell("Room", "r", { mood: "late" });
    rooms.tell("Sensor", "s0", { degrees: 21 });
    expect(rooms.logOf("Room")[0]).toContain("onReport is asynchronous; it must not be.");
    rooms.tell("Room", "r", { mood: "" });
    rooms.tickMs = STEP_MS_MAX;
    rooms.tell("Sensor", "s0", { degrees: 22 });
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 22, told: ["s0 20", "s0 22"] });
    rooms.tickMs = STEP_MS_MAX + 1;
    rooms.tell("Sensor", "s0", { degrees: 23 });
    // The sensor's own step took as long: nothing was measured.
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 22 });
    rooms.tickMs = 0;
    rooms.submit("Sensor", "s0", { degrees: 24 });
    rooms.turn("Sensor:0");
    rooms.tickMs = STEP_MS_MAX + 1;
    rooms.settle();
    expect(rooms.logOf("Room")[0]).toContain(`onReport took ${STEP_MS_MAX + 1} ms; the limit is`);
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 24, told: ["s0 20", "s0 22"] });
  });

  test("that leaves the state as it was leaves the roll-ups right", () => {
    const rooms = roomWith(20);
    rooms.tell("Room", "r", { mood: "idle" });
    rooms.tell("Sensor", "s0", { degrees: 21 });
    expect(rooms.state("Room", "r")).toMatchObject({ sum: 21, told: ["s0 20"] });
    rooms.crash("Room:0");
    expect(rooms.cellFor("Room", "r").hasWork(rooms.nowMs)).toBe(false);
  });
});

describe("a context", () => {
  test("has the parent, the children and the way to the parent", () => {
    const rooms = roomWith(20);
    rooms.tell("Room", "r", { building: "b", do: "look" });
    expect(rooms.state("Room", "r")!["heard"]).toEqual([
      { model: "Building", id: "b" },
      ["s0", { degrees: 20, status: "ok", seenAt: new Date(rooms.nowMs).toISOString() }],
    ]);
    rooms.tell("Sensor", "s0", { do: "tell-parent" });
    expect(rooms.state("Room", "r")!["heard"]).toContainEqual(["s0", { model: "Room", id: "r" }]);
  });

  test("without a parent says so to who wants to send it something", () => {
    const refusals = new Rooms().tell("Sensor", "s", { do: "tell-parent" });
    expect(refusals).toMatchObject([
      {
        code: "model/failed",
        detail: expect.stringContaining('twin "s" of model Sensor has no parent'),
      },
    ]);
  });
});

describe("the number of children", () => {
  test("of a parent is bounded: the report of one more is in the log, until a child leaves", () => {
    const rooms = new Rooms();
    const { children, log } = rooms.cellFor("Room", "r");
    for (let i = 0; i < CHILDREN_PER_PARENT_MAX; i++) children.apply("r", ["Sensor", `s${i}`, {}]);
    expect(children.countOf("r")).toBe(CHILDREN_PER_PARENT_MAX);
    expect(log.last).toBe(0);
    children.apply("r", ["Sensor", "more", {}]);
    children.apply("r", ["Sensor", "another", {}]);
    children.apply("r", ["Sensor", "s7", { degrees: 1 }]);
    expect(children.countOf("r")).toBe(CHILDREN_PER_PARENT_MAX);
    expect(rooms.logOf("Room")).toEqual([
      "r: It has 50000 children, which is the limit: the report of Sensor/more is not taken, nor are others until a child leaves.",
    ]);
    children.apply("other", ["Sensor", "more", {}]);
    children.apply("r", ["Sensor", "s7", null]);
    children.apply("r", ["Sensor", "another", {}]);
    expect([children.countOf("r"), children.countOf("other")]).toEqual([
      CHILDREN_PER_PARENT_MAX,
      1,
    ]);
  });

  test("that a twin is shown with is bounded", () => {
    const rooms = roomWith(20);
    const { children } = rooms.cellFor("Room", "r");
    const shown = (): readonly unknown[] => {
      const view = viewOf(rooms.cellFor("Room", "r"), "r");
      return [view?.childCount, view?.children?.length];
    };
    for (let i = 1; i < CHILDREN_SHOWN_MAX; i++) children.apply("r", ["Sensor", `s${i}`, {}]);
    expect(shown()).toEqual([CHILDREN_SHOWN_MAX, CHILDREN_SHOWN_MAX]);
    children.apply("r", ["Sensor", "more", {}]);
    expect(shown()).toEqual([CHILDREN_SHOWN_MAX + 1, CHILDREN_SHOWN_MAX]);
  });

  test("of a cell is bounded", () => {
    const rooms = new Rooms();
    const { children } = rooms.cellFor("Room", "r");
    for (let i = 0; i < CHILDREN_PER_CELL_MAX; i++)
      children.apply(`r${i % 10}`, ["Sensor", `s${i}`, {}]);
    children.apply("r3", ["Sensor", "more", {}]);
    expect(children.count).toBe(CHILDREN_PER_CELL_MAX);
    expect(rooms.logOf("Room")[0]).toContain(
      `r3: Its cell has ${CHILDREN_PER_CELL_MAX} children of all twins`,
    );
    children.apply("r4", ["Sensor", "s4", null]);
    children.apply("r3", ["Sensor", "more", {}]);
    expect(children.count).toBe(CHILDREN_PER_CELL_MAX);
  });
});
