/** Checks a grouped query: its keys, aggregates, and the columns it shows. */
import { echo, refuseUnknown } from "./field-scope.ts";
import { aggregateName, ID_FIELD } from "./plan.ts";
import { ok, refuse } from "../refusal.ts";
import { unreachable } from "../assert.ts";
import type { FieldScope } from "./field-scope.ts";
import type { Aggregate, AggregateOp, FoldPlan, GroupPlan, QuerySpec } from "./plan.ts";
import type { Field, FieldType } from "../model.ts";
import type { Result } from "../refusal.ts";

type GroupShape = Pick<GroupPlan, "kind" | "keys" | "folds" | "aggregates" | "columns" | "orderBy">;

/** The types that an aggregate takes. The others take any. */
const TYPES_TAKEN: Partial<Record<AggregateOp, readonly FieldType[]>> = {
  sum: ["number"],
  avg: ["number", "time"],
  stddev: ["number"],
  p50: ["number"],
  p90: ["number"],
  p99: ["number"],
};

/** The shape of a grouped query's plan. Refuses as `checkQuery` does. */
export function checkGroups(spec: QuerySpec, scope: FieldScope): Result<GroupShape> {
  /** Cells by name: keys, then aggregates. A name stands for one of them only. */
  const cells = new Map<string, number>();
  const keys: number[] = [];
  for (const name of spec.groupBy ?? []) {
    const field = scope.find(name);
    if (!field.ok) return field;
    if (cells.has(name)) continue;
    cells.set(name, cells.size);
    keys.push(scope.use(field.value));
  }
  const folds = new FoldList();
  const aggregates: GroupPlan["aggregates"][number][] = [];
  for (const aggregate of spec.aggregates ?? []) {
    const checked = checkAggregate(aggregate, scope, folds);
    if (!checked.ok) return checked;
    const name = aggregateName(aggregate);
    if (cells.has(name)) return refuseTwice(name);
    cells.set(name, cells.size);
    aggregates.push(checked.value);
  }
  const columns = checkColumns(spec, cells, keys.length, scope);
  if (!columns.ok) return columns;
  const orderBy: { cell: number; desc: boolean }[] = [];
  const shown = new Map(columns.value.map(({ name, cell }) => [name, cell]));
  for (const { field: name, desc = false } of spec.orderBy ?? []) {
    const cell = shown.get(name) ?? cells.get(name);
    if (cell === undefined) return refuseUnknown(name, [...shown.keys(), ...cells.keys()]);
    orderBy.push({ cell, desc });
  }
  return ok({
    kind: "groups",
    keys,
    folds: folds.list,
    aggregates,
    columns: columns.value,
    orderBy,
  });
}

function checkColumns(
  spec: QuerySpec,
  cells: ReadonlyMap<string, number>,
  keys: number,
  scope: FieldScope,
): Result<{ name: string; cell: number }[]> {
  if (spec.select === undefined || spec.select.length === 0) {
    return ok(Array.from(cells, ([name, cell]) => ({ name, cell })));
  }
  const columns = new Map<string, number>();
  for (const entry of spec.select) {
    const { field: name, as } = typeof entry === "string" ? { field: entry, as: entry } : entry;
    const cell = cells.get(name);
    if (cell === undefined) return refuseUngrouped(name, cells, scope);
    if (columns.has(as)) return refuseTwice(as);
    if (cell >= keys && as !== name) {
      return refuse(
        "query/malformed",
        `The aggregate ${echo(name)} takes its name from its own "as".`,
      );
    }
    columns.set(as, cell);
  }
  for (const [name, cell] of cells) {
    if (cell < keys || columns.get(name) === cell) continue;
    return refuse("query/malformed", `"select" leaves out the aggregate ${echo(name)}.`);
  }
  return ok(Array.from(columns, ([name, cell]) => ({ name, cell })));
}

function refuseUngrouped(
  name: string,
  cells: ReadonlyMap<string, number>,
  scope: FieldScope,
): Result<never> {
  const known = scope.find(name).ok;
  if (!known) return refuseUnknown(name, [...cells.keys(), ...scope.names()]);
  return refuse(
    "query/malformed",
    `${echo(name)} has many values in a group: group by it too, or select an aggregate of it.`,
  );
}

/** Refuses a second column of one name. */
export function refuseTwice(name: string): Result<never> {
  return refuse(
    "query/malformed",
    `Two columns are named ${echo(name)}; give one another name ("as").`,
  );
}

function checkAggregate(
  aggregate: Aggregate,
  scope: FieldScope,
  folds: FoldList,
): Result<GroupPlan["aggregates"][number]> {
  const { op, field: name } = aggregate;
  if (name === undefined) {
    if (op === "count")
      return ok({ op, fold: folds.add({ kind: "count", field: null }), type: "number" });
    return refuse("query/malformed", `"${op}" needs a field.`);
  }
  const field = scope.find(name);
  if (!field.ok) return field;
  const taken = TYPES_TAKEN[op];
  if (taken !== undefined && !taken.includes(field.value.type)) {
    return refuse(
      "query/bad-type",
      `"${op}" is for a ${taken.join(" or ")}; ${echo(name)} is a ${field.value.type}.`,
    );
  }
  const fold = folds.add(foldOf(op, field.value, scope));
  return ok({ op, fold, type: typeOf(op, field.value) });
}

function foldOf(op: AggregateOp, field: Field, scope: FieldScope): FoldPlan {
  const index = scope.use(field);
  switch (op) {
    case "count":
      return { kind: "count", field: index };
    case "countDistinct":
      // Every twin has an id and no two share one, so that there is nothing to remember.
      return field === ID_FIELD
        ? { kind: "count", field: null }
        : { kind: "distinct", field: index };
    case "sum":
    case "avg":
      return { kind: "sum", field: index };
    case "min":
    case "max":
      return { kind: "range", field: index };
    case "stddev":
      return { kind: "moments", field: index };
    case "p50":
    case "p90":
    case "p99":
      return { kind: "quantile", field: index };
    default:
      return unreachable(op);
  }
}

function typeOf(op: AggregateOp, field: Field): FieldType {
  return op === "min" || op === "max" || op === "avg" ? field.type : "number";
}

/** The folds that the aggregates need, each once. */
class FoldList {
  readonly list: FoldPlan[] = [];

  add(fold: FoldPlan): number {
    const at = this.list.findIndex(
      (other) => other.kind === fold.kind && other.field === fold.field,
    );
    return at < 0 ? this.list.push(fold) - 1 : at;
  }
}
