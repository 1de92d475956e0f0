/** Small numbers for the values of one key of a grouped query. Code 0, 1, … is used for nothing but telling values apart. */
import { unreachable } from "../assert.ts";
import { BOOLEAN_NULL, booleansOf, codesOf, columnOf } from "./column-view.ts";
import type { ColumnPart } from "../columns/columns.ts";
import type { ColumnView, Scalar } from "./plan.ts";
import type { Field, FieldType } from "../model.ts";

export interface KeyColumn {
  /** Codes are below this; null when it isn't known beforehand. */
  readonly codes: number | null;
  /** The codes of the first `count` of `rows`, by row: the column's own where it has any, else written to `buffer`. */
  codesOf(view: ColumnView, rows: Int32Array, count: number, buffer: Uint32Array): Uint32Array;
  /** The values that codes stand for. */
  column(codes: readonly number[]): ColumnPart;
}

/** A key over rows whose views share one dictionary if they are strings. */
export function makeTableKey(field: Field, dictionary: readonly string[] | null): KeyColumn {
  if (field.type === "boolean") return new BooleanKey();
  return dictionary === null ? new ValueKey(field.type) : new DictionaryKey(dictionary);
}

/** A key over partial results, each of which has a dictionary of its own. */
export function makePartialKey(field: Field): KeyColumn {
  return field.type === "boolean" ? new BooleanKey() : new ValueKey(field.type);
}

/** Strings by the codes that they have already. */
class DictionaryKey implements KeyColumn {
  readonly codes: number;
  readonly #dictionary: readonly string[];

  constructor(dictionary: readonly string[]) {
    this.codes = dictionary.length + 1;
    this.#dictionary = dictionary;
  }

  codesOf(view: ColumnView): Uint32Array {
    return codesOf(view);
  }

  column(codes: readonly number[]): ColumnPart {
    return columnOf(
      "string",
      codes.map((code) => (code === 0 ? null : this.#dictionary[code - 1]!)),
    );
  }
}

class BooleanKey implements KeyColumn {
  readonly codes = BOOLEAN_NULL + 1;

  codesOf(view: ColumnView, rows: Int32Array, count: number, buffer: Uint32Array): Uint32Array {
    const values = booleansOf(view);
    for (let i = 0; i < count; i++) buffer[rows[i]!] = values[rows[i]!]!;
    return buffer;
  }

  column(codes: readonly number[]): ColumnPart {
    return { type: "boolean", values: Uint8Array.from(codes) };
  }
}

/** Anything else by its value: the first that is met gets 1, the next 2. A string that is null has 0. */
class ValueKey implements KeyColumn {
  readonly codes = null;
  readonly #type: FieldType;
  readonly #values: (Scalar | null)[] = [null];
  readonly #codes = new Map<Scalar, number>();

  constructor(type: FieldType) {
    this.#type = type;
  }

  codesOf(view: ColumnView, rows: Int32Array, count: number, buffer: Uint32Array): Uint32Array {
    switch (view.type) {
      case "number":
      case "time":
        // Null is NaN here, which a Map takes for a value as any other.
        for (let i = 0; i < count; i++) buffer[rows[i]!] = this.#codeOf(view.values[rows[i]!]!);
        return buffer;
      case "id":
        for (let i = 0; i < count; i++) buffer[rows[i]!] = this.#codeOf(view.ids[rows[i]!]!);
        return buffer;
      case "string": {
        const codes = [0, ...view.dictionary.map((text) => this.#codeOf(text))];
        for (let i = 0; i < count; i++) buffer[rows[i]!] = codes[view.codes[rows[i]!]!]!;
        return buffer;
      }
      case "boolean":
        throw new Error("Livetwin bug: booleans have a key of their own");
      default:
        return unreachable(view);
    }
  }

  column(codes: readonly number[]): ColumnPart {
    return columnOf(
      this.#type,
      codes.map((code) => this.#values[code]!),
    );
  }

  #codeOf(value: Scalar): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    const code = this.#values.push(value) - 1;
    this.#codes.set(value, code);
    return code;
  }
}
