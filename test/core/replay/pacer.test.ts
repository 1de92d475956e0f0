import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TimedMessage } from "../../../tools/replay/outgoing.ts";
import { Pacer } from "../../../tools/replay/pacer.ts";

function messagesAt(...times: readonly number[]): readonly TimedMessage[] {
  return times.map((atMs, i) => ({ atMs, id: "a", message: {}, messageId: `m${i}` }));
}

function timesOf(messages: readonly TimedMessage[]): readonly number[] {
  return messages.map(({ atMs }) => atMs);
}

describe("messages are due", () => {
  test("in their own time, the first at once", () => {
    const pacer = new Pacer(messagesAt(5_000, 5_100, 5_200), 1, 70);
    expect(pacer.dueMs).toBe(70);
    expect(timesOf(pacer.take(169, 9))).toEqual([5_000]);
    expect(pacer.dueMs).toBe(170);
    expect(timesOf(pacer.take(170, 9))).toEqual([5_100]);
    expect(timesOf(pacer.take(1_000, 9))).toEqual([5_200]);
    expect(pacer.dueMs).toBeUndefined();
    expect(pacer.take(2_000, 9)).toEqual([]);
  });

  test("earlier by the factor of the speed", () => {
    const pacer = new Pacer(messagesAt(0, 3_600_000), 3_600, 0);
    expect(timesOf(pacer.take(999, 9))).toEqual([0]);
    expect(timesOf(pacer.take(1_000, 9))).toEqual([3_600_000]);
  });

  test("all at once at infinite speed, as many at a time as asked for", () => {
    const pacer = new Pacer(messagesAt(0, 10, 1e12), Number.POSITIVE_INFINITY, 0);
    expect(timesOf(pacer.take(0, 2))).toEqual([0, 10]);
    expect(timesOf(pacer.take(0, 2))).toEqual([1e12]);
  });

  test("never, of an empty source", () => {
    const pacer = new Pacer([], 1, 0);
    expect([pacer.dueMs, pacer.take(9, 9), pacer.takeAhead(9, 9)]).toEqual([undefined, [], []]);
  });
});

test("messages that are taken ahead of time move the rest forward", () => {
  const pacer = new Pacer(messagesAt(0, 1_000, 5_000, 5_100), 1, 0);
  expect(timesOf(pacer.takeAhead(10, 2))).toEqual([0, 1_000]);
  expect(pacer.dueMs).toBe(10);
  expect(timesOf(pacer.take(10, 9))).toEqual([5_000]);
  expect(pacer.dueMs).toBe(110);
});

describe("what is late", () => {
  test("by no more than the limit is made up for", () => {
    const pacer = new Pacer(messagesAt(0, 100, 2_000), 1, 0);
    pacer.limitLag(1_000, 1_000);
    expect(timesOf(pacer.take(1_000, 9))).toEqual([0, 100]);
    expect(pacer.dueMs).toBe(2_000);
  });

  test("by more than that moves the rest back", () => {
    const pacer = new Pacer(messagesAt(0, 100, 2_000), 1, 0);
    pacer.limitLag(5_000, 1_000);
    expect(timesOf(pacer.take(5_000, 9))).toEqual([0, 100]);
    expect(pacer.dueMs).toBe(6_000);
  });

  test("never is a source that has ended", () => {
    const pacer = new Pacer([], 1, 0);
    pacer.limitLag(5_000, 1_000);
    expect(pacer.dueMs).toBeUndefined();
  });
});

test("whatever is taken when, every message is taken once and in order, none before its time", () => {
  const gaps = fc.array(fc.nat(500), { maxLength: 50 });
  const looks = fc.array(
    fc.record({
      afterMs: fc.nat(2_000),
      count: fc.integer({ min: 1, max: 10 }),
      ahead: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(gaps, looks, fc.constantFrom(0.5, 1, 7), (gapsMs, moments, speed) => {
      let atMs = 0;
      const messages = messagesAt(...gapsMs.map((gapMs) => (atMs += gapMs)));
      const pacer = new Pacer(messages, speed, 0);
      const taken: TimedMessage[] = [];
      let nowMs = 0;
      for (const { afterMs, count, ahead } of moments) {
        nowMs += afterMs;
        const dueMs = pacer.dueMs;
        const some = ahead ? pacer.takeAhead(nowMs, count) : pacer.take(nowMs, count);
        expect(some.length).toBeLessThanOrEqual(count);
        if (!ahead && dueMs !== undefined) expect(some.length > 0).toBe(dueMs <= nowMs);
        taken.push(...some);
      }
      expect(taken).toEqual(messages.slice(0, taken.length));
    }),
    { seed: 20_261, numRuns: 300 },
  );
});
