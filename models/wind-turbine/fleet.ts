/** All wind farms of an owner. Everything in it is kept by the engine over what the farms report. */
import { DigitalTwin, model } from "livetwin";
import type { Rollup } from "livetwin";
import * as v from "valibot";
import { worstOf } from "./condition.ts";
import type { Condition } from "./condition.ts";

const NoMessage = v.object({});

export class Fleet extends DigitalTwin<Record<string, never>> {
  criticalTurbines = 0;
  warningTurbines = 0;
  okTurbines = 0;
  turbines = 0;
  offshoreTurbines = 0;
  farms = 0;
  farmsWithCritical = 0;
  worstCondition: Condition | null = null;

  override processMessages(): void {
    // It hears from its farms alone.
  }
}

export default model(Fleet, {
  name: "Fleet",
  message: NoMessage,
  cells: 1,
  rollups: {
    farms: { op: "count" },
    farmsWithCritical: { op: "count", field: "worstCondition", is: "critical" },
    turbines: sumOf("turbines"),
    offshoreTurbines: sumOf("offshoreTurbines"),
    okTurbines: sumOf("okTurbines"),
    warningTurbines: sumOf("warningTurbines"),
    criticalTurbines: sumOf("criticalTurbines"),
    worstCondition: worstOf("worstCondition"),
  },
});

function sumOf(field: string): Rollup {
  return { op: "sum", field };
}
