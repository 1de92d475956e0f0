/** What a replay has done so far. */
import type { Settlement } from "./batch-answer.ts";
import { Latency } from "./latency.ts";

/** Different codes of rejections of which an example is kept. */
const EXAMPLES_MAX = 10;

export class Tally {
  /** Messages that were sent at least once. */
  sent = 0;
  /** Messages that were sent again: a message that was sent three times counts twice. */
  resent = 0;
  accepted = 0;
  duplicates = 0;
  rejected = 0;
  readonly latency = new Latency();
  /** The first rejection of each code. */
  readonly examples = new Map<string, string>();

  /** Messages whose fate is known. */
  get settled(): number {
    return this.accepted + this.duplicates + this.rejected;
  }

  add({ accepted, duplicates, rejected }: Settlement): void {
    this.accepted += accepted;
    this.duplicates += duplicates;
    this.rejected += rejected.length;
    for (const { id, code, detail } of rejected) {
      if (this.examples.size < EXAMPLES_MAX && !this.examples.has(code)) {
        this.examples.set(code, `${id}: ${detail}`);
      }
    }
  }
}
