/**
 * The columns of many cells in memory: one block per cell, one dictionary per string field over all blocks.
 * It is a replica. It changes only by deltas, and holds these invariants:
 *
 * - I1: a block at version `v` holds exactly what its cell held at its commit `v`. A delta that does not join on
 *   (or does not fit the fields) is refused whole and changes nothing.
 * - I2: a slot without a twin holds nulls and no id, so that it keeps no text alive.
 * - I3: `version` grows whenever a row may have changed, and only then: a result computed at a version stays
 *   right for as long as the version stays.
 * - I4: texts that no slot uses are dropped before they outnumber the used ones much (see `dictionary.ts`).
 *
 * TWINS_PER_CELL_MAX bounds a block; how many cells there are is the placement's business.
 */
import { isDeltaOf } from "./delta-check.ts";
import { Dictionary } from "./dictionary.ts";
import { VERSION_NONE } from "./columns.ts";
import type { Block, Column, ColumnDelta, ColumnPart, Table } from "./columns.ts";
import type { Field } from "../model.ts";

const CAPACITY_MIN = 64;
const BOOLEAN_NULL = 2;

interface CellState {
  readonly block: Block;
  version: number;
  atMs: number;
  twins: number;
}

export class ColumnTable implements Table {
  readonly fields: readonly Field[];
  /** Ascending by cell. */
  readonly blocks: Block[] = [];
  readonly dictionaries: (readonly string[] | null)[];
  #version = 0;
  #twins = 0;
  readonly #cells = new Map<number, CellState>();
  readonly #dictionaries: readonly (Dictionary | null)[];

  constructor(fields: readonly Field[]) {
    this.fields = fields;
    this.#dictionaries = fields.map((field) => (field.type === "string" ? new Dictionary() : null));
    this.dictionaries = this.#dictionaries.map((dictionary) => dictionary?.texts ?? null);
  }

  /** Grows with every delta that brought rows; equal versions mean equal contents. */
  get version(): number {
    return this.#version;
  }

  /** Twins in all blocks. */
  get twins(): number {
    return this.#twins;
  }

  /** The commit of a cell that its block shows; -1 when there is no block. */
  versionOf(cell: number): number {
    return this.#cells.get(cell)?.version ?? VERSION_NONE;
  }

  /** Everything a cell acknowledged up to this time (epoch ms, the cell's clock) is in its block; 0 when there is none. */
  confirmedAtMs(cell: number): number {
    return this.#cells.get(cell)?.atMs ?? 0;
  }

  /** The block of a cell. */
  blockOf(cell: number): Block | undefined {
    return this.#cells.get(cell)?.block;
  }

  /**
   * Takes a cell's changes. False, with nothing changed, when `since` is neither -1 nor the block's version, when
   * the delta does not fit the fields, or when a twin has no id: the cell must then be asked for more. A delta
   * with `since` = -1 replaces the block. A delta without rows confirms the block at its time.
   */
  apply(delta: ColumnDelta): boolean {
    const known = this.#cells.get(delta.cell);
    const isFull = delta.since === VERSION_NONE;
    if (!isFull && delta.since !== (known?.version ?? VERSION_NONE)) return false;
    if (!isDeltaOf(delta, this.fields) || !areIdsKnown(delta, isFull ? undefined : known?.block))
      return false;

    const changes =
      delta.slots.length > 0 ||
      (isFull ? known !== undefined && known.twins > 0 : delta.slotCount < known!.block.slotCount);
    const state = isFull ? this.#replace(delta) : known!;
    this.#resize(state, delta.slotCount);
    this.#writeRows(state, delta);
    for (let f = 0; f < this.fields.length; f++) this.#writeColumn(state.block, f, delta);
    state.version = delta.version;
    state.atMs = isFull ? delta.atMs : Math.max(state.atMs, delta.atMs);
    if (changes) this.#version++;
    this.#sweepDictionaries();
    return true;
  }

  /** Notes that a block at `version` or later is known to be complete up to `atMs`: what a late answer still tells. */
  confirm(cell: number, version: number, atMs: number): void {
    const state = this.#cells.get(cell);
    if (state !== undefined && state.version >= version) state.atMs = Math.max(state.atMs, atMs);
  }

