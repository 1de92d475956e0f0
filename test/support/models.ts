/** What tests deploy: the models of the product, and one that does whatever a model can do. */
import type { ModelDefinition } from "livetwin";
import { MODELS as PRODUCT } from "../../models/index.ts";
import { counterModel } from "./counter-model.ts";

export const MODELS: readonly ModelDefinition[] = [...PRODUCT, counterModel];
