/** What the messages of a random life are. */
import { seededRandom } from "../../src/core/random.ts";
import type { InMessage } from "../../src/core/cell/requests.ts";
import type { Sending } from "./cell-reference.ts";
import type { LedgerMessage } from "./ledger-model.ts";

export const IDS = ["a", "b", "c", "d", "noted-1", "target"];

/** What a codec may stumble over. */
const ODD_VALUES = [null, { $date: 5 }, { list: [{ $object: { $date: 1 } }] }, { ":": "😀\ud800" }];

/** A message without the number of its sending. */
export type Content = Omit<LedgerMessage, "n">;

/** Chance, decided by a seed. */
export class Dice {
  readonly #random: () => number;
  #gates = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** From 0 to 1. */
  roll(): number {
    return this.#random();
  }

  likely(share: number): boolean {
    return this.#random() < share;
  }

  below(max: number): number {
    return Math.floor(this.#random() * max);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  pickByShare<T extends { readonly share: number }>(kinds: readonly T[]): T {
    let at = this.#random() * kinds.reduce((sum, { share }) => sum + share, 0);
    return kinds.find(({ share }) => (at -= share) < 0) ?? kinds[0]!;
  }

  /** A message that does some things, or none. */
  content(): Content {
    const content: Content = {};
    if (this.likely(0.6)) content.add = this.below(100) - 30;
    if (this.likely(0.15)) content.note = this.pick([null, "x", "wörter", "水"]);
    if (this.likely(0.1)) content.active = this.likely(0.5);
    if (this.likely(0.1)) content.keep = this.pick(ODD_VALUES);
    if (this.likely(0.1)) content.at = this.likely(0.4) ? null : this.below(1_000_000_000);
    if (this.likely(0.12)) {
      const name = this.pick(["t", "u", "throws", "chain", "quit", "sends"]);
      content.start = { name, ms: 1 + this.below(20), recurring: this.likely(0.3) };
    }
    if (this.likely(0.05)) content.stop = this.pick(["t", "u", "throws"]);
    if (this.likely(0.1)) content.send = { to: this.pick(IDS), add: this.below(9) };
    if (this.likely(0.1)) content.command = this.below(1_000_000);
    if (this.likely(0.06)) content.wait = `gate-${this.#gates++}`;
    if (this.likely(0.08)) content.bad = this.pick(["throw", "oversize", "unstorable"] as const);
    else if (this.likely(0.04)) content.remove = true;
    return content;
  }
}

/** A sending as the cell gets it. */
export function elementOf({ id, messageId, seq, message }: Sending): InMessage {
  return {
    id,
    message,
    ...(messageId === undefined ? {} : { messageId }),
    ...(seq === undefined ? {} : { seq }),
  };
}
