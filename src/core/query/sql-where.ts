/** Parses what follows WHERE. NOT binds more than AND, and AND more than OR; parentheses keep their own group. */
import { COMPARE_OPS } from "./plan.ts";
import { WHERE_DEPTH_MAX } from "../limits.ts";
import type { SqlCursor } from "./sql-cursor.ts";
import type { CompareOp, Comparison, Scalar, Where } from "./plan.ts";

/** The condition at the cursor. Stops the parse where the text is none, or is nested deeper than WHERE_DEPTH_MAX. */
export function parseWhere(cursor: SqlCursor): Where {
  return parseOr(cursor, 1);
}

function parseOr(cursor: SqlCursor, depth: number): Where {
  const first = parseAnd(cursor, depth);
  if (!cursor.isKeyword("OR")) return first;
  const terms = [first];
  while (cursor.takeKeyword("OR")) terms.push(parseAnd(cursor, depth));
  return { or: terms };
}

function parseAnd(cursor: SqlCursor, depth: number): Where {
  const first = parseNot(cursor, depth);
  if (!cursor.isKeyword("AND")) return first;
  const terms = [first];
  while (cursor.takeKeyword("AND")) terms.push(parseNot(cursor, depth));
  return { and: terms };
}

function parseNot(cursor: SqlCursor, depth: number): Where {
  const { position } = cursor.token;
  // Each level is a call of this function, so text could otherwise exhaust the stack.
  if (depth > WHERE_DEPTH_MAX)
    cursor.stop(`Conditions may be nested ${WHERE_DEPTH_MAX} deep at most`, position);
  if (cursor.takeKeyword("NOT")) return { not: parseNot(cursor, depth + 1) };
  if (!cursor.takeSymbol("(")) return parseComparison(cursor);
  const inner = parseOr(cursor, depth + 1);
  cursor.needSymbol(")");
  return inner;
}

function parseComparison(cursor: SqlCursor): Where {
  const field = cursor.needName("a field, NOT or (");
  if (cursor.takeKeyword("IS")) {
    const negated = cursor.takeKeyword("NOT");
    cursor.needKeyword("NULL");
    return negatedIf(negated, { field, op: "isNull" });
  }
  const { token } = cursor;
  if (token.kind === "symbol" && isCompareOp(token.text)) {
    cursor.advance();
    return { field, op: token.text, value: parseLiteral(cursor) };
  }
  const negated = cursor.takeKeyword("NOT");
  if (cursor.takeKeyword("IN")) return negatedIf(negated, parseIn(cursor, field));
  if (cursor.takeKeyword("LIKE")) return negatedIf(negated, parseLike(cursor, field));
  if (cursor.takeKeyword("BETWEEN")) return negatedIf(negated, parseBetween(cursor, field));
  return cursor.fail(
    negated ? "IN, LIKE or BETWEEN" : "=, !=, <, <=, >, >=, IN, LIKE, BETWEEN or IS",
  );
}

function isCompareOp(text: string): text is CompareOp {
  return (COMPARE_OPS as readonly string[]).includes(text);
}

function negatedIf(negated: boolean, where: Where): Where {
  return negated ? { not: where } : where;
}

function parseIn(cursor: SqlCursor, field: string): Comparison {
  cursor.needSymbol("(");
  const value = cursor.listOf(() => parseLiteral(cursor));
  cursor.needSymbol(")");
  return { field, op: "in", value };
}

function parseBetween(cursor: SqlCursor, field: string): Where {
  const low = parseLiteral(cursor);
  cursor.needKeyword("AND");
  const high = parseLiteral(cursor);
  return {
    and: [
      { field, op: ">=", value: low },
      { field, op: "<=", value: high },
    ],
  };
}

function parseLiteral(cursor: SqlCursor): Scalar | null {
  const { token } = cursor;
  if (token.kind === "number" || token.kind === "string") {
    cursor.advance();
    return token.kind === "number" ? token.value : token.text;
  }
  if (cursor.takeKeyword("TRUE")) return true;
  if (cursor.takeKeyword("FALSE")) return false;
  if (cursor.takeKeyword("NULL")) return null;
  return cursor.fail("a number, a 'text', TRUE, FALSE or NULL");
}

/** LIKE by its pattern: `x` is an equality, `x%` and `%x%` are `startsWith` and `contains`; no other is supported. */
function parseLike(cursor: SqlCursor, field: string): Comparison {
  const { position } = cursor.token;
  const pattern = cursor.needString("a pattern in single quotes");
  let escape = "";
  if (cursor.takeKeyword("ESCAPE")) {
    const escapePosition = cursor.token.position;
    escape = cursor.needString("one character in single quotes");
    if (escape.length !== 1) cursor.stop("ESCAPE takes exactly one character", escapePosition);
  }
  const parts = partsOf(pattern, escape);
  const [first, second, third] = parts ?? [];
  if (parts?.length === 1) return { field, op: "=", value: first! };
  if (parts?.length === 2 && second === "") return { field, op: "startsWith", value: first! };
  if (parts?.length === 3 && first === "" && third === "")
    return { field, op: "contains", value: second! };
  return cursor.stop("LIKE takes 'text', 'text%' or '%text%', without other % or _", position);
}

/** The texts between the `%` of a pattern; null when it has a `_`, or an escape with nothing to escape. */
function partsOf(pattern: string, escape: string): string[] | null {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === escape) {
      if (++i === pattern.length) return null;
      part += pattern[i]!;
    } else if (character === "_") {
      return null;
    } else if (character === "%") {
      parts.push(part);
      part = "";
    } else {
      part += character;
    }
  }
  return [...parts, part];
}
