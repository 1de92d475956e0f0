/** Checks what a model says of its parent and its children, as far as the model alone can tell. */
import { modelsOver } from "../core/hierarchy/declaration.ts";
import type { ParentDeclaration, Rollup, Rollups } from "../core/hierarchy/declaration.ts";
import { isModelName } from "../core/ids.ts";
import { REPORT_FIELDS_MAX, ROLLUPS_MAX } from "../core/limits.ts";
import type { FieldType } from "../core/model.ts";
import { likelyMeant } from "../core/nearest.ts";

/** The fields of a model's state, with their defaults. */
type Defaults = Readonly<Record<string, unknown>>;

const OPS: readonly Rollup["op"][] = ["count", "sum", "mean", "min", "max", "worst"];

/** Throws a `TypeError` that names what is wrong. */
export function checkedParent(
  model: string,
  defaults: Defaults,
  parent: ParentDeclaration | undefined,
): ParentDeclaration | null {
  if (parent === undefined) return null;
  const { model: parentModel, id, report } = parent;
  if (typeof parentModel !== "string" || !isModelName(parentModel))
    throw new TypeError(
      `Model ${model}: parent.model is ${shown(parentModel)}, which is no model's name.`,
    );
  if (typeof id === "string") requireField(model, defaults, "parent.id", id);
  else if (typeof id !== "function")
    throw new TypeError(
      `Model ${model}: parent.id is ${shown(id)}; it is the name of a field, or a function that gives the id.`,
    );
  if (!Array.isArray(report))
    throw new TypeError(
      `Model ${model}: parent.report is ${shown(report)}; it is a list of fields.`,
    );
  if (report.length > REPORT_FIELDS_MAX)
    throw new TypeError(
      `Model ${model}: parent.report names ${report.length} fields; the limit is ${REPORT_FIELDS_MAX}.`,
    );
  for (const field of report) requireField(model, defaults, "parent.report", field);
  return { model: parentModel, id, report: [...new Set(report)] };
}

/** Throws a `TypeError` that names what is wrong. */
export function checkedRollups(
  model: string,
  defaults: Defaults,
  rollups: Readonly<Record<string, Rollup | undefined>> | undefined,
): Rollups {
  const entries = Object.entries(rollups ?? {});
  if (entries.length > ROLLUPS_MAX)
    throw new TypeError(`Model ${model}: ${entries.length} roll-ups; the limit is ${ROLLUPS_MAX}.`);
  const checked: Record<string, Rollup> = {};
  for (const [name, rollup] of entries) {
    if (rollup === undefined) continue;
    requireField(model, defaults, "rollups", name);
    checkRollup(`Model ${model}: roll-up "${name}"`, rollup);
    checked[name] = rollup;
  }
  return checked;
}

/** The type that a roll-up's field has in queries when its default does not say. */
export function rollupType(rollup: Rollup): FieldType {
  return rollup.op === "worst" ? "string" : "number";
}

function checkRollup(what: string, rollup: Rollup): void {
  if (!OPS.includes(rollup.op))
    throw new TypeError(`${what} has the op ${shown(rollup.op)}; there are ${OPS.join(", ")}.`);
  for (const child of modelsOver(rollup) ?? []) {
    if (!isModelName(child))
      throw new TypeError(`${what} is of ${shown(child)}, which is no model's name.`);
  }
  if (rollup.op === "count") {
    if ((rollup.field === undefined) !== (rollup.is === undefined))
      throw new TypeError(
        `${what} counts all children, or with both "field" and "is" those with a value.`,
      );
    return;
  }
  if (typeof rollup.field !== "string")
    throw new TypeError(`${what} needs the "field" that it is over.`);
  if (rollup.op !== "worst") return;
  const { order } = rollup;
  const isOrder =
    Array.isArray(order) &&
    order.length > 0 &&
    order.every((text) => typeof text === "string") &&
    new Set(order).size === order.length;
  if (!isOrder)
    throw new TypeError(`${what} needs an "order": a list of different texts, the worst one last.`);
}

function requireField(model: string, defaults: Defaults, option: string, field: unknown): void {
  if (typeof field === "string" && Object.hasOwn(defaults, field)) return;
  const nearest = likelyMeant(String(field), Object.keys(defaults));
  const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  throw new TypeError(`Model ${model}: ${option} names ${shown(field)}, which is no field.${hint}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? typeof value;
}
