/**
 * A cell under a random life: messages with and without identity, repeats, bad ones, puts, removals, deliveries,
 * timers, asynchronous steps, checkpoints, restarts, turns cut short. After every turn it is compared with
 * `cell-reference.ts`, and again and again with what a recovery from its store gives (I1 of `cell.ts`).
 * `FUZZ_SEED` and `FUZZ_CASES` choose other lives and more. A failure prints its seed and its script.
 */
import { expect, test } from "vitest";
import { CellLife } from "./cell-life.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_123);
const CASES = Number(process.env["FUZZ_CASES"] ?? 150);
const OPERATIONS = 120;
const TIMEOUT_MS = 60_000 * Math.max(1, CASES / 150);

/** Lives that once went wrong: each names what it showed. */
const PAST_FAILURES: readonly (readonly [seed: number, what: string])[] = [
  [2, "a restart took back the time of a last message that had left nothing to store"],
  [8, "a timer that waited for an asynchronous step was due later than was stored, and drifted"],
  [4, "a message was refused because one of a higher seq before it was bad"],
];

test.each(PAST_FAILURES)("seed %i: %s", async (seed) => {
  await CellLife.live(seed, OPERATIONS);
});

test(
  `${CASES} random lives from seed ${SEED} on are as the reference says`,
  async () => {
    const tally: Record<string, number> = {};
    for (let i = 0; i < CASES; i++) {
      const life = await CellLife.live(SEED + i, OPERATIONS);
      for (const [what, count] of Object.entries(life.tally))
        tally[what] = (tally[what] ?? 0) + count;
    }
    // A run that tests nothing is noticed: each of these came up often.
    for (const what of [
      "accepted",
      "repeated",
      "rejected",
      "timers",
      "asynchronous",
      "restarts",
      "checkpoints",
      "deliveries",
      "cut turns",
      "removals",
      "commands answered",
      "commands acknowledged",
      "deltas",
      "full deltas",
    ]) {
      expect([what, (tally[what] ?? 0) >= CASES / 3]).toEqual([what, true]);
    }
  },
  TIMEOUT_MS,
);
