/** A wind farm, which knows of each of its turbines how well it is, and how many are how well. */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import * as v from "valibot";
import { worstOf } from "./condition.ts";
import type { Condition } from "./condition.ts";
import farms from "./farms.json" with { type: "json" };

const NoMessage = v.object({});

/** A farm comes to be when its first turbine reports: it knows its place from the start. */
const FARMS = new Map(farms.map(({ id, ...farm }) => [id, farm]));

export class WindFarm extends DigitalTwin<Record<string, never>> {
  name = "";
  region = "";
  latitude: number | null = null;
  longitude: number | null = null;
  fleetId = "fleet";

  /** Kept by the engine over what its turbines report. */
  criticalTurbines = 0;
  warningTurbines = 0;
  okTurbines = 0;
  turbines = 0;
  offshoreTurbines = 0;
  hotTurbines = 0;
  slowTurbines = 0;
  worstCondition: Condition | null = null;

  /** By the turbine's id. */
  turbineConditions: Record<string, Condition> = {};

  override processMessages(): void {
    // It hears from its turbines alone.
  }

  override onReport({ children }: ProcessingContext): void {
    this.turbineConditions = Object.fromEntries(
      children.map(({ id, values }) => [id, values["condition"] as Condition]),
    );
  }
}

export default model(WindFarm, {
  name: "WindFarm",
  message: NoMessage,
  cells: 1,
  parent: {
    model: "Fleet",
    id: "fleetId",
    report: [
      "turbines",
      "offshoreTurbines",
      "okTurbines",
      "warningTurbines",
      "criticalTurbines",
      "worstCondition",
    ],
  },
  rollups: {
    turbines: { op: "count" },
    offshoreTurbines: { op: "count", of: "OffshoreTurbine" },
    okTurbines: { op: "count", field: "condition", is: "ok" },
    warningTurbines: { op: "count", field: "condition", is: "warning" },
    criticalTurbines: { op: "count", field: "condition", is: "critical" },
    hotTurbines: { op: "count", field: "trackingHighTemperature", is: true },
    slowTurbines: { op: "count", field: "trackingLowRPM", is: true },
    worstCondition: worstOf("condition"),
  },
  initial: (id) => FARMS.get(id),
  query: { latitude: "number", longitude: "number" },
});
