/** Single tests. A number is compared where it is; a text mostly once per dictionary entry, then by its code. */
import { booleansOf, codesOf, idsOf, numbersOf } from "./column-view.ts";
import { keepCompared } from "./where-numbers.ts";
import { unreachable } from "../assert.ts";
import type { Filter, FilterContext } from "./where.ts";
import type { CompareOp, Scalar, Test } from "./plan.ts";

type Verdict = (value: Scalar) => boolean;

/** Rows per entry of a dictionary from which it is tested as a whole. */
const REPEATS_MIN = 4;

const OPPOSITE: Readonly<Record<CompareOp, CompareOp>> = {
  "=": "!=",
  "!=": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** The filter of one test, or of its opposite. */
export function compileTest(test: Test, negated: boolean, context: FilterContext): Filter {
  const { field } = test;
  const { type } = context.fields[field]!;
  const verdict = verdictOf(test, negated);
  const keepsNull = test.kind === "null" && !negated;
  if (type === "string") return compileText(field, verdict, keepsNull, context);
  if (type === "boolean") {
    const verdicts = Uint8Array.from([verdict(false), verdict(true), keepsNull], Number);
    return (views, rows, count) => keepByCode(booleansOf(views[field]!), verdicts, rows, count);
  }
  if (test.kind === "compare") {
    const op = negated ? OPPOSITE[test.op] : test.op;
    const literal = test.value as number;
    return (views, rows, count) => keepCompared(op, literal, numbersOf(views[field]!), rows, count);
  }
  return (views, rows, count) =>
    keepNumbers(numbersOf(views[field]!), verdict, keepsNull, rows, count);
}

/** A verdict for each entry of a dictionary pays when rows repeat them; texts that hardly repeat are looked at by row. */
function compileText(
  field: number,
  verdict: Verdict,
  keepsNull: boolean,
  { dictionaries, rowsTotal }: FilterContext,
): Filter {
  const dictionary = dictionaries[field]!;
  if (dictionary === null) {
    return (views, rows, count) => keepIds(idsOf(views[field]!), verdict, rows, count);
  }
  if (dictionary.length * REPEATS_MIN > rowsTotal) {
    return (views, rows, count) =>
      keepTexts(codesOf(views[field]!), dictionary, verdict, keepsNull, rows, count);
  }
  const verdicts = verdictsOf(dictionary, verdict, keepsNull);
  return (views, rows, count) => keepByCode(codesOf(views[field]!), verdicts, rows, count);
}

/** Whether a value that is not null passes. */
function verdictOf(test: Test, negated: boolean): Verdict {
  switch (test.kind) {
    case "null":
      return () => negated;
    case "in": {
      const values = new Set(test.values);
      return (value) => values.has(value) !== negated;
    }
    case "text": {
      const { op, text } = test;
      if (op === "contains") return (value) => (value as string).includes(text) !== negated;
      return (value) => (value as string).startsWith(text) !== negated;
    }
    case "compare": {
      const { value: literal } = test;
      const op = negated ? OPPOSITE[test.op] : test.op;
      return (value) => isTrue(value, op, literal);
    }
    default:
      return unreachable(test);
  }
}

function isTrue(value: Scalar, op: CompareOp, literal: Scalar): boolean {
  switch (op) {
    case "=":
      return value === literal;
    case "!=":
      return value !== literal;
    case "<":
      return value < literal;
    case "<=":
      return value <= literal;
    case ">":
      return value > literal;
    case ">=":
      return value >= literal;
    default:
      return unreachable(op);
  }
}

/** What becomes of each code of a dictionary, the first being null. */
function verdictsOf(
  dictionary: readonly string[],
  verdict: Verdict,
  keepsNull: boolean,
): Uint8Array {
  const verdicts = new Uint8Array(dictionary.length + 1);
  verdicts[0] = Number(keepsNull);
  for (let i = 0; i < dictionary.length; i++) verdicts[i + 1] = Number(verdict(dictionary[i]!));
  return verdicts;
}

function keepByCode(
  codes: Uint32Array | Uint8Array,
  verdicts: Uint8Array,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    rows[kept] = row;
    kept += verdicts[codes[row]!]!;
  }
  return kept;
}

function keepIds(
  ids: readonly (string | undefined)[],
  verdict: Verdict,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    if (verdict(ids[row]!)) rows[kept++] = row;
  }
  return kept;
}

function keepTexts(
  codes: Uint32Array,
  dictionary: readonly string[],
  verdict: Verdict,
  keepsNull: boolean,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const code = codes[row]!;
    if (code === 0 ? keepsNull : verdict(dictionary[code - 1]!)) rows[kept++] = row;
  }
  return kept;
}

function keepNumbers(
  values: Float64Array,
  verdict: Verdict,
  keepsNull: boolean,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const value = values[row]!;
    if (Number.isNaN(value) ? keepsNull : verdict(value)) rows[kept++] = row;
  }
  return kept;
}
