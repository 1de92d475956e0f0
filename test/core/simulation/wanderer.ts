/** Models that do at random all that a run knows, by the context's own chance. What came in, and in which order, is in their state. */
import * as v from "valibot";
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext, SimulationContext } from "livetwin";
import { hash32 } from "../../../src/core/ids.ts";

/** `left`: how often it may still be passed on. */
const Ball = v.object({ left: v.number(), note: v.optional(v.string()) });
type Ball = v.InferOutput<typeof Ball>;

const IDS = ["a", "b", "c", "d", "e", "f", "g", "h", "12", "13"];
const SIMULATED = ["Wanderer", "Sprinter"];

abstract class Tracing extends DigitalTwin<Ball> {
  /** Changes with everything that happens, and with its order. */
  trace = 0;
  events = 0;

  protected trail(context: ProcessingContext, text: string): void {
    this.events++;
    this.trace = hash32(`${this.trace}/${context.now}/${text}`);
  }

  override onTimer(context: ProcessingContext, timer: string): void {
    this.trail(context, timer);
    if (context.random() < 0.3) context.stopTimer(timer);
    if (context.random() < 0.3) toss(context, 1);
  }
}

class Tracker extends Tracing {
  override processMessages(context: ProcessingContext, balls: Ball[]): void {
    for (const { left, note } of balls) {
      this.trail(context, `${left} ${note ?? ""}`);
      if (context.random() < 0.1) context.sendToDataSource({ left: 0, note: "command" });
      if (context.random() < 0.1) context.alert({ title: `alert ${this.events % 3}` });
      if (context.random() < 0.05) context.startTimer("once", 1 + context.random() * 9_000);
      if (left > 0) toss(context, left - 1);
    }
  }
}

class Wandering extends Tracing {
  seen: Date | null = null;

  override processMessages(context: ProcessingContext, balls: Ball[]): "no-update" | undefined {
    for (const { left, note } of balls) {
      this.trail(context, `${left} ${note ?? ""}`);
      if (left > 0) toss(context, left - 1);
    }
    const drawn = context.random();
    if (drawn < 0.2) context.simulation!.wake();
    else if (drawn < 0.3) context.simulation!.delay(drawn * 20_000);
    return drawn > 0.95 ? "no-update" : undefined;
  }

  override initSimulation(context: SimulationContext): void {
    this.trail(context, "init");
    if (context.random() < 0.5) context.delay(context.random() * 5_000);
  }

  override simulate(context: SimulationContext): void {
    this.trail(context, "simulate");
    if (context.random() < 0.5) this.seen = new Date(context.now);
    if (context.random() < 0.4) context.emitTelemetry("Tracker", { left: 1, note: context.model });
    if (context.random() < 0.4) toss(context, 3);
    if (context.random() < 0.1) context.log("info", `step ${this.events}`);
    if (context.random() < 0.15) {
      const fields = context.random() < 0.5 ? { seen: new Date(context.now) } : undefined;
      context.createInstance(one(context, SIMULATED), one(context, IDS), fields);
    }
    if (context.random() < 0.05) context.deleteInstance(one(context, SIMULATED), one(context, IDS));
    if (context.random() < 0.02) context.deleteThisInstance();
    if (context.random() < 0.2) {
      const recurring = context.random() < 0.5;
      context.startTimer(one(context, ["x", "y"]), 1 + context.random() * 8_000, { recurring });
    }
    if (context.random() < 0.05) context.delayIndefinitely();
    else if (context.random() < 0.7) context.delay(context.random() * 7_000);
  }
}

class Sprinting extends Wandering {}

function toss(context: ProcessingContext, left: number): void {
  const to = one(context, ["Wanderer", "Sprinter", "Tracker"]);
  context.sendToTwin(to, one(context, IDS), { left, note: `from ${context.model}/${context.id}` });
}

function one(context: ProcessingContext, list: readonly string[]): string {
  return list[Math.floor(context.random() * list.length)]!;
}

const query = { seen: "time" } as const;

export const WANDERERS = [
  model(Wandering, { name: "Wanderer", message: Ball, query }),
  model(Sprinting, { name: "Sprinter", message: Ball, query }),
  model(Tracker, { name: "Tracker", message: Ball }),
];

/** Instances that a run of them begins with. */
export const FIRST_WANDERERS = ["a", "b", "c", "d", "e"].flatMap((id) =>
  SIMULATED.map((name) => ({ model: name, id })),
);
