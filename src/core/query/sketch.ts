/**
 * Percentiles of many values from counts in buckets: DDSketch (Masson, Rim and Lee, 2019), without its bound on the
 * number of buckets. Bucket `i` of the positive values holds those above `gamma^(i-1)` up to `gamma^i`; the value
 * shown for it is at most PERCENTILE_ERROR (relative) away from any of them. Equal values always share a bucket, so
 * that merging sketches and sketching everything at once come to the same.
 */
import { PERCENTILE_ERROR } from "../limits.ts";

const LOG_GAMMA = Math.log((1 + PERCENTILE_ERROR) / (1 - PERCENTILE_ERROR));

/** Makes the bucket of the least positive number 1, so that 0 is the bucket of zero and negatives mirror positives. */
const BUCKET_OFFSET = 1 - Math.ceil(Math.log(Number.MIN_VALUE) / LOG_GAMMA);

/** Beyond any bucket. */
const BUCKET_MAX = 0x7fff_ffff;

export interface Sketch {
  /** Those that have a value, ascending, which is the order of the values too. */
  readonly buckets: Int32Array;
  /** Values of each bucket, at least one. */
  readonly counts: Float64Array;
}

/** The sketch of at least one value. */
export function sketchOf(values: Float64Array): Sketch {
  const places = new Int32Array(values.length);
  let first = BUCKET_MAX;
  let last = -BUCKET_MAX;
  for (let i = 0; i < values.length; i++) {
    const place = bucketOf(values[i]!);
    places[i] = place;
    if (place < first) first = place;
    if (place > last) last = place;
  }
  const counts = new Float64Array(last - first + 1);
  for (let i = 0; i < places.length; i++) counts[places[i]! - first]!++;
  const taken: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] !== 0) taken.push(i);
  }
  return {
    buckets: Int32Array.from(taken, (i) => i + first),
    counts: Float64Array.from(taken, (i) => counts[i]!),
  };
}

/** The sketch of all values of two. */
export function mergeSketches(a: Sketch, b: Sketch): Sketch {
  const counts = new Map<number, number>();
  for (const { buckets, counts: added } of [a, b]) {
    for (let i = 0; i < buckets.length; i++) {
      counts.set(buckets[i]!, (counts.get(buckets[i]!) ?? 0) + added[i]!);
    }
  }
  const buckets = Int32Array.from(counts.keys()).sort();
  return { buckets, counts: Float64Array.from(buckets, (bucket) => counts.get(bucket)!) };
}

/** About the `rank`-th smallest value, from 1. */
export function valueOfRank(sketch: Sketch, rank: number): number {
  let seen = 0;
  for (let i = 0; i < sketch.counts.length; i++) {
    seen += sketch.counts[i]!;
    if (seen >= rank) return valueOf(sketch.buckets[i]!);
  }
  throw new Error(`Livetwin bug: rank ${rank} of ${seen} values`);
}

/** Values in a sketch. */
export function sizeOf(sketch: Sketch): number {
  return sketch.counts.reduce((size, count) => size + count, 0);
}

function bucketOf(value: number): number {
  if (value === 0) return 0;
  const bucket = BUCKET_OFFSET + Math.ceil(Math.log(Math.abs(value)) / LOG_GAMMA);
  return value < 0 ? -bucket : bucket;
}

function valueOf(bucket: number): number {
  if (bucket === 0) return 0;
  const size = Math.exp(
    (Math.abs(bucket) - BUCKET_OFFSET) * LOG_GAMMA + Math.log1p(-PERCENTILE_ERROR),
  );
  return Math.sign(bucket) * Math.min(size, Number.MAX_VALUE);
}
