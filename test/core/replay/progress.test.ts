import fc from "fast-check";
import { expect, test } from "vitest";
import { Latency } from "../../../tools/replay/latency.ts";
import { progressLine, summaryLine } from "../../../tools/replay/progress.ts";
import { Tally } from "../../../tools/replay/tally.ts";

function tallyOf(fields: Partial<Tally>, latenciesMs: readonly number[] = []): Tally {
  const tally = Object.assign(new Tally(), fields);
  for (const ms of latenciesMs) tally.latency.add(ms);
  return tally;
}

test("percentiles are within 1 % of the exact ones", () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.01, 0.5, 0.99, 1), (values, share) => {
      const latency = new Latency();
      for (const ms of values) latency.add(ms);
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;
      expect(Math.abs(latency.percentileMs(share) / exact - 1)).toBeLessThan(0.01);
    }),
    { seed: 20_261, numRuns: 300 },
  );
});

test("without requests there are no percentiles", () => {
  expect(new Latency().percentileMs(0.5)).toBeNaN();
});

test("the line shows how far a replay is, how fast, and where", () => {
  const tally = tallyOf({ sent: 12_400, accepted: 12_400 }, [3.1, 3.1, 250]);
  const state = { elapsedMs: 5_000, share: 0.31, place: "2001-01-28 14:10", trouble: undefined };
  expect(progressLine(tally, state)).toBe(
    "██████░░░░░░░░░░░░░░  31 %  12,400 sent  2,480/s  p50 3.1 ms, p99 251 ms  2001-01-28 14:10",
  );
});

test("the line of a replay without an end has no bar, and names what went wrong", () => {
  const tally = tallyOf({ sent: 9, accepted: 4, duplicates: 2, rejected: 1, resent: 3 });
  const state = { elapsedMs: 0, share: undefined, place: "5 s", trouble: "ECONNREFUSED" };
  expect(progressLine(tally, state)).toBe(
    "9 sent  0/s  2 duplicates  1 rejected  3 sent again  p50 -, p99 -  waiting: ECONNREFUSED",
  );
});

test("the summary accounts for every message", () => {
  const tally = tallyOf(
    { sent: 40_000, accepted: 39_000, duplicates: 500, rejected: 1, resent: 7 },
    [1],
  );
  expect(summaryLine(tally, 2_000)).toBe(
    "40,000 messages in 2.0 s (19,751/s): 39,000 accepted, 500 duplicates, 1 rejected, 499 unanswered. " +
      "7 sent again. Latency p50 1.0 ms, p99 1.0 ms.",
  );
});
