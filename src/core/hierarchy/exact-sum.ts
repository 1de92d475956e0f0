/**
 * A sum of numbers that come and go, exact whatever their order, and rounded once when it is read.
 *
 * The sum is a list of numbers whose bits do not overlap (Shewchuk, "Adaptive Precision Floating-Point Arithmetic",
 * 1997), kept as Python's `math.fsum` does. Taking a number away is adding its negative, and exact too: what is left
 * after a million changes is what a new sum of the same numbers would be.
 */
export class ExactSum {
  /** From small to large. */
  #partials: number[] = [];

  /** A sum that went beyond the largest number stays without a value until it is made anew. */
  get isBroken(): boolean {
    return this.#partials.some((partial) => !Number.isFinite(partial));
  }

  add(value: number): void {
    const partials = this.#partials;
    let x = value;
    let kept = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    if (x !== 0) partials.push(x);
  }

  value(): number {
    const partials = this.#partials;
    let at = partials.length - 1;
    if (at < 0) return 0;
    let high = partials[at]!;
    let low = 0;
    while (at > 0) {
      const x = high;
      const y = partials[--at]!;
      high = x + y;
      low = y - (high - x);
      if (low !== 0) break;
    }
    // Half-way cases: what lies below decides, or the result would be rounded twice.
    if (at > 0 && ((low < 0 && partials[at - 1]! < 0) || (low > 0 && partials[at - 1]! > 0))) {
      const twice = low * 2;
      const up = high + twice;
      if (up - high === twice) high = up;
    }
    return high;
  }
}
