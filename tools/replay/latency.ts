/** Milliseconds that requests took, in memory that does not grow: counts by logarithm, exact to 1 %. */
const RATIO = 1.02;

export class Latency {
  readonly #counts = new Map<number, number>();
  #count = 0;

  add(ms: number): void {
    // Below a hundredth of a millisecond nothing differs.
    const bucket = Math.round(Math.log(Math.max(ms, 0.01)) / Math.log(RATIO));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#count++;
  }

  /** The latency that `share` (above 0, up to 1) of the requests did not exceed. NaN before the first. */
  percentileMs(share: number): number {
    let rest = Math.ceil(this.#count * share);
    for (const [bucket, count] of [...this.#counts].toSorted(([a], [b]) => a - b)) {
      rest -= count;
      if (rest <= 0) return RATIO ** bucket;
    }
    return Number.NaN;
  }
}
