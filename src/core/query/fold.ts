/**
 * What an aggregate gathers, for many groups at once. A fold takes rows in a shard and gives a part; another takes
 * the parts of all shards and gives values. Both ways come to the same: it does not matter which shard has a row.
 */
import type { AggregateOp, ColumnView, FoldPart, Scalar } from "./plan.ts";

export interface Fold {
  /** Makes room for the groups 0 to `groups - 1`, before they are used. */
  reserve(groups: number): void;
  /** Takes the first `count` of `rows`, row `rows[i]` of `view` into group `groups[i]`. Nulls take no part. */
  add(view: ColumnView | null, rows: Int32Array, groups: Uint32Array, count: number): void;
  /** What was gathered for the groups 0 to `groups - 1`, in arrays of its own. */
  part(groups: number): FoldPart;
  /** Takes what another fold of this kind gathered; its group `g` is `groups[g]` here. */
  absorb(part: FoldPart, groups: Uint32Array): void;
  /** The aggregate of a group. Null where SQL says so: no value at all, or a single one for `stddev`. */
  value(op: AggregateOp, group: number): Scalar | null;
}

/** Numbers in memory of their own. */
export type Floats = Float64Array<ArrayBuffer>;

/** The array with room for `length` numbers, new ones being `fill`; the same array when it has that already. */
export function withRoom(array: Floats, length: number, fill = 0): Floats {
  if (length <= array.length) return array;
  const larger = new Float64Array(Math.max(length, array.length * 2));
  larger.set(array);
  if (fill !== 0) larger.fill(fill, array.length);
  return larger;
}
