/**
 * Compiles a condition into a filter over lists of rows. Each test is one tight loop over a typed array that keeps
 * the rows it is true of, so that the second term of an AND only sees what the first left.
 *
 * SQL's three-valued logic needs no third value here: NOT is pushed down to the tests (De Morgan's laws hold for
 * unknown too), and a negated test keeps the rows of which it is false. Unknown is neither, and never kept.
 */
import { compileTest } from "./where-test.ts";
import type { Condition, ColumnView } from "./plan.ts";
import type { Field } from "../model.ts";

/**
 * Keeps the rows of which a condition is true: the first `count` of `rows` are looked at, the kept ones are moved
 * to the front in their order, and their number is returned. `views` are the plan's fields in the rows' block.
 */
export type Filter = (views: readonly ColumnView[], rows: Int32Array, count: number) => number;

/** What a filter is compiled for: a plan's fields and a table. */
export interface FilterContext {
  readonly fields: readonly Field[];
  /** By field of the plan; null where it is no string, or the id. */
  readonly dictionaries: readonly (readonly string[] | null)[];
  /** The most rows that a filter is given at once. */
  readonly rowsMax: number;
  /** The rows of the whole table. */
  readonly rowsTotal: number;
}

/** The filter of a condition. It owns buffers, so it must not be entered twice at a time. */
export function compileWhere(condition: Condition, context: FilterContext): Filter {
  const buffers: UnionBuffers[] = [];
  /** `unions` counts the ORs around this part: those side by side run one after another and share buffers. */
  function compile(part: Condition, negated: boolean, unions: number): Filter {
    if (part.kind === "not") return compile(part.term, !negated, unions);
    if (!("terms" in part)) return compileTest(part, negated, context);
    const isUnion = (part.kind === "or") !== negated;
    const filters = part.terms.map((term) => compile(term, negated, unions + Number(isUnion)));
    if (!isUnion) return allOf(filters);
    buffers[unions] ??= makeBuffers(context.rowsMax);
    return anyOf(filters, buffers[unions]);
  }
  return compile(condition, false, 0);
}

function allOf(filters: readonly Filter[]): Filter {
  return (views, rows, count) => {
    let kept = count;
    for (const filter of filters) kept = filter(views, rows, kept);
    return kept;
  };
}

/** What an OR writes to while it runs. Afterwards all marks are 0 again. */
interface UnionBuffers {
  readonly marks: Uint8Array;
  readonly left: Int32Array;
}

function makeBuffers(rowsMax: number): UnionBuffers {
  return { marks: new Uint8Array(rowsMax), left: new Int32Array(rowsMax) };
}

/** Gives each filter the rows that none before it kept, and marks what it keeps. */
function anyOf(filters: readonly Filter[], { marks, left }: UnionBuffers): Filter {
  return (views, rows, count) => {
    for (const filter of filters) {
      const found = filter(views, left, copyUnmarked(rows, count, marks, left));
      mark(left, found, marks);
    }
    return takeMarked(rows, count, marks);
  };
}

function copyUnmarked(
  rows: Int32Array,
  count: number,
  marks: Uint8Array,
  left: Int32Array,
): number {
  let copied = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    left[copied] = row;
    copied += 1 - marks[row]!;
  }
  return copied;
}

function mark(rows: Int32Array, count: number, marks: Uint8Array): void {
  for (let i = 0; i < count; i++) marks[rows[i]!] = 1;
}

/** Keeps the marked rows, and takes their marks away. */
function takeMarked(rows: Int32Array, count: number, marks: Uint8Array): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    rows[kept] = row;
    kept += marks[row]!;
    marks[row] = 0;
  }
  return kept;
}
