/** The body of `POST /v1/query`, and the parts of it that widgets and live subscriptions share. */
import * as z from "zod";
import { WHERE_DEPTH_MAX } from "../core/limits.ts";
import { AGGREGATE_OPS, WHERE_OPS } from "../core/query/plan.ts";
import { parseSql } from "../core/query/sql.ts";
import { ok, refuse } from "../core/refusal.ts";
import { describeIssues, firstProblem } from "./issues.ts";
import { isNestedDeeper } from "./nesting.ts";
import type {
  Aggregate,
  Comparison,
  OrderEntry,
  QuerySpec,
  SelectEntry,
  Where,
} from "../core/query/plan.ts";
import type { Result } from "../core/refusal.ts";

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: "expected a string, number, boolean or null",
});

const ComparisonV1: z.ZodType<Comparison> = z.strictObject({
  field: z.string(),
  op: z.enum(WHERE_OPS),
  value: z.exactOptional(
    z.union([Scalar, z.array(Scalar)], {
      error: "expected a string, number or boolean, or a list of them",
    }),
  ),
});

/** A condition. Its depth is bounded before it is parsed, so that the schema may be recursive. */
export const WhereV1: z.ZodType<Where> = z
  .lazy(() =>
    z.union(
      [
        z.strictObject({ and: z.array(WhereV1) }),
        z.strictObject({ or: z.array(WhereV1) }),
        z.strictObject({ not: WhereV1 }),
        ComparisonV1,
      ],
      { error: 'expected {"and": […]}, {"or": […]}, {"not": …} or {"field", "op", "value"}' },
    ),
  )
  .meta({
    id: "Where",
    description: "Nested at will. As in SQL, no comparison with a null field is true.",
  });

export const AggregateV1: z.ZodType<Aggregate> = z
  .strictObject({
    op: z.enum(AGGREGATE_OPS),
    field: z.exactOptional(z.string()),
    as: z.exactOptional(z.string()),
  })
  .meta({
    id: "Aggregate",
    description: "Nulls take no part. `count` without a field counts twins.",
  });

export const OrderEntryV1: z.ZodType<OrderEntry> = z
  .strictObject({ field: z.string(), desc: z.exactOptional(z.boolean()) })
  .meta({
    id: "OrderEntry",
    description: "An output column or a field. Nulls come last in both directions.",
  });

const SelectEntryV1: z.ZodType<SelectEntry> = z.union(
  [z.string(), z.strictObject({ field: z.string(), as: z.string() })],
  { error: 'expected a name, or {"field", "as"}' },
);

/** The parts of a query in its JSON form. */
export const QUERY_PARTS = {
  model: z.string(),
  select: z.exactOptional(z.array(SelectEntryV1)),
  aggregates: z.exactOptional(z.array(AggregateV1)),
  groupBy: z.exactOptional(z.array(z.string())),
  where: z.exactOptional(WhereV1),
  orderBy: z.exactOptional(z.array(OrderEntryV1)),
  limit: z.exactOptional(z.number()),
  offset: z.exactOptional(z.number()),
};

/** A query in its JSON form. */
export const QuerySpecV1: z.ZodType<QuerySpec> = z.strictObject(QUERY_PARTS).meta({
  id: "Query",
  description: "Lists twins; with `aggregates` or `groupBy` it groups them.",
});

/** A query as SQL text. */
export const SqlQueryV1 = z.strictObject({ sql: z.string() }).meta({
  id: "SqlQuery",
  description: "SELECT … FROM model, with WHERE, GROUP BY, ORDER BY, LIMIT, OFFSET.",
});

export const QueryBodyV1 = z.union([SqlQueryV1, QuerySpecV1]);

/** Containers around the values of a list in the deepest condition: the body, its `where`, two for each group, the list. */
const BODY_NESTING_MAX = 2 * WHERE_DEPTH_MAX + 1;

/**
 * The query that a body asks: SQL text, which is parsed here, or the JSON form. Its meaning is for `checkQuery`.
 * Refuses with `query/malformed`, naming the first part that is wrong (in `data.path` too) and unknown keys, and as
 * `parseSql` does.
 */
export function parseQueryBody(input: unknown): Result<QuerySpec> {
  if (isNestedDeeper(input, BODY_NESTING_MAX)) {
    return refuse("query/malformed", `"where" may be nested ${WHERE_DEPTH_MAX} deep at most.`, {
      path: "where",
    });
  }
  if (typeof input === "object" && input !== null && "sql" in input) {
    const parsed = SqlQueryV1.safeParse(input, { reportInput: true });
    return parsed.success ? parseSql(parsed.data.sql) : refuseIssues(parsed.error.issues);
  }
  const parsed = QuerySpecV1.safeParse(input, { reportInput: true });
  return parsed.success ? ok(parsed.data) : refuseIssues(parsed.error.issues);
}

function refuseIssues(issues: readonly z.core.$ZodIssue[]): Result<never> {
  const { path } = firstProblem(issues);
  return refuse("query/malformed", describeIssues("the query", issues), { path });
}
