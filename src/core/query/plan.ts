/**
 * What a query is, in its four forms. Types only, but for the names of operators:
 *
 * - `QuerySpec`: what somebody asks, as JSON; SQL text is parsed into it. Unchecked.
 * - `Plan`: the same, checked against a model's fields. Plain data, sent to every shard.
 * - `QueryPartial`: what one shard found. Plain data and typed arrays, as small as the answer allows.
 * - `QueryResult`: the merged answer.
 */
import type { ColumnPart } from "../columns/columns.ts";
import type { Field, FieldType } from "../model.ts";

export const COMPARE_OPS = ["=", "!=", "<", "<=", ">", ">="] as const;
export type CompareOp = (typeof COMPARE_OPS)[number];

export const WHERE_OPS = [...COMPARE_OPS, "in", "contains", "startsWith", "isNull"] as const;
export type WhereOp = (typeof WHERE_OPS)[number];

export const PERCENTILE_OPS = ["p50", "p90", "p99"] as const;
export type PercentileOp = (typeof PERCENTILE_OPS)[number];

export const AGGREGATE_OPS = [
  "count",
  "sum",
  "avg",
  "min",
  "max",
  "countDistinct",
  "stddev",
  ...PERCENTILE_OPS,
] as const;
export type AggregateOp = (typeof AGGREGATE_OPS)[number];

/** The pseudo-field that every twin has: its id, a string. A field of the model with this name is not seen. */
export const ID_FIELD: Field = { name: "id", type: "string" };

export type Scalar = boolean | number | string;

/** One test of one field. `isNull` takes no value, `in` takes a list, all others one value. */
export interface Comparison {
  readonly field: string;
  readonly op: WhereOp;
  readonly value?: Scalar | null | readonly (Scalar | null)[];
}

/**
 * A condition, nested at will. It is SQL's three-valued logic: a comparison with a null field is unknown, so is
 * its `not`, and a row is taken only where the whole is true.
 */
export type Where =
  | { readonly and: readonly Where[] }
  | { readonly or: readonly Where[] }
  | { readonly not: Where }
  | Comparison;

/** An aggregate over the rows of a group. `field` may be absent for `count` alone, which then counts rows. */
export interface Aggregate {
  readonly op: AggregateOp;
  readonly field?: string;
  /** The column's name. Default: `count`, `max_alert_level`, … (see `aggregateName`). */
  readonly as?: string;
}

/** An output column: a field's name, or in a grouped query an aggregate's; with another name of its own if need be. */
export type SelectEntry = string | { readonly field: string; readonly as: string };

/** An order: an output column, or a field that the query reads. Nulls come last, ascending or descending. */
export interface OrderEntry {
  readonly field: string;
  readonly desc?: boolean;
}

/** A query as it is asked. With `aggregates` or `groupBy` it is grouped, else it lists twins. Empty lists are as none. */
export interface QuerySpec {
  readonly model: string;
  /** Default: all fields; grouped: `groupBy`, then `aggregates`. A grouped query must show every aggregate once. */
  readonly select?: readonly SelectEntry[];
  readonly aggregates?: readonly Aggregate[];
  readonly groupBy?: readonly string[];
  readonly where?: Where;
  readonly orderBy?: readonly OrderEntry[];
  /** Rows at most. Default and maximum: QUERY_ROWS_MAX. */
  readonly limit?: number;
  /** Rows to skip first. Default 0, at most QUERY_OFFSET_MAX. */
  readonly offset?: number;
}

/** The name of an aggregate's column when it gives none: `count`, `count_region`, `max_alert_level`. */
export function aggregateName(aggregate: Aggregate): string {
  if (aggregate.as !== undefined) return aggregate.as;
  return aggregate.field === undefined ? aggregate.op : `${aggregate.op}_${aggregate.field}`;
}

