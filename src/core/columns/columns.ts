/** The columnar form of twins: what a cell publishes, and what queries read. Types only; `table.ts` keeps them. */
import type { Field } from "../model.ts";

/**
 * One column of `n` entries. Null is `NaN` in numbers and times (a state can hold no NaN), 2 in booleans,
 * and code 0 in strings, whose code `c > 0` stands for `dictionary[c - 1]`.
 */
export type ColumnPart =
  | { readonly type: "number" | "time"; readonly values: Float64Array }
  | { readonly type: "boolean"; readonly values: Uint8Array }
  | {
      readonly type: "string";
      readonly codes: Uint32Array;
      readonly dictionary: readonly string[];
    };

/** The version before the first commit: a delta `since` it is complete. */
export const VERSION_NONE = -1;

/**
 * What changed in a cell after the commit `since`, up to and including the commit `version`: row `i` is the
 * twin in slot `slots[i]`. With `since` = -1 it holds every slot and replaces what the reader had.
 */
export interface ColumnDelta {
  readonly cell: number;
  readonly since: number;
  readonly version: number;
  /** Everything the cell acknowledged up to this time (epoch ms, the cell's clock) is included. */
  readonly atMs: number;
  /** Slots that the cell uses: every slot number is below this. */
  readonly slotCount: number;
  readonly slots: Int32Array;
  /** 1 where the slot holds a twin, 0 where it was removed. */
  readonly alive: Uint8Array;
  /** The twin's id where it is new to this slot since `since`, else null (unchanged). */
  readonly ids: readonly (string | null)[];
  /** One part per field, in the model's order. */
  readonly columns: readonly ColumnPart[];
}

/** One column of a block in memory; codes refer to the table's dictionary of that field. */
export type Column =
  | { readonly type: "number" | "time"; values: Float64Array }
  | { readonly type: "boolean"; values: Uint8Array }
  | { readonly type: "string"; codes: Uint32Array };

/** The twins of one cell, by slot. Arrays may be longer than `slotCount`; the rest is unused. */
export interface Block {
  readonly cell: number;
  slotCount: number;
  alive: Uint8Array;
  ids: (string | undefined)[];
  columns: Column[];
}

/** What a query reads: the blocks of a shard, and a dictionary per string field (null elsewhere). */
export interface Table {
  readonly fields: readonly Field[];
  readonly blocks: readonly Block[];
  /** `dictionaries[f][c - 1]` is the text of code `c` of field `f`. */
  readonly dictionaries: readonly (readonly string[] | null)[];
}
