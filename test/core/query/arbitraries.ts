/** Random twins and random queries over them, rich in nulls, ties and repeats. */
import * as fc from "fast-check";
import type {
  Aggregate,
  Comparison,
  OrderEntry,
  QuerySpec,
  Where,
} from "../../../src/core/query/plan.ts";
import type { Row } from "./tables.ts";

/** One seed for all, so that a failure is the same everywhere; fast-check prints it with the path of the failure. */
export const SEED = 20261122;

/** Quarters: sums of them are exact in any order, so that answers can be compared exactly. */
const quarter = fc.integer({ min: -12, max: 12 }).map((n) => n / 4);
const region = fc.constantFrom("", "NW", "NE", "no%", "n_o", "it's", "NWW", "Ünal", "n!", '"x"');
const kind = fc.constantFrom("pump", "valve", "PUMP");
/** Around the end of 2026, some in the same millisecond. */
const time = fc.integer({ min: 0, max: 5 }).map((n) => Date.UTC(2026, 11, 29) + n * 43_200_500);

const valueOf: Readonly<Record<string, fc.Arbitrary<boolean | number | string>>> = {
  level: quarter,
  load: quarter,
  region,
  kind,
  active: fc.boolean(),
  seen: time,
};
const names = Object.keys(valueOf);
const idText = fc.integer({ min: 0, max: 60 }).map((n) => `m${n}`);

const twin = fc.record(
  Object.fromEntries(names.map((name) => [name, fc.option(valueOf[name]!, { freq: 4 })])),
);

/** Twins with different ids, none to 40 of them. */
export const rows: fc.Arbitrary<readonly Row[]> = fc
  .uniqueArray(fc.tuple(idText, twin), { selector: ([id]) => id, maxLength: 40, size: "max" })
  .map((twins) => twins.map(([id, fields]) => ({ ...fields, id })));

/** What a field is compared with: a value that twins may have; a time also as text. */
function literalOf(field: string): fc.Arbitrary<boolean | number | string> {
  if (field === "id") return idText;
  if (field === "seen")
    return fc.oneof(
      time,
      time.map((epochMs) => new Date(epochMs).toISOString()),
    );
  return valueOf[field]!;
}

const anyField = fc.constantFrom("id", ...names);
const textField = fc.constantFrom("id", "region", "kind");
const text = fc.constantFrom("", "N", "n!%_", "NW", "n_", "o%", "!", "it's", "m1", "ump");

const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  anyField.chain((field) =>
    fc.record({
      field: fc.constant(field),
      op: fc.constantFrom("=", "!=", "<", "<=", ">", ">="),
      value: literalOf(field),
    }),
  ),
  anyField.chain((field) =>
    fc.record({
      field: fc.constant(field),
      op: fc.constant("in" as const),
      value: fc.array(literalOf(field), { minLength: 1, maxLength: 4 }),
    }),
  ),
  fc.record({ field: textField, op: fc.constantFrom("contains", "startsWith"), value: text }),
  anyField.map((field): Comparison => ({ field, op: "isNull" })),
);

/** Conditions of up to five levels, whose groups have at least two terms. */
export const where: fc.Arbitrary<Where> = fc.letrec<{ where: Where }>((tie) => {
  const terms = fc.array(tie("where"), { minLength: 2, maxLength: 4 });
  return {
    where: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      { arbitrary: comparison, weight: 4 },
      { arbitrary: terms.map((and) => ({ and })), weight: 2 },
      { arbitrary: terms.map((or) => ({ or })), weight: 2 },
      { arbitrary: tie("where").map((not) => ({ not })), weight: 2 },
    ),
  };
}).where;

const numericOps = ["sum", "avg", "stddev", "p50", "p90", "p99"] as const;
const anyOps = ["count", "min", "max", "countDistinct"] as const;

const numberField = fc.constantFrom("level", "load");

const aggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  {
    arbitrary: fc.record({ op: fc.constantFrom(...numericOps, ...anyOps), field: numberField }),
    weight: 4,
  },
  { arbitrary: fc.record({ op: fc.constantFrom(...anyOps), field: anyField }), weight: 4 },
  { arbitrary: fc.constant({ op: "avg", field: "seen" } as const), weight: 1 },
  { arbitrary: fc.constant({ op: "count" } as const), weight: 1 },
);

function orderOf(fields: readonly string[]): fc.Arbitrary<OrderEntry[]> {
  if (fields.length === 0) return fc.constant([]);
  const entry = fc.record(
    { field: fc.constantFrom(...fields), desc: fc.constant(true) },
    { requiredKeys: ["field"] },
  );
  return fc.array(entry, { maxLength: 3 });
}

/** Half of the queries take all twins, and most show all that they take: else little is left to compare. */
const window = fc
  .record({
    where: fc.option(where, { nil: undefined, freq: 2 }),
    limit: sometimes(fc.integer({ min: 0, max: 30 })),
    offset: sometimes(fc.integer({ min: 0, max: 5 })),
  })
  .map(({ where: condition, limit, offset }) => ({
    ...(condition === undefined ? {} : { where: condition }),
    ...(limit === undefined ? {} : { limit }),
    ...(offset === undefined ? {} : { offset }),
  }));

function sometimes<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary, weight: 1 });
}

/** Fields to group by; mostly such as make groups of several twins. */
const keyField = fc.oneof(
  { arbitrary: fc.constantFrom("region", "kind", "active"), weight: 6 },
  { arbitrary: fc.constantFrom("level", "seen"), weight: 2 },
  { arbitrary: fc.constant("id"), weight: 1 },
);

/** Queries that list twins. */
export const listing: fc.Arbitrary<QuerySpec> = fc
  .record({
    select: fc.option(fc.uniqueArray(anyField, { minLength: 1, maxLength: 4 }), { nil: undefined }),
    orderBy: orderOf(["id", ...names]),
    window,
  })
  .map(({ select, orderBy, window: rest }) => ({
    model: "Meter",
    ...(select === undefined ? {} : { select }),
    ...(orderBy.length === 0 ? {} : { orderBy }),
    ...rest,
  }));

/** Queries that group twins; each aggregate has a name of its own. */
export const grouping: fc.Arbitrary<QuerySpec> = fc
  .record({
    groupBy: fc.uniqueArray(keyField, { maxLength: 3 }),
    aggregates: fc.array(aggregate, { minLength: 1, maxLength: 8, size: "max" }),
    window,
  })
  .chain(({ groupBy, aggregates, window: rest }) => {
    const named = aggregates.map((one, i) => ({ ...one, as: `a${i}` }));
    return orderOf([...groupBy, ...named.map(({ as }) => as)]).map((orderBy) => ({
      model: "Meter",
      aggregates: named,
      ...(groupBy.length === 0 ? {} : { groupBy }),
      ...(orderBy.length === 0 ? {} : { orderBy }),
      ...rest,
    }));
  });

/** Which cell each twin is in (by its place in the list), and over how many shards cells are dealt. */
export const placement = fc.record({
  cells: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }),
  shards: fc.integer({ min: 1, max: 4 }),
});
