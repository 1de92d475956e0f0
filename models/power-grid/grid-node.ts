/** A node of the power grid, simulated: it tells its `StatusTracker` of the same id what it is, and how it fares. */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext, SimulationContext } from "livetwin";
import * as v from "valibot";
import { nextCondition, WAIT_MS } from "./node-condition.ts";
import type { Condition } from "./status-message.ts";

/** Whom a node reports to. */
const TRACKER = "StatusTracker";

/** Commands that its twin sends it, as "isolate", have other keys: they are heard, and change nothing. */
const NodeMessage = v.object({ attack: v.optional(v.boolean()) });

type NodeMessage = v.InferOutput<typeof NodeMessage>;

export class GridNode extends DigitalTwin<NodeMessage> {
  nodeType: "infrastructure" | "controller" = "infrastructure";
  /** Empty before the first step. */
  status: Condition | "" = "";
  region = "";
  longitude = 0;
  latitude = 0;
  /** Takes effect at the next step. */
  attacked = false;

  override processMessages(_context: ProcessingContext, messages: NodeMessage[]): void {
    for (const { attack } of messages) if (attack === true) this.attacked = true;
  }

  /** Nodes do not start at the same moment: their first steps are spread over 6 seconds. */
  override initSimulation(context: SimulationContext): void {
    const slots = Math.max(1, Math.floor(WAIT_MS.normal / context.interval));
    const slot = Math.floor(context.random() * slots);
    if (slot > 0) context.delay(slot * context.interval);
  }

  override simulate(context: SimulationContext): void {
    if (this.status === "") {
      this.#start(context);
      return;
    }
    const next = nextCondition(this.status, this.attacked, () => context.random());
    if (next !== undefined) {
      this.status = next;
      this.attacked = false;
      context.emitTelemetry(TRACKER, { type: "status", node_condition: next });
    }
    context.delay(WAIT_MS[this.status]);
  }

  #start(context: SimulationContext): void {
    this.status = "normal";
    const { nodeType, region, longitude, latitude } = this;
    context.emitTelemetry(TRACKER, {
      type: "init",
      node_type: nodeType,
      region,
      longitude,
      latitude,
    });
    context.delay(WAIT_MS.normal);
  }
}

export default model(GridNode, { name: "GridNode", message: NodeMessage });
