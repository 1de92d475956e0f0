/** Checks fields of a state that come from outside: bulk creation and PUT. */
import { likelyMeant } from "./nearest.ts";
import { parseTime } from "./query/time-text.ts";
import type { ModelDefinition } from "./model.ts";
import { ok, refuse } from "./refusal.ts";
import type { Result } from "./refusal.ts";

/**
 * The fields as the model's state holds them: a `Date` field takes ISO 8601 or epoch milliseconds. Refuses with
 * `twin/invalid-field` a field that the model does not have, or a value of another type than its default.
 */
export function stateOver(
  model: ModelDefinition,
  fields: Readonly<Record<string, unknown>>,
): Result<Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (!Object.hasOwn(model.defaults, field)) {
      const nearest = likelyMeant(field, Object.keys(model.defaults));
      const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
      return refuse("twin/invalid-field", `Model ${model.name} has no field "${field}".${hint}`, {
        field,
      });
    }
    if (Object.hasOwn(model.rollups, field)) {
      return refuse(
        "twin/invalid-field",
        `Field "${field}" of model ${model.name} is a roll-up, which is kept over its children.`,
        { field },
      );
    }
    const fitted = fitTo(model.defaults[field], value);
    if (fitted === undefined) {
      const expected = typeName(model.defaults[field]);
      const given = typeName(value);
      return refuse(
        "twin/invalid-field",
        `Field "${field}" of model ${model.name} is ${expected}, not ${given}.`,
        { field },
      );
    }
    state[field] = fitted;
  }
  return ok(state);
}

/** The value in the default's type, or undefined when it does not fit. A field whose default is null takes anything. */
function fitTo(byDefault: unknown, value: unknown): unknown {
  if (byDefault === null || byDefault === undefined) return value;
  if (byDefault instanceof Date) {
    const epochMs = typeof value === "string" ? parseTime(value) : value;
    if (typeof epochMs !== "number") return undefined;
    const date = new Date(epochMs);
    return Number.isNaN(date.getTime()) ? undefined : date;
  }
  return typeName(value) === typeName(byDefault) ? value : undefined;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Date) return "a time";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
