/** Checks what is asked against a model's fields, and makes the plan that shards evaluate. */
import { checkGroups, refuseTwice } from "./check-groups.ts";
import { checkWhere } from "./check-where.ts";
import { echo, FieldScope, refuseUnknown } from "./field-scope.ts";
import { ID_FIELD } from "./plan.ts";
import { QUERY_COLUMNS_MAX, QUERY_OFFSET_MAX, QUERY_ROWS_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { Plan, QuerySpec, RowPlan, SelectEntry } from "./plan.ts";
import type { Field } from "../model.ts";
import type { Result } from "../refusal.ts";

/**
 * The plan of a query over a model with these fields. Does not look at the model's name.
 *
 * Refuses with `query/unknown-field` (`data`: `{field, nearest}`); with `query/bad-type` when a value, operator or
 * aggregate does not suit its field; with `query/malformed` when parts don't fit together (a field that is shown
 * but not grouped by, two columns of one name) or a bound is exceeded.
 */
export function checkQuery(spec: QuerySpec, fields: readonly Field[]): Result<Plan> {
  for (const list of ["select", "aggregates", "groupBy", "orderBy"] as const) {
    const length = spec[list]?.length ?? 0;
    if (length <= QUERY_COLUMNS_MAX) continue;
    return refuse(
      "query/malformed",
      `"${list}" may have ${QUERY_COLUMNS_MAX} entries at most, not ${length}.`,
    );
  }
  const limit = checkCount("limit", spec.limit ?? QUERY_ROWS_MAX, QUERY_ROWS_MAX);
  if (!limit.ok) return limit;
  const offset = checkCount("offset", spec.offset ?? 0, QUERY_OFFSET_MAX);
  if (!offset.ok) return offset;

  const scope = new FieldScope(fields);
  const isGrouped = (spec.aggregates?.length ?? 0) > 0 || (spec.groupBy?.length ?? 0) > 0;
  const shape = isGrouped ? checkGroups(spec, scope) : checkRows(spec, scope);
  if (!shape.ok) return shape;
  const where = spec.where === undefined ? ok(null) : checkWhere(spec.where, scope);
  if (!where.ok) return where;
  return ok({
    ...shape.value,
    model: spec.model,
    fields: scope.used,
    where: where.value,
    limit: limit.value,
    offset: offset.value,
  });
}

function checkCount(name: string, count: number, max: number): Result<number> {
  if (Number.isInteger(count) && count >= 0 && count <= max) return ok(count);
  const hint =
    name === "offset" ? ' To read further, order by "id" and ask for ids above the last one.' : "";
  return refuse(
    "query/malformed",
    `"${name}" is a whole number from 0 to ${max}, not ${echo(count)}.${hint}`,
  );
}

type RowShape = Pick<RowPlan, "kind" | "carried" | "columns" | "orderBy">;

function checkRows(spec: QuerySpec, scope: FieldScope): Result<RowShape> {
  const columns = new Map([[ID_FIELD.name, scope.use(ID_FIELD)]]);
  for (const entry of chosenFields(spec, scope)) {
    const { field: name, as } = typeof entry === "string" ? { field: entry, as: entry } : entry;
    const field = scope.find(name);
    if (!field.ok) return field;
    if (columns.has(as)) return refuseTwice(as);
    columns.set(as, scope.use(field.value));
  }
  const orderBy: { field: number; desc: boolean }[] = [];
  for (const { field: name, desc = false } of spec.orderBy ?? []) {
    const column = columns.get(name);
    const field = column === undefined ? scope.find(name) : ok(scope.used[column]!);
    if (!field.ok) return refuseUnknown(name, [...columns.keys(), ...scope.names()]);
    orderBy.push({ field: scope.use(field.value), desc });
  }
  return ok({
    kind: "rows",
    carried: scope.used.length,
    columns: Array.from(columns, ([name, field]) => ({ name, field })),
    orderBy,
  });
}

/** What is selected besides `id`, which comes first whether it is named or not. */
function chosenFields(spec: QuerySpec, scope: FieldScope): readonly SelectEntry[] {
  const chosen =
    spec.select === undefined || spec.select.length === 0 ? [...scope.names()] : [...spec.select];
  const at = chosen.indexOf(ID_FIELD.name);
  if (at >= 0) chosen.splice(at, 1);
  return chosen;
}
