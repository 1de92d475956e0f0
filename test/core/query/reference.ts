/** Queries as slowly and plainly as they can be evaluated: over row objects, straight from what is asked. */
import type { Field, FieldType } from "../../../src/core/model.ts";
import type {
  Aggregate,
  Comparison,
  QueryResult,
  QuerySpec,
  Scalar,
  Where,
} from "../../../src/core/query/plan.ts";
import type { Row } from "./tables.ts";

type Value = Scalar | null;
/** Null is SQL's unknown. */
type Truth = boolean | null;

/** The answer over rows in the order of storage. Knows neither limits nor refusals: the query must be a right one. */
export function referenceAnswer(
  spec: QuerySpec,
  fields: readonly Field[],
  rows: readonly Row[],
): QueryResult {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  types.set("id", "string");
  const found = rows.filter(
    (row) => spec.where === undefined || isTrueOf(spec.where, row, types) === true,
  );
  const isGrouped = spec.aggregates !== undefined || spec.groupBy !== undefined;
  return isGrouped ? groupedAnswer(spec, types, found) : listedAnswer(spec, types, found);
}

function isTrueOf(where: Where, row: Row, types: ReadonlyMap<string, FieldType>): Truth {
  if ("not" in where) {
    const truth = isTrueOf(where.not, row, types);
    return truth === null ? null : !truth;
  }
  if ("and" in where) {
    const truths = where.and.map((term) => isTrueOf(term, row, types));
    return truths.includes(false) ? false : truths.includes(null) ? null : true;
  }
  if ("or" in where) {
    const truths = where.or.map((term) => isTrueOf(term, row, types));
    return truths.includes(true) ? true : truths.includes(null) ? null : false;
  }
  return comparisonOf(where, row[where.field]!, types.get(where.field)!);
}

function comparisonOf({ op, value: asked }: Comparison, value: Value, type: FieldType): Truth {
  if (op === "isNull") return value === null;
  if (value === null) return null;
  const literal = (one: unknown): Scalar =>
    type === "time" && typeof one === "string" ? Date.parse(one) : (one as Scalar);
  if (op === "in") return (asked as readonly Scalar[]).map(literal).includes(value);
  if (op === "contains") return String(value).includes(String(asked));
  if (op === "startsWith") return String(value).startsWith(String(asked));
  const sign = compare(value, literal(asked));
  return {
    "=": sign === 0,
    "!=": sign !== 0,
    "<": sign < 0,
    "<=": sign <= 0,
    ">": sign > 0,
    ">=": sign >= 0,
  }[op];
}

function compare(a: Scalar, b: Scalar): number {
  return a < b ? -1 : Number(a > b);
}

/** Nulls last, whatever the direction. */
function compareNulls(a: Value, b: Value, desc: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return desc ? compare(b, a) : compare(a, b);
}

function listedAnswer(
  spec: QuerySpec,
  types: ReadonlyMap<string, FieldType>,
  rows: readonly Row[],
): QueryResult {
  const entries = (spec.select ?? [...types.keys()]).map((entry) =>
    typeof entry === "string" ? { field: entry, as: entry } : entry,
  );
  const columns = [{ field: "id", as: "id" }, ...entries.filter(({ as }) => as !== "id")];
  const fieldOf = (name: string): string => columns.find(({ as }) => as === name)?.field ?? name;
  const orderBy = (spec.orderBy ?? []).map(({ field, desc = false }) => ({
    field: fieldOf(field),
    desc,
  }));
  const byId = (a: Row, b: Row): number => compare(a.id, b.id);
  const inOrder = (a: Row, b: Row): number =>
    orderBy
      .map(({ field, desc }) => compareNulls(a[field]!, b[field]!, desc))
      .find((sign) => sign !== 0) ?? byId(a, b);
  const sorted = orderBy.length === 0 ? rows : rows.toSorted(inOrder);
  const page = pageOf(spec, sorted);
  const shownPage = orderBy.length === 0 ? page.toSorted(byId) : page;
  return {
    columns: columns.map(({ field, as }) => ({ name: as, type: types.get(field)! })),
    rows: shownPage.map((row) => columns.map(({ field }) => show(row[field]!, types.get(field)!))),
  };
}

function groupedAnswer(
  spec: QuerySpec,
  types: ReadonlyMap<string, FieldType>,
  rows: readonly Row[],
): QueryResult {
  const keys = spec.groupBy ?? [];
  const aggregates = spec.aggregates ?? [];
  const groups = new Map<string, Row[]>(keys.length === 0 ? [["[]", []]] : []);
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => row[name]));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const results = Array.from(groups.values(), (members) => ({
    ...Object.fromEntries(keys.map((name) => [name, members[0]?.[name] ?? null])),
    ...Object.fromEntries(
      aggregates.map((aggregate) => [aggregate.as!, aggregateOf(aggregate, members)]),
    ),
  }));
  const orderBy = [...(spec.orderBy ?? []), ...keys.map((field) => ({ field, desc: false }))];
  const sorted = results.toSorted(
    (a, b) =>
      orderBy
        .map(({ field, desc = false }) => compareNulls(a[field]!, b[field]!, desc))
        .find((sign) => sign !== 0) ?? 0,
  );
  const typeOf = (name: string): FieldType => {
    const aggregate = aggregates.find(({ as }) => as === name);
    if (aggregate === undefined) return types.get(name)!;
    return ["min", "max", "avg"].includes(aggregate.op) ? types.get(aggregate.field!)! : "number";
  };
  const names = [...keys, ...aggregates.map(({ as }) => as!)];
  return {
    columns: names.map((name) => ({ name, type: typeOf(name) })),
    rows: pageOf(spec, sorted).map((result) =>
      names.map((name) => show(result[name]!, typeOf(name))),
    ),
  };
}

function aggregateOf({ op, field }: Aggregate, rows: readonly Row[]): Value {
  if (field === undefined) return rows.length;
  const values = rows.map((row) => row[field]!).filter((value) => value !== null);
  const numbers = values as number[];
  const sum = numbers.reduce((total, value) => total + value, 0);
  if (op === "count") return values.length;
  if (op === "countDistinct") return new Set(values).size;
  if (values.length === 0) return null;
  if (op === "sum") return sum;
  if (op === "avg") return sum / values.length;
  const sorted = values.toSorted(compare);
  if (op === "min") return sorted[0]!;
  if (op === "max") return sorted.at(-1)!;
  if (op !== "stddev") return sorted[Math.ceil((Number(op.slice(1)) * sorted.length) / 100) - 1]!;
  const mean = sum / numbers.length;
  const squares = numbers.reduce((total, value) => total + (value - mean) ** 2, 0);
  return numbers.length < 2 ? null : Math.sqrt(squares / (numbers.length - 1));
}

function pageOf<T>({ offset = 0, limit = 10_000 }: QuerySpec, rows: readonly T[]): readonly T[] {
  return rows.slice(offset, offset + limit);
}

function show(value: Value, type: FieldType): Value {
  return type === "time" && typeof value === "number" ? new Date(value).toISOString() : value;
}
