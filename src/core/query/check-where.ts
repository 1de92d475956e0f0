/**
 * Checks a `where` against a model's fields: names, types of values, and bounds (WHERE_TERMS_MAX,
 * WHERE_DEPTH_MAX, WHERE_VALUES_MAX).
 */
import { echo } from "./field-scope.ts";
import { parseTime } from "./time-text.ts";
import { WHERE_DEPTH_MAX, WHERE_TERMS_MAX, WHERE_VALUES_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { FieldScope } from "./field-scope.ts";
import type { Comparison, Condition, Scalar, Where } from "./plan.ts";
import type { Field } from "../model.ts";
import type { Result } from "../refusal.ts";

/**
 * The condition of a `where`. Refuses with `query/unknown-field`, `query/bad-type` when an operator or value does
 * not suit the field, and `query/malformed` when it is too large or incomplete.
 */
export function checkWhere(where: Where, scope: FieldScope): Result<Condition> {
  return new WhereCheck(scope).check(where, 1);
}

class WhereCheck {
  readonly #scope: FieldScope;
  #terms = 0;
  #values = 0;

  constructor(scope: FieldScope) {
    this.#scope = scope;
  }

  check(where: Where, depth: number): Result<Condition> {
    if (++this.#terms > WHERE_TERMS_MAX) {
      return refuse(
        "query/malformed",
        `"where" may have ${WHERE_TERMS_MAX} groups and comparisons at most.`,
      );
    }
    if (depth > WHERE_DEPTH_MAX) {
      return refuse("query/malformed", `"where" may be nested ${WHERE_DEPTH_MAX} deep at most.`);
    }
    if ("and" in where) return this.#checkGroup("and", where.and, depth);
    if ("or" in where) return this.#checkGroup("or", where.or, depth);
    if (!("not" in where)) return this.#checkComparison(where);
    const term = this.check(where.not, depth + 1);
    return term.ok ? ok({ kind: "not", term: term.value }) : term;
  }

  #checkGroup(kind: "and" | "or", terms: readonly Where[], depth: number): Result<Condition> {
    if (terms.length === 0)
      return refuse("query/malformed", `"${kind}" needs at least one condition.`);
    const checked: Condition[] = [];
    for (const term of terms) {
      const condition = this.check(term, depth + 1);
      if (!condition.ok) return condition;
      checked.push(condition.value);
    }
    return ok({ kind, terms: checked });
  }

  #checkComparison(comparison: Comparison): Result<Condition> {
    const found = this.#scope.find(comparison.field);
    if (!found.ok) return found;
    const { op, value } = comparison;
    const name = echo(found.value.name);
    const field = this.#scope.use(found.value);
    switch (op) {
      case "isNull":
        if (value === undefined) return ok({ kind: "null", field });
        return refuse(
          "query/malformed",
          `"isNull" on ${name} takes no value; put it under "not" for the opposite.`,
        );
      case "in":
        return this.#checkList(found.value, field, value);
      case "contains":
      case "startsWith":
        if (found.value.type !== "string") {
          return refuse(
            "query/bad-type",
            `"${op}" is for strings; ${name} is a ${found.value.type}.`,
          );
        }
        if (typeof value === "string") return ok({ kind: "text", field, op, text: value });
        return refuse(
          "query/bad-type",
          `"${op}" on ${name} takes a string, not ${echo(value ?? null)}.`,
        );
      default: {
        const literal = literalOf(found.value, value);
        return literal.ok ? ok({ kind: "compare", field, op, value: literal.value }) : literal;
      }
    }
  }

  #checkList(field: Field, index: number, list: Comparison["value"]): Result<Condition> {
    const name = echo(field.name);
    if (typeof list !== "object" || list === null || list.length === 0) {
      return refuse("query/malformed", `"in" on ${name} takes a list of at least one value.`);
    }
    this.#values += list.length;
    if (this.#values > WHERE_VALUES_MAX) {
      return refuse(
        "query/malformed",
        `The "in" lists of "where" may have ${WHERE_VALUES_MAX} values at most.`,
      );
    }
    const values: Scalar[] = [];
    for (const value of list) {
      const literal = literalOf(field, value);
      if (!literal.ok) return literal;
      values.push(literal.value);
    }
    return ok({ kind: "in", field: index, values });
  }
}

/** The value that a field is compared with; a time's as epoch milliseconds. */
function literalOf(field: Field, value: Comparison["value"]): Result<Scalar> {
  const name = echo(field.name);
  if (value === undefined)
    return refuse("query/malformed", `The comparison of ${name} has no value.`);
  if (value === null) {
    // SQL makes such a comparison unknown for every row: an empty answer that hides a mistake.
    return refuse(
      "query/bad-type",
      `Nothing equals or differs from null; ask whether ${name} "isNull" (SQL: IS NULL).`,
    );
  }
  if (field.type === "time") return timeOf(name, value);
  if (typeof value === field.type && Number.isFinite(typeof value === "number" ? value : 0))
    return ok(value as Scalar);
  return refuse(
    "query/bad-type",
    `${name} is a ${field.type}; it can't be compared with ${echo(value)}.`,
  );
}

function timeOf(name: string, value: Scalar | readonly unknown[]): Result<number> {
  const epochMs = typeof value === "string" ? parseTime(value) : value;
  if (typeof epochMs === "number" && Number.isFinite(epochMs)) return ok(epochMs);
  return refuse(
    "query/bad-type",
    `${name} is a time; it is compared with ISO 8601 text or epoch milliseconds, not ${echo(value)}.`,
  );
}
