/** A simulated model that does what it is told, by its fields and by messages, and notes what happened to it. */
import * as v from "valibot";
import { DigitalTwin, model } from "livetwin";
import type { Json, ProcessingContext, SimulationContext } from "livetwin";

/** What an actor does in a step; `to` is `Model/id`. */
export type Action =
  | { readonly delay: number | "indefinitely" }
  | { readonly wake: true }
  | { readonly send: string; readonly message: Json }
  /** A message to Passive/p1 that is passed on to p2 and so on, so many in all. */
  | { readonly relay: number }
  | { readonly emit: string; readonly message: Json }
  | { readonly command: Json }
  | { readonly create: string; readonly fields?: Record<string, Json> }
  | { readonly delete: string }
  | { readonly timer: string; readonly ms: number; readonly recurring?: boolean }
  | { readonly stopTimer: string }
  | { readonly do: "delete" | "stop" | "throw" | "draw" | "unstorable" | "share" };

const Message = v.looseObject({
  actions: v.optional(v.array(v.any())),
  note: v.optional(v.string()),
});
type Message = v.InferOutput<typeof Message>;

class Passive extends DigitalTwin<Message> {
  /** What happened: the time from the run's start, and what. */
  notes: string[] = [];
  onTimers: Record<string, Action[]> = {};

  override processMessages(context: ProcessingContext, messages: Message[]): void {
    for (const { actions, note } of messages) {
      this.note(context, `message ${note ?? ""}`);
      for (const action of (actions ?? []) as Action[]) this.act(context.simulation!, action);
    }
  }

  override onTimer(context: ProcessingContext, timer: string): void {
    this.note(context, `timer ${timer}`);
    for (const action of this.onTimers[timer] ?? []) this.act(context.simulation!, action);
  }

  note({ now, simulation }: ProcessingContext, text: string): void {
    this.notes.push(`${now - simulation!.startTime} ${text.trim()}`);
  }

  act(context: SimulationContext, action: Action): void {
    if ("delay" in action) {
      if (action.delay === "indefinitely") context.delayIndefinitely();
      else context.delay(action.delay);
    } else if ("wake" in action) context.wake();
    else if ("send" in action) context.sendToTwin(...named(action.send), action.message);
    else if ("relay" in action) this.#relay(context, action.relay);
    else if ("emit" in action) context.emitTelemetry(action.emit, action.message);
    else if ("command" in action) context.sendToDataSource(action.command);
    else if ("create" in action) context.createInstance(...named(action.create), action.fields);
    else if ("delete" in action) context.deleteInstance(...named(action.delete));
    else if ("timer" in action)
      context.startTimer(action.timer, action.ms, { recurring: action.recurring === true });
    else if ("stopTimer" in action) context.stopTimer(action.stopTimer);
    else this.#do(context, action.do);
  }

  #relay(context: SimulationContext, hops: number): void {
    const at = context.model === "Passive" ? Number(context.id.slice(1)) : 0;
    const actions = hops > 1 ? [{ relay: hops - 1 }] : [];
    context.sendToTwin("Passive", `p${at + 1}`, { actions });
  }

  #do(context: SimulationContext, what: string): void {
    if (what === "delete") context.deleteThisInstance();
    else if (what === "stop") context.stopSimulation();
    else if (what === "draw") this.note(context, `drew ${context.random()}`);
    else if (what === "unstorable") (this as { bad?: unknown }).bad = () => 0;
    else if (what === "share") context.shared.global.set("key", 1);
    else throw new Error("told to throw");
  }
}

class Simulated extends Passive {
  /** The actions of each step, the last one's again and again; without any it acts at each interval. */
  steps: Action[][] = [];
  step = 0;

  override simulate(context: SimulationContext): void {
    this.note(context, "simulate");
    const actions = this.steps[Math.min(this.step, this.steps.length - 1)] ?? [];
    this.step++;
    for (const action of actions) this.act(context, action);
  }
}

class Starter extends Simulated {
  init: Action[] = [];

  override initSimulation(context: SimulationContext): void {
    this.note(context, "init");
    for (const action of this.init) this.act(context, action);
  }
}

function named(name: string): [model: string, id: string] {
  const [model = "", id = ""] = name.split("/");
  return [model, id];
}

/** Real-time twins. */
export const passive = model(Passive, { name: "Passive", message: Message });
/** Twins with `simulate`. */
export const actor = model(Simulated, { name: "Actor", message: Message });
/** Twins with `initSimulation` too. */
export const starter = model(Starter, { name: "Starter", message: Message });

export const ACTOR_MODELS = [passive, actor, starter];
