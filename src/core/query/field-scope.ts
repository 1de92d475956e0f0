/** The fields that a query may name, and those that it has used so far. */
import { nearestOf } from "../nearest.ts";
import { ID_FIELD } from "./plan.ts";
import { ok, refuse } from "../refusal.ts";
import type { Field } from "../model.ts";
import type { Result } from "../refusal.ts";

/** Characters of somebody's text that an error repeats. */
const ECHO_CHARS_MAX = 100;

export class FieldScope {
  /** The fields used, each once, in the order of their first use: a plan's `fields`. */
  readonly used: Field[] = [];
  readonly #known = new Map<string, Field>();
  readonly #indexes = new Map<string, number>();

  constructor(fields: readonly Field[]) {
    for (const field of fields) this.#known.set(field.name, field);
    this.#known.delete(ID_FIELD.name);
    this.#known.set(ID_FIELD.name, ID_FIELD);
  }

  /** Every field's name, `id` last. */
  names(): Iterable<string> {
    return this.#known.keys();
  }

  /** The field of a name; refuses with `query/unknown-field`, naming the nearest. */
  find(name: string): Result<Field> {
    const field = this.#known.get(name);
    return field === undefined ? refuseUnknown(name, this.#known.keys()) : ok(field);
  }

  /** The index in `used` of a field, which is entered when new. */
  use(field: Field): number {
    const known = this.#indexes.get(field.name);
    if (known !== undefined) return known;
    this.#indexes.set(field.name, this.used.length);
    return this.used.push(field) - 1;
  }
}

/** Refuses a name with `query/unknown-field`; `data` holds it and the nearest of the known ones. */
export function refuseUnknown(name: string, known: Iterable<string>): Result<never> {
  const nearest = nearestOf(name, known) ?? null;
  const hint = nearest === null ? "" : ` The nearest known field is ${echo(nearest)}.`;
  return refuse("query/unknown-field", `There is no field ${echo(name)}.${hint}`, {
    field: name,
    nearest,
  });
}

/** A value as an error shows it: JSON, cut when long. */
export function echo(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > ECHO_CHARS_MAX ? `${text.slice(0, ECHO_CHARS_MAX)}…` : text;
}
