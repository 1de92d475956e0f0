/**
 * JSON Schema (2020-12) of zod's schemas, all of one document at once: each that has an id in its `meta` is defined
 * once, under that id.
 */
import * as z from "zod";

export type JsonSchema = Readonly<Record<string, unknown>>;

const DEFINITIONS = "#/components/schemas/";

/** Collects schemas, gives out places for them, and fills these in when all are known. */
export class JsonSchemas {
  readonly #places = new Map<z.ZodType, Record<string, unknown>>();

  /** The place of a schema, empty until `fillIn`. */
  of(schema: z.ZodType): JsonSchema {
    let place = this.#places.get(schema);
    if (place === undefined) this.#places.set(schema, (place = {}));
    return place;
  }

  /** Fills in all places. Answers the definitions that they refer to. */
  fillIn(): Readonly<Record<string, JsonSchema>> {
    const entries = [...this.#places].map(([schema], i) => [`at${i}`, schema] as const);
    const { properties = {}, $defs = {} } = z.toJSONSchema(z.object(Object.fromEntries(entries)), {
      // What may be sent, and not what it becomes: defaults are optional.
      io: "input",
      override: ({ jsonSchema }) => dropNoise(jsonSchema),
    });
    const text = JSON.stringify({ properties, $defs }).replaceAll('"#/$defs/', `"${DEFINITIONS}`);
    const converted = JSON.parse(text) as {
      readonly properties: Readonly<Record<string, JsonSchema>>;
      readonly $defs: Readonly<Record<string, JsonSchema>>;
    };
    for (const [i, place] of [...this.#places.values()].entries())
      Object.assign(place, converted.properties[`at${i}`]);
    return Object.fromEntries(
      Object.entries(converted.$defs).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
}

/** Takes out what says nothing to a reader: the pattern of a named format, and the bounds of what a number can hold. */
function dropNoise(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
