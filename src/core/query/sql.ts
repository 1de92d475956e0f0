/**
 * A subset of SQL, parsed into the same `QuerySpec` that JSON gives:
 *
 *     SELECT list | * FROM model [WHERE condition] [GROUP BY fields]
 *       [ORDER BY columns [ASC | DESC] [NULLS LAST]] [LIMIT n] [OFFSET n] [;]
 *
 * The list has fields and `count(*)`, `count(field)`, `count(DISTINCT field)`, `sum`, `avg`, `min`, `max`, `stddev`,
 * `p50`, `p90`, `p99` of a field, each with `AS name` if need be. Keywords and functions are the same in any case;
 * names and texts are not, and LIKE heeds case too. Nothing else is understood: no joins, no queries in queries, no
 * HAVING, no arithmetic.
 */
import { AGGREGATE_OPS, aggregateName } from "./plan.ts";
import { readSql } from "./sql-cursor.ts";
import { parseWhere } from "./sql-where.ts";
import { SQL_CHARS_MAX } from "../limits.ts";
import type { SqlCursor } from "./sql-cursor.ts";
import type { Aggregate, OrderEntry, QuerySpec, SelectEntry } from "./plan.ts";
import type { Result } from "../refusal.ts";

/** An entry of a SELECT list: a field, perhaps under another name, or an aggregate. */
type Selected =
  | { readonly kind: "field"; readonly field: string; readonly as?: string }
  | { readonly kind: "aggregate"; readonly aggregate: Aggregate };

/** What can be called, as it is written. */
const CALLS = AGGREGATE_OPS.filter((op) => op !== "countDistinct").join(", ");

/**
 * The query that a text asks, not yet checked against a model. Refuses with `query/syntax`: a sentence, and in
 * `data` the `position` (UTF-16 units from 0), `line` and `column` (from 1) and what was `expected` there. A text
 * of more than SQL_CHARS_MAX characters is refused at that position.
 */
export function parseSql(sql: string): Result<QuerySpec> {
  return readSql(sql.slice(0, SQL_CHARS_MAX + 1), (cursor) => {
    if (sql.length > SQL_CHARS_MAX) {
      cursor.stop(
        `The text has ${sql.length} characters; ${SQL_CHARS_MAX} are allowed`,
        SQL_CHARS_MAX,
      );
    }
    return parseSelect(cursor);
  });
}

function parseSelect(cursor: SqlCursor): QuerySpec {
  cursor.needKeyword("SELECT");
  const listPosition = cursor.token.position;
  const selected = parseList(cursor);
  if (!cursor.takeKeyword("FROM")) cursor.fail(selected === "all" ? "FROM" : '"," or FROM');
  const model = cursor.needName("a model's name");
  const where = cursor.takeKeyword("WHERE") ? { where: parseWhere(cursor) } : {};
  const groupBy = parseGroupBy(cursor);
  if (selected === "all" && groupBy.groupBy !== undefined) {
    cursor.stop("A query with GROUP BY shows those fields and aggregates, not *", listPosition);
  }
  const shown = shownOf(selected, groupBy);
  const orderBy = parseOrderBy(cursor, shown.aggregates ?? []);
  const window = parseWindow(cursor);
  if (cursor.takeSymbol(";") && cursor.token.kind !== "end") cursor.fail("nothing more");
  if (cursor.token.kind !== "end") {
    const clauses = {
      WHERE: where,
      "GROUP BY": groupBy,
      "ORDER BY": orderBy,
      "LIMIT, OFFSET": window,
    };
    cursor.fail(expectedAfter(Object.entries(clauses)));
  }
  return { model, ...shown, ...where, ...groupBy, ...orderBy, ...window };
}

/** The clauses that may follow the last one that is there. */
function expectedAfter(clauses: readonly (readonly [keyword: string, found: object])[]): string {
  const last = clauses.findLastIndex(([, found]) => Object.keys(found).length > 0);
  const rest = clauses.slice(last + 1).map(([keyword]) => keyword);
  return [...rest, "the end of the query"].join(", ");
}

function parseList(cursor: SqlCursor): "all" | readonly Selected[] {
  if (cursor.takeSymbol("*")) return "all";
  return cursor.listOf(() => {
    if (isCall(cursor)) {
      return { kind: "aggregate", aggregate: { ...parseCall(cursor), ...parseAlias(cursor) } };
    }
    const field = cursor.needName("a field, an aggregate or *");
    return { kind: "field", field, ...parseAlias(cursor) };
  });
}

