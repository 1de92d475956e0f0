/** Models for tests of the hierarchy: sensors (some of them better ones) in rooms, rooms in buildings. */
import { DigitalTwin, ProcessingResult, model } from "livetwin";
import type { ChildReport, Json, ProcessingAnswer, ProcessingContext } from "livetwin";
import * as v from "valibot";

const SensorMessage = v.object({
  degrees: v.optional(v.number()),
  room: v.optional(v.nullable(v.string())),
  /** Changes no field that is reported. */
  note: v.optional(v.string()),
  /** What to do beside. */
  do: v.optional(v.picklist(["throw", "remove", "tell-parent", "tell-building", "tell-nobody"])),
});

type SensorMessage = v.InferOutput<typeof SensorMessage>;

export class Sensor extends DigitalTwin<SensorMessage> {
  room: string | null = "";
  degrees = 0;
  status = "ok";
  seenAt = new Date(0);
  note = "";

  override processMessages(
    context: ProcessingContext,
    messages: SensorMessage[],
  ): ProcessingAnswer {
    let answer: ProcessingAnswer = undefined;
    for (const message of messages) {
      if (message.room !== undefined) this.room = message.room;
      if (message.degrees !== undefined) this.#measured(context, message.degrees);
      this.note = message.note ?? this.note;
      if (message.do === "throw") throw new Error("told to throw");
      if (message.do === "tell-parent")
        context.sendToParent({ from: context.id, at: context.parent as Json });
      if (message.do === "tell-building") context.sendToTwin("Building", this.note, {});
      if (message.do === "tell-nobody") context.sendToTwin("Bilding", this.note, {});
      if (message.do === "remove") answer = ProcessingResult.Remove;
    }
    return answer;
  }

  /** What a kind of sensor makes of its degrees. */
  statusOf(degrees: number): string {
    return degrees >= 30 ? "hot" : degrees >= 25 ? "warm" : "ok";
  }

  #measured(context: ProcessingContext, degrees: number): void {
    this.degrees = degrees;
    this.status = this.statusOf(degrees);
    this.seenAt = new Date(context.now);
  }
}

const sensorOptions = {
  message: SensorMessage,
  parent: { model: "Room", id: "room", report: ["degrees", "status", "seenAt"] },
  query: { room: "string" },
} as const;

export const sensorModel = model(Sensor, { ...sensorOptions, name: "Sensor" });

const FineSensorMessage = v.object({ ...SensorMessage.entries, percent: v.optional(v.number()) });

type FineSensorMessage = v.InferOutput<typeof FineSensorMessage>;

/** Has a field more, is hot earlier, and does beside what its parent class does. */
export class FineSensor extends Sensor {
  percent = 0;
  messages = 0;

  override processMessages(
    context: ProcessingContext,
    messages: FineSensorMessage[],
  ): ProcessingAnswer {
    this.messages += messages.length;
    this.percent =
      messages.findLast(({ percent }) => percent !== undefined)?.percent ?? this.percent;
    return super.processMessages(context, messages);
  }

  override statusOf(degrees: number): string {
    return degrees >= 28 ? "hot" : super.statusOf(degrees);
  }
}

export const fineSensorModel = model(FineSensor, {
  ...sensorOptions,
  name: "FineSensor",
  message: FineSensorMessage,
  parent: { ...sensorOptions.parent, report: [...sensorOptions.parent.report, "percent"] },
});

const RoomMessage = v.object({
  building: v.optional(v.string()),
  /** What `onReport` is to do from now on. */
  mood: v.optional(v.string()),
  from: v.optional(v.string()),
  at: v.optional(v.any()),
  wait: v.optional(v.string()),
  meddle: v.optional(v.boolean()),
  do: v.optional(v.picklist(["remove", "look"])),
});

type RoomMessage = v.InferOutput<typeof RoomMessage>;

export class Room extends DigitalTwin<RoomMessage> {
  building = "";
  mood = "";
  /** Kept by the engine. */
  sensors = 0;
  hot = 0;
  worst: string | null = null;
  sum = 0;
  coldest: number | null = null;
  hottest: number | null = null;
  mean: number | null = null;
  seenAt: string | null = null;
  percent: number | null = null;
  /** What `onReport` got, newest last. */
  told: string[] = [];
  toldAt: (number | null)[] = [];
  heard: unknown[] = [];

  override processMessages(context: ProcessingContext, messages: RoomMessage[]): ProcessingAnswer {
    for (const message of messages) {
      this.building = message.building ?? this.building;
      this.mood = message.mood ?? this.mood;
      if (message.from !== undefined) this.heard.push([message.from, message.at]);
      if (message.meddle === true) this.sensors = 1_000;
      if (message.do === "remove") return ProcessingResult.Remove;
      if (message.do === "look")
        this.heard = [context.parent, ...context.children.map(({ id, values }) => [id, values])];
      if (message.wait !== undefined) return roomGate.wait(message.wait);
    }
    return undefined;
  }

  override onReport(
    _context: ProcessingContext,
    reports: readonly ChildReport[],
  ): ProcessingResult | void {
    if (this.mood === "late") return Promise.resolve() as unknown as void;
    for (const { id, values, left } of reports) {
      if (this.mood === "bad" || (this.mood === "picky" && values["degrees"] === 13))
        throw new Error(`in a bad mood about ${id}`);
      this.told = [...this.told, left === true ? `${id} left` : `${id} ${values["degrees"]}`].slice(
        -20,
      );
    }
    this.toldAt = [...this.toldAt, this.sum].slice(-200);
    return this.mood === "idle" ? ProcessingResult.NoUpdate : undefined;
  }
}

export const roomModel = model(Room, {
  name: "Room",
  message: RoomMessage,
  parent: {
    model: "Building",
    id: (room) => room.building,
    report: ["sensors", "worst", "hottest"],
  },
  rollups: {
    sensors: { op: "count" },
    hot: { op: "count", field: "status", is: "hot" },
    worst: { op: "worst", field: "status", order: ["ok", "warm", "hot"] },
    sum: { op: "sum", field: "degrees" },
    coldest: { op: "min", field: "degrees" },
    hottest: { op: "max", field: "degrees" },
    mean: { op: "mean", field: "degrees" },
    seenAt: { op: "max", field: "seenAt" },
    percent: { op: "mean", field: "percent", of: "FineSensor" },
  },
  query: { seenAt: "time" },
  initial: (id) => {
    if (id.startsWith("impossible-")) throw new Error("no such room can be made");
    return undefined;
  },
});

export class Building extends DigitalTwin<Record<string, never>> {
  rooms = 0;
  sensors = 0;
  worst: string | null = null;
  hottest: number | null = null;

  override processMessages(): void {
    // Its fields are kept by the engine.
  }
}

export const buildingModel = model(Building, {
  name: "Building",
  message: v.object({}),
  rollups: {
    rooms: { op: "count" },
    sensors: { op: "sum", field: "sensors" },
    worst: { op: "worst", field: "worst", order: ["ok", "warm", "hot"] },
    hottest: { op: "max", field: "hottest" },
  },
});

/** Holds asynchronous steps until a test opens them by name. */
class RoomGate {
  readonly #open = new Map<string, () => void>();

  wait(name: string): Promise<void> {
    return new Promise((open) => this.#open.set(name, open));
  }

  open(name: string): void {
    this.#open.get(name)?.();
    this.#open.delete(name);
  }
}

export const roomGate = new RoomGate();

export const HIERARCHY_MODELS = [sensorModel, fineSensorModel, roomModel, buildingModel];
