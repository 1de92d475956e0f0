/** The models that this deployment runs. */
import type { ModelDefinition } from "livetwin";
import airport from "./airports/airport.ts";
import gasMeter from "./gas-meter/gas-meter.ts";
import statusTracker from "./power-grid/status-tracker.ts";
import fleet from "./wind-turbine/fleet.ts";
import offshoreTurbine from "./wind-turbine/offshore-turbine.ts";
import windFarm from "./wind-turbine/wind-farm.ts";
import windTurbine from "./wind-turbine/wind-turbine.ts";

export const MODELS: readonly ModelDefinition[] = [
  airport,
  gasMeter,
  statusTracker,
  windTurbine,
  offshoreTurbine,
  windFarm,
  fleet,
];