/** A checked condition. `field` is an index into the plan's `fields`; times are epoch milliseconds. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] }
  | { readonly kind: "not"; readonly term: Condition }
  | Test;

export type Test =
  | {
      readonly kind: "compare";
      readonly field: number;
      readonly op: CompareOp;
      readonly value: Scalar;
    }
  | { readonly kind: "in"; readonly field: number; readonly values: readonly Scalar[] }
  | {
      readonly kind: "text";
      readonly field: number;
      readonly op: "contains" | "startsWith";
      readonly text: string;
    }
  | { readonly kind: "null"; readonly field: number };

/** A query checked against a model's fields. */
export type Plan = RowPlan | GroupPlan;

interface PlanBase {
  readonly model: string;
  /** The fields that the query reads, each once; everything else refers to them by index. */
  readonly fields: readonly Field[];
  readonly where: Condition | null;
  readonly limit: number;
  readonly offset: number;
}

/** A query that lists twins. Its field 0 is `id`. */
export interface RowPlan extends PlanBase {
  readonly kind: "rows";
  /** The first so many fields are shown or ordered by, so partial results carry them. */
  readonly carried: number;
  readonly columns: readonly { readonly name: string; readonly field: number }[];
  /** Ties go by id. Without any, storage decides which rows a limit keeps, and those are shown by id. */
  readonly orderBy: readonly { readonly field: number; readonly desc: boolean }[];
}

/** A query that groups twins. A cell is a key (0, 1, …) or, after these, an aggregate. */
export interface GroupPlan extends PlanBase {
  readonly kind: "groups";
  readonly keys: readonly number[];
  readonly folds: readonly FoldPlan[];
  readonly aggregates: readonly {
    readonly op: AggregateOp;
    readonly fold: number;
    readonly type: FieldType;
  }[];
  readonly columns: readonly { readonly name: string; readonly cell: number }[];
  /** Ties go by the keys, in their order. */
  readonly orderBy: readonly { readonly cell: number; readonly desc: boolean }[];
}

/** What is gathered of a field. `sum` and `avg` share one fold, so do `min` and `max`, and all percentiles. */
export interface FoldPlan {
  readonly kind: "count" | "sum" | "range" | "moments" | "distinct" | "quantile";
  /** Null counts rows. */
  readonly field: number | null;
}

/** A column to read by row number: of a block, of a partial result, or the ids. */
export type ColumnView =
  | ColumnPart
  | { readonly type: "id"; readonly ids: readonly (string | undefined)[] };

/** What one shard found. */
export type QueryPartial = RowPartial | GroupPartial;

/** The best `offset + limit` rows of a shard, in order. */
export interface RowPartial {
  readonly kind: "rows";
  readonly rows: number;
  /** One per carried field of the plan. */
  readonly columns: readonly ColumnView[];
  /** Ascending places in storage, by which rows without an order are merged; null when there is an order. */
  readonly positions: Float64Array | null;
}

/** The groups of a shard, in no order; without keys there is always exactly one. */
export interface GroupPartial {
  readonly kind: "groups";
  readonly groups: number;
  /** One per key, one entry per group. */
  readonly keys: readonly ColumnPart[];
  readonly folds: readonly FoldPart[];
}

/** What a fold gathered: one entry per group, or for lists the end of each group's entries. */
export type FoldPart =
  | { readonly kind: "count"; readonly counts: Float64Array }
  | {
      readonly kind: "sum";
      readonly counts: Float64Array;
      readonly sums: Float64Array;
      readonly errors: Float64Array;
    }
  | { readonly kind: "range"; readonly least: ColumnPart; readonly greatest: ColumnPart }
  | {
      readonly kind: "moments";
      readonly counts: Float64Array;
      readonly means: Float64Array;
      readonly squares: Float64Array;
    }
  | { readonly kind: "distinct"; readonly ends: Uint32Array; readonly values: ColumnPart }
  | {
      readonly kind: "quantile";
      readonly valueEnds: Uint32Array;
      readonly values: Float64Array;
      readonly bucketEnds: Uint32Array;
      readonly buckets: Int32Array;
      readonly bucketCounts: Float64Array;
    };

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: FieldType }[];
  /** Times as ISO 8601, nulls as null. */
  readonly rows: readonly (readonly (Scalar | null)[])[];
}
