/** Twins as plain rows, and the columns that shards would hold of them. */
import { expect } from "vitest";
import { checkQuery } from "../../../src/core/query/check.ts";
import { evaluatePartial } from "../../../src/core/query/evaluate.ts";
import { mergePartials } from "../../../src/core/query/merge.ts";
import type { Block, Column, Table } from "../../../src/core/columns/columns.ts";
import type { Field } from "../../../src/core/model.ts";
import type { Plan, QueryResult, QuerySpec, Scalar } from "../../../src/core/query/plan.ts";
import type { Result } from "../../../src/core/refusal.ts";

/** A twin: its id, and its fields with times as epoch milliseconds. */
export interface Row {
  readonly id: string;
  readonly [field: string]: Scalar | null;
}

export const FIELDS: readonly Field[] = [
  { name: "level", type: "number" },
  { name: "load", type: "number" },
  { name: "region", type: "string" },
  { name: "kind", type: "string" },
  { name: "active", type: "boolean" },
  { name: "seen", type: "time" },
];

export const NOBODY: Omit<Row, "id"> = {
  level: null,
  load: null,
  region: null,
  kind: null,
  active: null,
  seen: null,
};

/** A twin with the given fields, the others null. */
export function rowOf(id: string, fields: Partial<Row>): Row {
  return { ...NOBODY, ...fields, id };
}

/** Every slot that is a multiple of this is empty, with leftovers that no query may see. */
const EMPTY_EVERY = 5;

/** One shard that holds these cells; `cells[c]` are the twins of cell `c`, in the order of their slots. */
export function tableOf(
  cells: ReadonlyMap<number, readonly Row[]>,
  fields: readonly Field[] = FIELDS,
): Table {
  const dictionaries = fields.map(({ type }) => (type === "string" ? ["left over"] : null));
  const blocks = Array.from(cells, ([cell, rows]) => blockOf(cell, rows, fields, dictionaries));
  return { fields, blocks, dictionaries };
}

function blockOf(
  cell: number,
  rows: readonly Row[],
  fields: readonly Field[],
  dictionaries: readonly (string[] | null)[],
): Block {
  const ids: (string | undefined)[] = [];
  const slots: (Row | undefined)[] = [];
  for (const row of rows) {
    if (slots.length % EMPTY_EVERY === 0) slots.push(undefined);
    slots.push(row);
  }
  const slotCount = slots.length;
  const capacity = slotCount + 3;
  const alive = new Uint8Array(capacity).fill(1, slotCount);
  for (const [slot, row] of slots.entries()) {
    alive[slot] = row === undefined ? 0 : 1;
    ids[slot] = row?.id;
  }
  const columns = fields.map(({ name, type }, f): Column => {
    const values = slots.map((row) => (row === undefined ? undefined : row[name]!));
    return columnOf(type, values, capacity, dictionaries[f]!);
  });
  return { cell, slotCount, alive, ids, columns };
}

function columnOf(
  type: Field["type"],
  values: readonly (Scalar | null | undefined)[],
  capacity: number,
  dictionary: string[] | null,
): Column {
  if (type === "string") {
    const codes = new Uint32Array(capacity).fill(1);
    for (const [slot, value] of values.entries()) {
      if (value === null) codes[slot] = 0;
      if (typeof value !== "string") continue;
      const known = dictionary!.indexOf(value);
      codes[slot] = known >= 0 ? known + 1 : dictionary!.push(value);
    }
    return { type, codes };
  }
  if (type === "boolean") {
    const flags = new Uint8Array(capacity).fill(1);
    for (const [slot, value] of values.entries())
      flags[slot] = value === null ? 2 : Number(value ?? 1);
    return { type, values: flags };
  }
  const numbers = new Float64Array(capacity).fill(4_711);
  for (const [slot, value] of values.entries())
    numbers[slot] = value === null ? Number.NaN : Number(value ?? 4_711);
  return { type, values: numbers };
}

/** The plan of a query that must be right. */
export function planOf(spec: Omit<QuerySpec, "model">, fields: readonly Field[] = FIELDS): Plan {
  return valueOf(checkQuery({ model: "Meter", ...spec }, fields));
}

/** The answer of shards; plan and partial results travel as they do between objects. */
export function answerOf(plan: Plan, shards: readonly Table[]): Result<QueryResult> {
  const sent = structuredClone(plan);
  const partials = [];
  for (const shard of shards) {
    const partial = evaluatePartial(sent, shard);
    if (!partial.ok) return partial;
    partials.push(structuredClone(partial.value));
  }
  return mergePartials(plan, partials);
}

/** The answer of one shard with all twins in one cell. */
export function ask(spec: Omit<QuerySpec, "model">, rows: readonly Row[]): QueryResult {
  return valueOf(answerOf(planOf(spec), [tableOf(new Map([[0, rows]]))]));
}

/** What a result holds; fails the test with its sentence when it is a refusal. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) expect.fail(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value;
}
