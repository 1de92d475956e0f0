/** What authors of models import. */
export { DigitalTwin, ProcessingResult } from "./digital-twin.ts";
export type { ProcessingAnswer } from "./digital-twin.ts";
export { model } from "./define-model.ts";
export { seededRandom } from "../core/random.ts";
export type { MessageOf, ModelOptions, StateFieldOf } from "./define-model.ts";
export type {
  Alert,
  Field,
  FieldType,
  Json,
  ModelDefinition,
  ProcessingContext,
  Severity,
} from "../core/model.ts";
