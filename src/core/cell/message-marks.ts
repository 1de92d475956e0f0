/**
 * Which message ids a cell has processed: the last 100,000 of the cell at least, and the last 32 of each
 * twin at least.
 *
 * An id is kept as a mark of 64 bits, 17 of slot and 47 of hash, in the order of arrival, with an
 * open-addressed index over them. When the list is full it is swept from its newest end: a mark stays while it
 * is among the cell's last or among its twin's last. A mark takes about 15 bytes in all: at a million twins in
 * 64 cells, 100 bytes a twin for the cells' 100,000 ids. Fewer bits would save memory and now and then take a
 * new message for a repeat; with 47, a million devices that report every 5 s see that once in many months
 * (docs/decisions/0004).
 */
import { assert } from "../assert.ts";
import { hash32 } from "../ids.ts";
import {
  CELL_MESSAGE_IDS_MIN,
  TOMBSTONE_SCAN_MAX,
  TWINS_PER_CELL_MAX,
  TWIN_MESSAGE_IDS_MIN,
} from "../limits.ts";

const SLOT_BITS = 17;
const HASH_HIGH_BITS = 32 - SLOT_BITS;
const CAPACITY_START = 1024;
/** Room after a sweep, as a share of what stayed: the cost of the next sweep is spread over that many marks. */
const ROOM = 1.15;
/** Index places per mark. */
const PLACES = 1.25;
/** Removals of twins after which their marks are swept out: that looks at every mark, so removals wait for company. */
const REMOVALS_PER_SWEEP = 1_024;

assert(TWINS_PER_CELL_MAX <= 2 ** SLOT_BITS, "a slot number fits its bits of a mark");

/** A mark: the high word has the slot and 15 bits of hash, the low word 32 bits of hash. */
export interface Mark {
  readonly high: number;
  readonly low: number;
}

/** The mark of a message id of the twin in `slot`. */
export function markOf(slot: number, messageId: string): Mark {
  const high = ((slot << HASH_HIGH_BITS) | (hash32(messageId, 0x9747b28c) >>> SLOT_BITS)) >>> 0;
  return { high, low: hash32(messageId) };
}

/** The 47 bits of hash as one number, as the journal holds it beside the slot. */
export function markToNumber(mark: Mark): number {
  return (mark.high & (2 ** HASH_HIGH_BITS - 1)) * 2 ** 32 + mark.low;
}

export function markFromNumber(slot: number, number: number): Mark {
  return {
    high: ((slot << HASH_HIGH_BITS) | Math.floor(number / 2 ** 32)) >>> 0,
    low: number >>> 0,
  };
}

/** The marks of one cell. */
export class MessageMarks {
  #words = new Uint32Array(0);
  #index = new Uint32Array(0);
  #count = 0;
  /** Slots whose twin was removed, and how many marks there were then: older ones of the slot are another twin's. */
  readonly #forgotten = new Map<number, number>();
  #removals = 0;

  has(mark: Mark): boolean {
    const index = this.#index;
    if (index.length === 0) return false;
    const words = this.#words;
    for (
      let place = this.#placeOf(mark.high, mark.low);
      ;
      place = place + 1 === index.length ? 0 : place + 1
    ) {
      const entry = index[place]!;
      if (entry === 0) return false;
      const at = (entry - 1) * 2;
      if (
        words[at] === mark.high &&
        words[at + 1] === mark.low &&
        !this.#isForgotten(mark.high, entry - 1)
      )
        return true;
    }
  }

