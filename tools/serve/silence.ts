/**
 * How long the server has been silent while this process could have heard it. The clock alone can't say: a laptop
 * that slept, a machine that was frozen, or a supervisor that was stopped finds hours gone and its server unasked.
 * So only what passes between two looks that come about when they are due is counted.
 */
export class Silence {
  #ms = 0;
  #lookedAtMs: number;
  readonly #stepMsMax: number;

  /** @param stepMsMax what one look adds at most; looks are due more often than that. */
  constructor(nowMs: number, stepMsMax: number) {
    this.#lookedAtMs = nowMs;
    this.#stepMsMax = stepMsMax;
  }

  /** Milliseconds of silence until now. */
  look(nowMs: number): number {
    this.#ms += Math.min(nowMs - this.#lookedAtMs, this.#stepMsMax);
    this.#lookedAtMs = nowMs;
    return this.#ms;
  }

  /** The server was heard, or has an excuse. */
  end(nowMs: number): void {
    this.#ms = 0;
    this.#lookedAtMs = nowMs;
  }
}
