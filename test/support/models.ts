/** What tests deploy: the models of the product, one that does whatever a model can do, and some with parents. */
import type { ModelDefinition } from "livetwin";
import { MODELS as PRODUCT } from "../../models/index.ts";
import { counterModel, recordedModel } from "./counter-model.ts";
import { HIERARCHY_MODELS } from "./hierarchy-models.ts";
import { lookerModel } from "./look-up-model.ts";

export const MODELS: readonly ModelDefinition[] = [
  ...PRODUCT,
  counterModel,
  recordedModel,
  ...HIERARCHY_MODELS,
  lookerModel,
];
