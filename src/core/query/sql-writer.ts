/** Writes a query as SQL that `parseSql` reads back as the same query. */
import { aggregateName } from "./plan.ts";
import { KEYWORDS } from "./sql-cursor.ts";
import { BARE_NAME } from "./sql-lexer.ts";
import type {
  Aggregate,
  Comparison,
  OrderEntry,
  QuerySpec,
  Scalar,
  SelectEntry,
  Where,
} from "./plan.ts";

/** Marks a `%` or `_` that a text itself has. */
const ESCAPE = "!";

/**
 * The SQL of a query that `checkQuery` accepts: `parseSql(toSql(spec))` is `spec`, but that empty lists, `desc: false`
 * and groups of one condition are left out, and aggregates come in the order in which they are shown. A query with
 * long `in` lists may be longer than SQL_CHARS_MAX.
 */
export function toSql(spec: QuerySpec): string {
  const aggregates = spec.aggregates ?? [];
  const groupBy = spec.groupBy ?? [];
  const clauses = [`SELECT ${listOf(spec, aggregates, groupBy)}`, `FROM ${name(spec.model)}`];
  if (spec.where !== undefined) clauses.push(`WHERE ${condition(spec.where)}`);
  if (groupBy.length > 0) clauses.push(`GROUP BY ${groupBy.map(name).join(", ")}`);
  if (spec.orderBy !== undefined && spec.orderBy.length > 0) {
    clauses.push(`ORDER BY ${spec.orderBy.map(order).join(", ")}`);
  }
  if (spec.limit !== undefined) clauses.push(`LIMIT ${spec.limit}`);
  if (spec.offset !== undefined) clauses.push(`OFFSET ${spec.offset}`);
  return clauses.join(" ");
}

function listOf(
  spec: QuerySpec,
  aggregates: readonly Aggregate[],
  groupBy: readonly string[],
): string {
  const select = spec.select ?? [];
  const shown = select.length > 0 ? select : [...groupBy, ...aggregates.map(aggregateName)];
  if (shown.length === 0) return "*";
  const calls = new Map(aggregates.map((aggregate) => [aggregateName(aggregate), call(aggregate)]));
  return shown.map((entry) => entryText(entry, calls)).join(", ");
}

function entryText(entry: SelectEntry, calls: ReadonlyMap<string, string>): string {
  if (typeof entry === "string") return calls.get(entry) ?? name(entry);
  return calls.get(entry.field) ?? `${name(entry.field)} AS ${name(entry.as)}`;
}

function call({ op, field, as }: Aggregate): string {
  const counted = field === undefined ? "*" : name(field);
  const text = op === "countDistinct" ? `count(DISTINCT ${counted})` : `${op}(${counted})`;
  return as === undefined ? text : `${text} AS ${name(as)}`;
}

function order({ field, desc = false }: OrderEntry): string {
  return desc ? `${name(field)} DESC` : name(field);
}

/** A condition as one operand of AND: groups in parentheses, except the outermost. */
function condition(where: Where, isOperand = false): string {
  if ("not" in where) return negation(where.not);
  if (!("and" in where) && !("or" in where)) return comparison(where, "");
  const [terms, keyword] = "and" in where ? [where.and, " AND "] : [where.or, " OR "];
  if (terms.length === 1) return condition(terms[0]!, isOperand);
  const text = terms.map((term) => condition(term, true)).join(keyword);
  return isOperand ? `(${text})` : text;
}

function negation(where: Where): string {
  const isComparison = !("and" in where) && !("or" in where) && !("not" in where);
  if (isComparison && ["in", "contains", "startsWith", "isNull"].includes(where.op))
    return comparison(where, "NOT ");
  return `NOT ${condition(where, true)}`;
}

function comparison({ field, op, value }: Comparison, not: "" | "NOT "): string {
  switch (op) {
    case "isNull":
      return `${name(field)} IS ${not}NULL`;
    case "in":
      return `${name(field)} ${not}IN (${(value as readonly (Scalar | null)[]).map(literal).join(", ")})`;
    case "contains":
      return `${name(field)} ${not}LIKE ${pattern("%", value as string)}`;
    case "startsWith":
      return `${name(field)} ${not}LIKE ${pattern("", value as string)}`;
    default:
      return `${name(field)} ${op} ${literal(value as Scalar | null)}`;
  }
}

function pattern(before: "" | "%", text: string): string {
  const escaped = text.replaceAll(/[%_!]/g, `${ESCAPE}$&`);
  const isPlain = !/[%_]/.test(text);
  return isPlain
    ? literal(`${before}${text}%`)
    : `${literal(`${before}${escaped}%`)} ESCAPE '${ESCAPE}'`;
}

function literal(value: Scalar | null): string {
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  return value === null || typeof value === "boolean" ? String(value).toUpperCase() : String(value);
}

function name(text: string): string {
  const isBare = BARE_NAME.test(text) && !KEYWORDS.has(text.toUpperCase());
  return isBare ? text : `"${text.replaceAll('"', '""')}"`;
}
