/** A cell as far as its columns go: twins in slots, commits, and deltas since any commit. */
import { VERSION_NONE } from "../../src/core/columns/columns.ts";
import type { ColumnDelta, ColumnPart, Table } from "../../src/core/columns/columns.ts";
import type { Field } from "../../src/core/model.ts";

export const FIELDS: readonly Field[] = [
  { name: "level", type: "number" },
  { name: "region", type: "string" },
  { name: "note", type: "string" },
  { name: "active", type: "boolean" },
  { name: "seenAt", type: "time" },
];

export type Value = number | string | boolean | null;

/** A twin as it is read back from a table. */
export interface Row {
  readonly cell: number;
  readonly slot: number;
  readonly id: string;
  readonly values: readonly Value[];
}

interface Slot {
  row: { id: string; values: readonly Value[] } | null;
  changedAt: number;
  bornAt: number;
}

export class CellDouble {
  readonly cell: number;
  readonly fields: readonly Field[];
  version = 0;
  readonly #slots: Slot[] = [];

  constructor(cell: number, fields: readonly Field[] = FIELDS) {
    this.cell = cell;
    this.fields = fields;
  }

  /** One commit that puts a twin in a slot, or changes the one that is there. */
  put(slot: number, id: string, values: readonly Value[]): void {
    this.version++;
    const known = this.#slotAt(slot);
    if (known.row?.id !== id) known.bornAt = this.version;
    known.row = { id, values };
    known.changedAt = this.version;
  }

  /** One commit that removes the twin of a slot, if there is one. */
  remove(slot: number): void {
    this.version++;
    const known = this.#slotAt(slot);
    known.row = null;
    known.changedAt = this.version;
  }

  delta(since: number, atMs = this.version): ColumnDelta {
    const slots = this.#slots.flatMap((slot, i) => (slot.changedAt > since ? [i] : []));
    const rows = slots.map((i) => this.#slots[i]!);
    return {
      cell: this.cell,
      since,
      version: this.version,
      atMs,
      slotCount: this.#slots.length,
      slots: Int32Array.from(slots),
      alive: Uint8Array.from(rows, (slot) => (slot.row === null ? 0 : 1)),
      ids: rows.map((slot) => (slot.row !== null && slot.bornAt > since ? slot.row.id : null)),
      columns: this.fields.map((field, f) =>
        partOf(
          field,
          rows.map((slot) => slot.row?.values[f] ?? null),
        ),
      ),
    };
  }

  full(atMs = this.version): ColumnDelta {
    return this.delta(VERSION_NONE, atMs);
  }

  rows(): Row[] {
    return this.#slots.flatMap(({ row }, slot) =>
      row === null ? [] : [{ cell: this.cell, slot, ...row }],
    );
  }

  #slotAt(slot: number): Slot {
    while (this.#slots.length <= slot)
      this.#slots.push({ row: null, changedAt: this.version, bornAt: 0 });
    return this.#slots[slot]!;
  }
}

function partOf(field: Field, values: readonly Value[]): ColumnPart {
  if (field.type === "string") {
    const dictionary = [...new Set(values.filter((value) => typeof value === "string"))];
    return {
      type: "string",
      codes: Uint32Array.from(values, (value) => dictionary.indexOf(String(value)) + 1),
      dictionary,
    };
  }
  if (field.type === "boolean")
    return {
      type: "boolean",
      values: Uint8Array.from(values, (value) => (value === null ? 2 : Number(value))),
    };
  return {
    type: field.type,
    values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
  };
}

/** Every twin of a table, read as a query would. */
export function rowsOf(table: Table): Row[] {
  const rows: Row[] = [];
  for (const block of table.blocks) {
    for (let slot = 0; slot < block.slotCount; slot++) {
      if (block.alive[slot] !== 1) continue;
      const values = block.columns.map((column, f): Value => {
        if (column.type === "string") {
          const code = column.codes[slot]!;
          return code === 0 ? null : table.dictionaries[f]![code - 1]!;
        }
        const value = column.values[slot]!;
        if (column.type === "boolean") return value === 2 ? null : value === 1;
        return Number.isNaN(value) ? null : value;
      });
      rows.push({ cell: block.cell, slot, id: block.ids[slot]!, values });
    }
  }
  return rows;
}
