/** What a page may do with a model's fields: which can be measured, grouped by, coloured by, or put on a map. */
import type { Field } from "../../core/model.ts";

/** A model as `GET /v1/models` lists it, as far as this page uses it. */
export interface ModelInfo {
  readonly name: string;
  readonly fields: readonly Field[];
}

const LATITUDE = "latitude";
const LONGITUDE = "longitude";

/** Whether the model's twins have a place on a map: number fields `latitude` and `longitude`. */
export function hasPlace(model: ModelInfo): boolean {
  return [LATITUDE, LONGITUDE].every((name) =>
    model.fields.some((field) => field.name === name && field.type === "number"),
  );
}

/** Whether a field is half of a place. */
export function isPlace(field: string): boolean {
  return field === LATITUDE || field === LONGITUDE;
}

/** The field in which a model's twins have a name for people, if there is one. */
export function nameField(model: ModelInfo): string | undefined {
  return model.fields.find(({ name, type }) => name === "name" && type === "string")?.name;
}

/** Fields whose values can be compared and averaged. A place is not an amount. */
export function numberFields(model: ModelInfo): readonly string[] {
  return namesOf(model, ({ name, type }) => type === "number" && !isPlace(name));
}

/** Fields whose values name groups. */
export function groupFields(model: ModelInfo): readonly string[] {
  return namesOf(model, (field) => field.type === "string" || field.type === "boolean");
}

function namesOf(model: ModelInfo, isWanted: (field: Field) => boolean): readonly string[] {
  return model.fields.filter(isWanted).map((field) => field.name);
}

/** A field's name as words: `alert_level` is "alert level", `lastPPMReading` is "last PPM reading". */
export function wordsOf(field: string): string {
  return field
    .replaceAll("_", " ")
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/ \p{Lu}\p{Ll}/gu, (start) => start.toLowerCase())
    .trim();
}

/** The first letter as a capital, as a heading begins. */
export function asTitle(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
