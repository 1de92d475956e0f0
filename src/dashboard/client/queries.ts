/** The queries behind a view. Each asks for no more columns and rows than are shown. */
import type { Aggregate, QuerySpec } from "../../core/query/plan.ts";
import { isPlace, nameField } from "./fields.ts";
import { CLASSES_MAX } from "./scale.ts";
import type { View } from "./view.ts";

/** Bars of the chart; with more groups, those with the highest values are shown. */
export const BARS_MAX = 12;

/** Rows of the table of extremes. */
export const TOP_MAX = 10;

/** Fields of that table: more would have to be scrolled to on most screens. */
const TOP_FIELDS_MAX = 7;

/** The first columns of a map page, so that rows can be read by number. Those of `placeFields` begin with colour. */
export const PLACE_COLUMNS = { id: 0, latitude: 1, longitude: 2, colour: 3 } as const;

/** How many twins there are, and how their number is spread: one row `twins, highest, mean, p90, lowest, groups`. */
export function figuresQuery({ model, measure, group }: View): QuerySpec {
  const aggregates: Aggregate[] = [{ op: "count", as: "twins" }];
  if (measure !== undefined) {
    aggregates.push(
      { op: "max", field: measure, as: "highest" },
      { op: "avg", field: measure, as: "mean" },
      { op: "p90", field: measure, as: "p90" },
      { op: "min", field: measure, as: "lowest" },
    );
  }
  if (group !== undefined) aggregates.push({ op: "countDistinct", field: group, as: "groups" });
  return { model: model.name, aggregates };
}

/** Rows `group, value, twins`, highest first. Undefined when the model has nothing to group by. */
export function barsQuery({ model, measure, op, group }: View): QuerySpec | undefined {
  if (group === undefined) return undefined;
  const value: Aggregate =
    op === "count" || measure === undefined
      ? { op: "count", as: "value" }
      : { op, field: measure, as: "value" };
  return {
    model: model.name,
    groupBy: [group],
    aggregates: [value, { op: "count", as: "twins" }],
    orderBy: [{ field: "value", desc: true }],
    limit: BARS_MAX,
  };
}

/** Rows `id, …` of the twins with the highest measure, or of the first twins when there is nothing to compare. */
export function topQuery(view: View): QuerySpec {
  return {
    model: view.model.name,
    select: topFields(view),
    orderBy: [view.measure === undefined ? { field: "id" } : { field: view.measure, desc: true }],
    limit: TOP_MAX,
  };
}

/** The table's fields besides the id: what the page is about first, then the rest as far as there is room. */
function topFields({ model, measure, group, colour }: View): readonly string[] {
  const all = model.fields.map(({ name }) => name).filter((name) => !isPlace(name));
  const first = [measure, nameField(model), group, colour].filter((name) => name !== undefined);
  return [...new Set([...first, ...all])].slice(0, TOP_FIELDS_MAX);
}

/**
 * Which values there are to colour by: for a number one row `lowest, highest`, else rows `value, twins` with the most
 * frequent first. Undefined when the model has nothing to colour by.
 */
export function coloursQuery({ model, colour }: View): QuerySpec | undefined {
  const field = model.fields.find(({ name }) => name === colour);
  if (field === undefined) return undefined;
  if (field.type === "number") {
    const aggregates: Aggregate[] = [
      { op: "min", field: field.name, as: "lowest" },
      { op: "max", field: field.name, as: "highest" },
    ];
    return { model: model.name, aggregates };
  }
  return {
    model: model.name,
    groupBy: [field.name],
    aggregates: [{ op: "count", as: "twins" }],
    orderBy: [{ field: "twins", desc: true }],
    limit: CLASSES_MAX + 1,
  };
}

/** What is known of each twin on the map besides its place. What colours it comes first. */
export function placeFields({ model, colour, measure }: View): readonly string[] {
  const wanted = [colour, measure, nameField(model)];
  return [...new Set(wanted.filter((name) => name !== undefined))];
}

/** Where twins are, and `placeFields`, for ids above `after` up to `upTo`, in their order. */
export function placesQuery(
  view: View,
  { after, upTo }: { readonly after: string | undefined; readonly upTo: string | undefined },
): QuerySpec {
  const tests = [
    ...(after === undefined ? [] : [{ field: "id", op: ">", value: after } as const]),
    ...(upTo === undefined ? [] : [{ field: "id", op: "<=", value: upTo } as const]),
  ];
  return {
    model: view.model.name,
    select: ["latitude", "longitude", ...placeFields(view)],
    ...(tests.length === 0 ? {} : { where: { and: tests } }),
    orderBy: [{ field: "id" }],
  };
}
