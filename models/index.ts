/** The models that this deployment runs. */
import type { ModelDefinition } from "livetwin";
import airport from "./airports/airport.ts";
import statusTracker from "./power-grid/status-tracker.ts";

export const MODELS: readonly ModelDefinition[] = [airport, statusTracker];
