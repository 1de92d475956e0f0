/**
 * Numbers the groups of a query in the order in which they are met. Keys join one after another: the group of the
 * keys so far and the code of the next key make a new group.
 */
import type { ColumnPart } from "../columns/columns.ts";
import type { KeyColumn } from "./key-column.ts";
import type { ColumnView } from "./plan.ts";

/** Entries of a direct table (4 bytes each) up to which it is used instead of a Map, which is some ten times slower. */
const DIRECT_ENTRIES_MAX = 1 << 22;

/** Above any code: there are less than 2^32 rows. A group number times this is still exact. */
const CODES_MAX = 2 ** 32;

export class Grouping {
  readonly #keys: readonly KeyColumn[];
  readonly #steps: readonly Step[];
  readonly #codes: Uint32Array;

  /** `rowsMax` is the most rows that are numbered at once. */
  constructor(keys: readonly KeyColumn[], rowsMax: number) {
    this.#keys = keys;
    this.#codes = new Uint32Array(rowsMax);
    let parents = 1;
    this.#steps = keys.map(({ codes }) => {
      const entries = codes === null ? Number.POSITIVE_INFINITY : parents * codes;
      parents = entries;
      return entries <= DIRECT_ENTRIES_MAX ? directStep(codes!, entries) : mapStep();
    });
  }

  /** Groups met so far; without keys there is one from the start. */
  get count(): number {
    return this.#steps.at(-1)?.codes.length ?? 1;
  }

  /** Writes the group of each of the first `count` rows to `groups`. `views` has one column per key. */
  number(views: readonly ColumnView[], rows: Int32Array, count: number, groups: Uint32Array): void {
    groups.fill(0, 0, count);
    for (const [k, step] of this.#steps.entries()) {
      const codes = this.#keys[k]!.codesOf(views[k]!, rows, count, this.#codes);
      step.join(groups, codes, rows, count);
    }
  }

  /** The keys of the groups: one column per key, one entry per group. */
  columns(): ColumnPart[] {
    let groups = Array.from({ length: this.count }, (_, group) => group);
    const columns: ColumnPart[] = [];
    for (let k = this.#steps.length - 1; k >= 0; k--) {
      const { codes, parents } = this.#steps[k]!;
      columns.unshift(this.#keys[k]!.column(groups.map((group) => codes[group]!)));
      groups = groups.map((group) => parents[group]!);
    }
    return columns;
  }
}

/** Groups as pairs of a parent (a group of the keys before) and a code. */
interface Step {
  readonly parents: readonly number[];
  readonly codes: readonly number[];
  /** Replaces each of the first `count` parents in `groups` by the group of the pair; `codes` are by row. */
  join(groups: Uint32Array, codes: Uint32Array, rows: Int32Array, count: number): void;
}

function directStep(codesPerParent: number, entries: number): Step {
  const parents: number[] = [];
  const ownCodes: number[] = [];
  /** One more than the group; 0 where there is none yet. */
  const table = new Uint32Array(entries);
  function join(groups: Uint32Array, codes: Uint32Array, rows: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const code = codes[rows[i]!]!;
      const at = groups[i]! * codesPerParent + code;
      let next = table[at]!;
      if (next === 0) {
        parents.push(groups[i]!);
        next = ownCodes.push(code);
        table[at] = next;
      }
      groups[i] = next - 1;
    }
  }
  return { parents, codes: ownCodes, join };
}

function mapStep(): Step {
  const parents: number[] = [];
  const ownCodes: number[] = [];
  const known = new Map<number, number>();
  function join(groups: Uint32Array, codes: Uint32Array, rows: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const code = codes[rows[i]!]!;
      const pair = groups[i]! * CODES_MAX + code;
      let group = known.get(pair);
      if (group === undefined) {
        parents.push(groups[i]!);
        group = ownCodes.push(code) - 1;
        known.set(pair, group);
      }
      groups[i] = group;
    }
  }
  return { parents, codes: ownCodes, join };
}
