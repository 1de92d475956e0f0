/**
 * The twins of a cell in memory: each has a dense slot, and what is known of it lies beside each other in
 * arrays by slot. A removed twin's slot is used again.
 */
import { TWINS_PER_CELL_MAX, TWINS_PER_PAGE } from "../limits.ts";
import type { Twin } from "../model.ts";

const CAPACITY_START = 64;

export class TwinTable {
  /** The id of each slot; undefined where the slot is free. */
  readonly ids: (string | undefined)[] = [];
  readonly twins: (Twin | undefined)[] = [];
  /** The state as JSON where it changed after the last checkpoint (or is needed unchanged); else undefined. */
  readonly texts: (string | undefined)[] = [];
  /** Slots whose state contains dates. */
  readonly dated = new Set<number>();
  /** Pages with slots that changed after the last checkpoint. */
  readonly dirtyPages = new Set<number>();

  version = new Float64Array(CAPACITY_START);
  createdAtMs = new Float64Array(CAPACITY_START);
  updatedAtMs = new Float64Array(CAPACITY_START);
  /** NaN before the first message. */
  lastMessageAtMs = new Float64Array(CAPACITY_START);
  /** The last `seq` that the device sent; NaN before the first. */
  lastSeq = new Float64Array(CAPACITY_START);
  /** The commit that changed the slot last, removal included. */
  changedAt = new Float64Array(CAPACITY_START);
  /** The commit that put the present id into the slot. */
  bornAt = new Float64Array(CAPACITY_START);
  /** Characters of the state's text. */
  chars = new Uint32Array(CAPACITY_START);

  /** Characters of all states. */
  stateChars = 0;

  readonly #slots = new Map<string, number>();
  #free: number[] = [];

  /** Twins now. */
  get size(): number {
    return this.#slots.size;
  }

  /** Slots in use or free again: every slot is below this. */
  get slotCount(): number {
    return this.ids.length;
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** Gives an id a slot; undefined when the cell is full. */
  claim(id: string, twin: Twin): number | undefined {
    const slot = this.#free.pop() ?? this.ids.length;
    if (slot >= TWINS_PER_CELL_MAX) return undefined;
    this.put(slot, id, twin);
    return slot;
  }

  /** Puts a twin into a given slot: recovery, and the end of `claim`. */
  put(slot: number, id: string, twin: Twin): void {
    while (this.ids.length <= slot) {
      this.ids.push(undefined);
      this.twins.push(undefined);
      this.texts.push(undefined);
    }
    if (slot >= this.version.length) this.#grow(slot + 1);
    this.ids[slot] = id;
    this.twins[slot] = twin;
    this.version[slot] = 0;
    this.lastMessageAtMs[slot] = Number.NaN;
    this.lastSeq[slot] = Number.NaN;
    this.#slots.set(id, slot);
  }

  /** Takes a twin out; its slot is free after `recycle`. */
  remove(slot: number): void {
    const id = this.ids[slot];
    if (id !== undefined) this.#slots.delete(id);
    this.ids[slot] = undefined;
    this.twins[slot] = undefined;
    this.texts[slot] = undefined;
    this.dated.delete(slot);
    this.sizeTo(slot, 0);
  }

  recycle(slot: number): void {
    this.#free.push(slot);
  }

  /** After recovery: free slots are those that nobody is in. */
  findFree(): void {
    this.#free = [];
    for (let slot = this.ids.length - 1; slot >= 0; slot--) {
      if (this.ids[slot] === undefined) this.#free.push(slot);
    }
  }

  sizeTo(slot: number, chars: number): void {
    this.stateChars += chars - this.chars[slot]!;
    this.chars[slot] = chars;
  }

  touch(slot: number): void {
    this.dirtyPages.add(Math.floor(slot / TWINS_PER_PAGE));
  }

  #grow(atLeast: number): void {
    let capacity = this.version.length;
    while (capacity < atLeast) capacity *= 2;
    this.version = grown(this.version, capacity);
    this.createdAtMs = grown(this.createdAtMs, capacity);
    this.updatedAtMs = grown(this.updatedAtMs, capacity);
    this.lastMessageAtMs = grown(this.lastMessageAtMs, capacity);
    this.lastSeq = grown(this.lastSeq, capacity);
    this.changedAt = grown(this.changedAt, capacity);
    this.bornAt = grown(this.bornAt, capacity);
    const chars = new Uint32Array(capacity);
    chars.set(this.chars);
    this.chars = chars;
  }
}

function grown(old: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const array = new Float64Array(capacity);
  array.set(old);
  return array;
}
