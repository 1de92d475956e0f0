/** Whether models that are deployed together fit together. What one model alone says was checked when it was defined. */
import { modelsOver } from "./declaration.ts";
import type { Rollup } from "./declaration.ts";
import { likelyMeant } from "../nearest.ts";
import type { ModelDefinition } from "../model.ts";

/**
 * Models by name. Throws a `TypeError` that names the model when two have the same name, when a parent is no model of
 * these, when models are each other's parents in a circle, or when a roll-up is over what no child reports.
 */
export function modelsByName(
  models: Iterable<ModelDefinition>,
): ReadonlyMap<string, ModelDefinition> {
  const byName = new Map<string, ModelDefinition>();
  for (const model of models) {
    if (byName.has(model.name))
      throw new TypeError(`Two models have the name "${model.name}"; one of them must change.`);
    byName.set(model.name, model);
  }
  for (const model of byName.values()) {
    checkParents(model, byName);
    checkRollups(model, byName);
  }
  return byName;
}

/** The models whose twins report to twins of this one. */
export function childModelsOf(
  name: string,
  models: Iterable<ModelDefinition>,
): readonly ModelDefinition[] {
  return [...models].filter(({ parent }) => parent?.model === name);
}

function checkParents(model: ModelDefinition, byName: ReadonlyMap<string, ModelDefinition>): void {
  const path = [model.name];
  for (let at = model; at.parent !== null;) {
    const { model: name } = at.parent;
    const parent = byName.get(name);
    if (parent === undefined) {
      const known = [...byName.keys()].join(", ");
      throw new TypeError(
        `Model ${at.name}: its parent is of model "${name}", which is not deployed. Models: ${known}.`,
      );
    }
    path.push(name);
    if (name === model.name)
      throw new TypeError(
        `Model ${model.name} is its own parent: ${path.join(" → ")}. Give each level a model of its own.`,
      );
    // A circle that this model only leads to is found when one of its own members is looked at.
    if (path.length > byName.size) return;
    at = parent;
  }
}

function checkRollups(model: ModelDefinition, byName: ReadonlyMap<string, ModelDefinition>): void {
  const children = childModelsOf(model.name, byName.values());
  for (const [name, rollup] of Object.entries(model.rollups)) {
    const what = `Model ${model.name}: roll-up "${name}"`;
    const over = modelsOver(rollup);
    for (const child of over ?? []) {
      if (children.some((each) => each.name === child)) continue;
      throw new TypeError(
        `${what} is of model "${child}", which does not have ${model.name} as its parent.`,
      );
    }
    if (children.length === 0)
      throw new TypeError(
        `${what} is over children, but no model has ${model.name} as its parent.`,
      );
    checkReported(what, rollup, children, over);
  }
}

function checkReported(
  what: string,
  { field }: Rollup,
  children: readonly ModelDefinition[],
  over: readonly string[] | undefined,
): void {
  if (field === undefined) return;
  // Where models are named, each must have the field; of all children, one is enough.
  const lacking = (over === undefined ? children : children.filter((c) => over.includes(c.name)))
    .filter(({ parent }) => parent?.report.includes(field) !== true)
    .map((child) => child.name);
  if (lacking.length === 0 || (over === undefined && lacking.length < children.length)) return;
  const reported = children.flatMap(({ parent }) => parent?.report ?? []);
  const nearest = likelyMeant(field, reported);
  const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  throw new TypeError(
    `${what} is over "${field}", which ${lacking.join(", ")} does not report.${hint}`,
  );
}
