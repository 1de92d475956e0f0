/** Columns to read by row number, and new ones made of chosen rows. Nulls are as `ColumnPart` has them. */
import { assert, unreachable } from "../assert.ts";
import { ID_FIELD } from "./plan.ts";
import { ok, refuse } from "../refusal.ts";
import type { Block, ColumnPart, Table } from "../columns/columns.ts";
import type { ColumnView, Scalar } from "./plan.ts";
import type { Field, FieldType } from "../model.ts";
import type { Result } from "../refusal.ts";

/** How a boolean column says null. */
export const BOOLEAN_NULL = 2;

/** Where a table has the fields of a plan. */
export interface Binding {
  /** The dictionary of each field of the plan; null where it is no string, or the id. */
  readonly dictionaries: readonly (readonly string[] | null)[];
  /** The fields of a plan in one block, in the plan's order. */
  viewsOf(block: Block): readonly ColumnView[];
}

/**
 * Finds a plan's fields in a table. Refuses with `query/unknown-field` when the table lacks one, or has it with
 * another type: the plan was made for another version of the model.
 */
export function bindFields(fields: readonly Field[], table: Table): Result<Binding> {
  const columns: (number | null)[] = [];
  for (const field of fields) {
    const at = table.fields.findIndex(
      ({ name, type }) => name === field.name && type === field.type,
    );
    if (at < 0 && field.name !== ID_FIELD.name) {
      const detail = `This shard has no ${field.type} field "${field.name}"; the model has just changed, ask again.`;
      return refuse("query/unknown-field", detail, { field: field.name, nearest: null });
    }
    columns.push(field.name === ID_FIELD.name ? null : at);
  }
  const dictionaries = columns.map((at) => (at === null ? null : table.dictionaries[at]!));
  return ok({
    dictionaries,
    viewsOf: (block) => columns.map((at, i) => viewOf(block, at, dictionaries[i]!)),
  });
}

function viewOf(block: Block, at: number | null, dictionary: readonly string[] | null): ColumnView {
  if (at === null) return { type: "id", ids: block.ids };
  const column = block.columns[at]!;
  return column.type === "string" ? { ...column, dictionary: dictionary! } : column;
}

/** The value of a row, times as epoch milliseconds; null where it has none. */
export function valueAt(view: ColumnView, row: number): Scalar | null {
  switch (view.type) {
    case "number":
    case "time": {
      const value = view.values[row]!;
      return Number.isNaN(value) ? null : value;
    }
    case "boolean": {
      const value = view.values[row]!;
      return value === BOOLEAN_NULL ? null : value === 1;
    }
    case "string": {
      const code = view.codes[row]!;
      return code === 0 ? null : view.dictionary[code - 1]!;
    }
    case "id":
      return view.ids[row]!;
    default:
      return unreachable(view);
  }
}

/** The values of a column of numbers or times. */
export function numbersOf(view: ColumnView): Float64Array {
  assert(view.type === "number" || view.type === "time", `a column of numbers, not ${view.type}`);
  return view.values;
}

/** The values of a column of booleans. */
export function booleansOf(view: ColumnView): Uint8Array {
  assert(view.type === "boolean", `a column of booleans, not ${view.type}`);
  return view.values;
}

/** The codes of a column of strings. */
export function codesOf(view: ColumnView): Uint32Array {
  assert(view.type === "string", `a column of strings, not ${view.type}`);
  return view.codes;
}

/** The ids of the rows. */
export function idsOf(view: ColumnView): readonly (string | undefined)[] {
  assert(view.type === "id", `a column of ids, not ${view.type}`);
  return view.ids;
}

/** A column of values of one type; the opposite of `valueAt`. */
export function columnOf(type: FieldType, values: readonly (Scalar | null)[]): ColumnPart {
  switch (type) {
    case "number":
    case "time":
      return {
        type,
        values: Float64Array.from(values, (value) =>
          value === null ? Number.NaN : (value as number),
        ),
      };
    case "boolean":
      return {
        type,
        values: Uint8Array.from(values, (value) => (value === null ? BOOLEAN_NULL : Number(value))),
      };
    case "string":
      return textColumn(values as readonly (string | null)[]);
    default:
      return unreachable(type);
  }
}

function textColumn(texts: readonly (string | null)[]): ColumnPart {
  const dictionary: string[] = [];
  const known = new Map<string | null, number>([[null, 0]]);
  const codes = Uint32Array.from(texts, (text) => {
    let code = known.get(text);
    if (code === undefined) {
      code = dictionary.push(text!);
      known.set(text, code);
    }
    return code;
  });
  return { type: "string", codes, dictionary };
}