function parseAlias(cursor: SqlCursor): { as?: string } {
  return cursor.takeKeyword("AS") ? { as: cursor.needName("a column's name") } : {};
}

function isCall(cursor: SqlCursor): boolean {
  return cursor.token.kind === "word" && cursor.isBefore("(");
}

function parseCall(cursor: SqlCursor): Aggregate {
  const { text, position } = cursor.token;
  const op = AGGREGATE_OPS.find((known) => known === text.toLowerCase());
  if (op === undefined) cursor.stop(`There is no function ${text}; known are ${CALLS}`, position);
  cursor.advance();
  cursor.needSymbol("(");
  const aggregate =
    op === "count" ? parseCounted(cursor) : { op, field: cursor.needName("a field") };
  cursor.needSymbol(")");
  return aggregate;
}

function parseCounted(cursor: SqlCursor): Aggregate {
  if (cursor.takeSymbol("*")) return { op: "count" };
  const op = cursor.takeKeyword("DISTINCT") ? "countDistinct" : "count";
  return { op, field: cursor.needName(op === "count" ? "*, DISTINCT or a field" : "a field") };
}

function parseGroupBy(cursor: SqlCursor): { groupBy?: readonly string[] } {
  if (!cursor.takeKeyword("GROUP")) return {};
  cursor.needKeyword("BY");
  return { groupBy: cursor.listOf(() => cursor.needName("a field")) };
}

/** What a query shows. `select` is left out where it would only repeat the default. */
function shownOf(
  selected: "all" | readonly Selected[],
  { groupBy }: { groupBy?: readonly string[] },
): Pick<QuerySpec, "select" | "aggregates"> {
  if (selected === "all") return {};
  const select = selected.map(entryOf);
  const aggregates = selected.flatMap((entry) =>
    entry.kind === "aggregate" ? entry.aggregate : [],
  );
  if (aggregates.length === 0 && groupBy === undefined) return { select };
  const shown = aggregates.length === 0 ? {} : { aggregates };
  const usual = [...(groupBy ?? []), ...aggregates.map(aggregateName)];
  const isUsual = usual.length === select.length && usual.every((name, i) => name === select[i]);
  return isUsual ? shown : { select, ...shown };
}

function entryOf(selected: Selected): SelectEntry {
  if (selected.kind === "aggregate") return aggregateName(selected.aggregate);
  return selected.as === undefined ? selected.field : { field: selected.field, as: selected.as };
}

function parseOrderBy(
  cursor: SqlCursor,
  aggregates: readonly Aggregate[],
): { orderBy?: readonly OrderEntry[] } {
  if (!cursor.takeKeyword("ORDER")) return {};
  cursor.needKeyword("BY");
  return { orderBy: cursor.listOf(() => parseOrder(cursor, aggregates)) };
}

function parseOrder(cursor: SqlCursor, aggregates: readonly Aggregate[]): OrderEntry {
  const field = isCall(cursor) ? parseOrderCall(cursor, aggregates) : cursor.needName("a column");
  const isDescending = cursor.takeKeyword("DESC");
  if (!isDescending) cursor.takeKeyword("ASC");
  // Nulls come last in any case, so that this may be said but changes nothing.
  if (cursor.takeKeyword("NULLS")) cursor.needKeyword("LAST");
  return isDescending ? { field, desc: true } : { field };
}

/** An aggregate to order by stands for the column that shows it. */
function parseOrderCall(cursor: SqlCursor, aggregates: readonly Aggregate[]): string {
  const { position } = cursor.token;
  const call = parseCall(cursor);
  const shown = aggregates.find(({ op, field }) => op === call.op && field === call.field);
  if (shown !== undefined) return aggregateName(shown);
  return cursor.stop("ORDER BY takes an aggregate only when SELECT shows it too", position);
}

function parseWindow(cursor: SqlCursor): { limit?: number; offset?: number } {
  const limit = cursor.takeKeyword("LIMIT") ? { limit: cursor.needNumber("a number of rows") } : {};
  const offset = cursor.takeKeyword("OFFSET")
    ? { offset: cursor.needNumber("a number of rows") }
    : {};
  return { ...limit, ...offset };
}