  /** Adds a mark that is not there yet. */
  add(mark: Mark): void {
    if (this.#count * 2 === this.#words.length) this.#sweep();
    this.#append(mark.high, mark.low);
  }

  /** Forgets the marks of a slot whose twin was removed: another twin will use the slot. */
  forgetSlot(slot: number): void {
    if (this.#count === 0) return;
    this.#forgotten.set(slot, this.#count);
    if (++this.#removals >= REMOVALS_PER_SWEEP) this.#fill(this.toWords());
  }

  /** The hash bits of a slot's newest marks, oldest first: TWIN_MESSAGE_IDS_MIN at most, among the cell's newest. */
  newestOf(slot: number): readonly number[] {
    const found: number[] = [];
    const oldest = Math.max(0, this.#count - TOMBSTONE_SCAN_MAX);
    for (let at = this.#count - 1; at >= oldest && found.length < TWIN_MESSAGE_IDS_MIN; at--) {
      const high = this.#words[at * 2]!;
      if (high >>> HASH_HIGH_BITS !== slot || this.#isForgotten(high, at)) continue;
      found.push(markToNumber({ high, low: this.#words[at * 2 + 1]! }));
    }
    return found.toReversed();
  }

  /** Marks kept now, and those of removed twins that are not swept out yet. */
  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#words.byteLength + this.#index.byteLength;
  }

  /** All marks as pairs of words, oldest first: what a checkpoint stores. */
  toWords(): Uint32Array {
    const words = this.#words.slice(0, this.#count * 2);
    return this.#forgotten.size === 0
      ? words
      : keepWhere(words, (high, i) => !this.#isForgotten(high, i));
  }

  static fromWords(words: Uint32Array): MessageMarks {
    const marks = new MessageMarks();
    if (words.length > 0) marks.#fill(words);
    return marks;
  }

  /** Drops what nobody is owed any more, newest first, and makes room. */
  #sweep(): void {
    const words = this.toWords();
    const count = words.length / 2;
    const seenOfSlot = new Map<number, number>();
    const keep = new Uint8Array(count);
    for (let i = count - 1, newer = 0; i >= 0; i--, newer++) {
      const slot = words[i * 2]! >>> HASH_HIGH_BITS;
      const newerOfSlot = seenOfSlot.get(slot) ?? 0;
      seenOfSlot.set(slot, newerOfSlot + 1);
      keep[i] = newer < CELL_MESSAGE_IDS_MIN || newerOfSlot < TWIN_MESSAGE_IDS_MIN ? 1 : 0;
    }
    this.#fill(keepWhere(words, (_high, i) => keep[i] === 1));
  }

  #fill(words: Uint32Array): void {
    const count = words.length / 2;
    const capacity = Math.max(CAPACITY_START, growth(count));
    this.#words = new Uint32Array(capacity * 2);
    this.#index = new Uint32Array(Math.ceil(capacity * PLACES));
    this.#count = 0;
    this.#forgotten.clear();
    this.#removals = 0;
    for (let at = 0; at < words.length; at += 2) this.#append(words[at]!, words[at + 1]!);
  }

  #append(high: number, low: number): void {
    this.#words[this.#count * 2] = high;
    this.#words[this.#count * 2 + 1] = low;
    this.#count++;
    const index = this.#index;
    let place = this.#placeOf(high, low);
    while (index[place] !== 0) place = place + 1 === index.length ? 0 : place + 1;
    index[place] = this.#count;
  }

  #isForgotten(high: number, at: number): boolean {
    return this.#forgotten.size > 0 && at < (this.#forgotten.get(high >>> HASH_HIGH_BITS) ?? 0);
  }

  #placeOf(high: number, low: number): number {
    return ((Math.imul(high, 0x9e3779b1) ^ low) >>> 0) % this.#index.length;
  }
}

/** Small lists double; large ones take just some room, since they are as large as they will get. */
function growth(count: number): number {
  return count < CELL_MESSAGE_IDS_MIN / 2
    ? count * 2
    : Math.ceil(Math.max(count, CELL_MESSAGE_IDS_MIN) * ROOM);
}

function keepWhere(
  words: Uint32Array,
  keep: (high: number, index: number) => boolean,
): Uint32Array {
  const kept = new Uint32Array(words.length);
  let at = 0;
  for (let i = 0; i * 2 < words.length; i++) {
    if (!keep(words[i * 2]!, i)) continue;
    kept[at++] = words[i * 2]!;
    kept[at++] = words[i * 2 + 1]!;
  }
  return kept.slice(0, at);
}
