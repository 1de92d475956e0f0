/** The models of the server with many twins: the same pumps twice, so that one fleet can be read and one not. */
import type { ModelDefinition } from "livetwin";
import { pumps } from "./models.ts";

/** As many as a model of 100,000 twins should have. */
const CELLS = 8;

export const MODELS: readonly ModelDefinition[] = [
  pumps("Fleet", CELLS),
  pumps("UnreadFleet", CELLS),
];