  #replace(delta: ColumnDelta): CellState {
    const known = this.#cells.get(delta.cell);
    if (known !== undefined) this.#twins -= known.twins;
    const block = makeBlock(delta.cell, this.fields, delta.slotCount);
    const at = this.blocks.findIndex((other) => other.cell >= delta.cell);
    if (at < 0) this.blocks.push(block);
    else this.blocks.splice(at, this.blocks[at]!.cell === delta.cell ? 1 : 0, block);
    const state: CellState = { block, version: VERSION_NONE, atMs: delta.atMs, twins: 0 };
    this.#cells.set(delta.cell, state);
    return state;
  }

  #resize(state: CellState, slotCount: number): void {
    const { block } = state;
    for (let slot = slotCount; slot < block.slotCount; slot++) this.#clear(state, slot);
    if (slotCount > block.alive.length) grow(block, capacityFor(slotCount));
    block.slotCount = slotCount;
  }

  #writeRows(state: CellState, delta: ColumnDelta): void {
    const { block } = state;
    for (let i = 0; i < delta.slots.length; i++) {
      const slot = delta.slots[i]!;
      if (delta.alive[i] !== 1) {
        this.#clear(state, slot);
        continue;
      }
      if (block.alive[slot] !== 1) {
        block.alive[slot] = 1;
        state.twins++;
        this.#twins++;
      }
      const id = delta.ids[i]!;
      if (id !== null) block.ids[slot] = id;
    }
  }

  /** Empties a slot of its twin (I2). */
  #clear(state: CellState, slot: number): void {
    const { block } = state;
    if (block.alive[slot] !== 1) return;
    block.alive[slot] = 0;
    block.ids[slot] = undefined;
    state.twins--;
    this.#twins--;
    for (const column of block.columns) {
      if (column.type === "string") column.codes[slot] = 0;
      else column.values[slot] = column.type === "boolean" ? BOOLEAN_NULL : Number.NaN;
    }
  }

  #writeColumn(block: Block, f: number, delta: ColumnDelta): void {
    const column = block.columns[f]!;
    const part = delta.columns[f]!;
    if (column.type === "string") {
      if (part.type === "string") writeCodes(column.codes, part, delta, this.#dictionaries[f]!);
      return;
    }
    if (part.type === "string") return;
    const target = column.values;
    for (let i = 0; i < delta.slots.length; i++) {
      if (delta.alive[i] === 1) target[delta.slots[i]!] = part.values[i]!;
    }
  }

  #sweepDictionaries(): void {
    for (const [f, dictionary] of this.#dictionaries.entries()) {
      if (dictionary === null || !dictionary.isSweepDue()) continue;
      const columns: Uint32Array[] = [];
      let slots = 0;
      for (const block of this.blocks) {
        const column = block.columns[f]!;
        if (column.type !== "string") continue;
        columns.push(column.codes.subarray(0, block.slotCount));
        slots += block.slotCount;
      }
      dictionary.sweep(columns, slots);
      this.dictionaries[f] = dictionary.texts;
    }
  }
}

/** Whether every twin of the delta has an id: its own, or the one its slot already had. */
function areIdsKnown(delta: ColumnDelta, block: Block | undefined): boolean {
  for (let i = 0; i < delta.slots.length; i++) {
    if (delta.alive[i] === 1 && delta.ids[i] === null && block?.alive[delta.slots[i]!] !== 1)
      return false;
  }
  return true;
}

/** Writes the codes of live rows, from the delta's dictionary to the table's. */
function writeCodes(
  target: Uint32Array,
  part: Extract<ColumnPart, { type: "string" }>,
  delta: ColumnDelta,
  dictionary: Dictionary,
): void {
  const shared = new Uint32Array(part.dictionary.length + 1);
  for (let i = 0; i < delta.slots.length; i++) {
    if (delta.alive[i] !== 1) continue;
    const code = part.codes[i]!;
    if (code !== 0 && shared[code] === 0)
      shared[code] = dictionary.codeOf(part.dictionary[code - 1]!);
    target[delta.slots[i]!] = shared[code]!;
  }
}

function makeBlock(cell: number, fields: readonly Field[], slotCount: number): Block {
  const capacity = capacityFor(slotCount);
  return {
    cell,
    slotCount: 0,
    alive: new Uint8Array(capacity),
    ids: [],
    columns: fields.map((field) => makeColumn(field, capacity)),
  };
}

function makeColumn(field: Field, capacity: number): Column {
  if (field.type === "string") return { type: "string", codes: new Uint32Array(capacity) };
  if (field.type === "boolean")
    return { type: "boolean", values: new Uint8Array(capacity).fill(BOOLEAN_NULL) };
  return { type: field.type, values: new Float64Array(capacity).fill(Number.NaN) };
}

function grow(block: Block, capacity: number): void {
  const alive = new Uint8Array(capacity);
  alive.set(block.alive);
  block.alive = alive;
  for (const column of block.columns) {
    if (column.type === "string") {
      const codes = new Uint32Array(capacity);
      codes.set(column.codes);
      column.codes = codes;
    } else if (column.type === "boolean") {
      const values = new Uint8Array(capacity).fill(BOOLEAN_NULL);
      values.set(column.values);
      column.values = values;
    } else {
      const values = new Float64Array(capacity).fill(Number.NaN);
      values.set(column.values);
      column.values = values;
    }
  }
}

/** The power of two that holds so many slots: blocks grow by doubling. */
function capacityFor(slotCount: number): number {
  let capacity = CAPACITY_MIN;
  while (capacity < slotCount) capacity *= 2;
  return capacity;
}
