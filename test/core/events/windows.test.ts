import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionWindows, slidingWindows, tumblingWindows, windowStartOf } from "livetwin";
import type { EventWindow } from "livetwin";
import { WINDOW_MS_MAX, WINDOWS_MAX } from "../../../src/core/limits.ts";
import { anyMs, inOrder, msOf, nearMs, readings, timeValue } from "./arbitraries.ts";
import type { Reading } from "./arbitraries.ts";

const DAY_MS = 86_400_000;

interface Shown<E> {
  readonly startMs: number;
  readonly endMs: number;
  readonly events: readonly E[];
}

function shown<E>(windows: readonly EventWindow<E>[]): Shown<E>[] {
  return windows.map((window) => {
    const events = [...window];
    expect(window.toArray()).toEqual(events);
    expect(window.count).toBe(events.length);
    return { startMs: window.startMs, endMs: window.endMs, events };
  });
}

function sizes(windows: readonly EventWindow<unknown>[]): number[] {
  return windows.map(({ count }) => count);
}

interface Range {
  readonly lengthMs: number;
  readonly stepMs: number;
  readonly start?: number;
  readonly end?: number;
  readonly alignTo?: number;
}

/** All windows that the range allows, by going through every millisecond and every event. */
function naive(all: readonly Reading[], { lengthMs, stepMs, ...range }: Range): Shown<Reading>[] {
  const list = all.filter(({ timestamp }) => msOf(timestamp) < (range.end ?? Infinity));
  const times = list.map(({ timestamp }) => msOf(timestamp));
  if (times.length === 0 && (range.start === undefined || range.end === undefined)) return [];
  const { start, end = Infinity, alignTo = 0 } = range;
  const firstMs = start ?? times[0]! - lengthMs + 1;
  const stopMs = range.end ?? times.at(-1)! + 1;
  const windows: Shown<Reading>[] = [];
  for (let startMs = firstMs; startMs < stopMs; startMs++) {
    if ((startMs - (start ?? alignTo)) % stepMs !== 0) continue;
    const endMs = Math.min(startMs + lengthMs, end);
    const events = list.filter((_, i) => times[i]! >= startMs && times[i]! < endMs);
    windows.push({ startMs, endMs, events });
  }
  return windows;
}

const ranges: fc.Arbitrary<Range> = fc
  .record(
    {
      lengthMs: fc.integer({ min: 1, max: 40 }),
      stepMs: fc.integer({ min: 1, max: 50 }),
      start: nearMs,
      end: nearMs,
      alignTo: nearMs,
    },
    { requiredKeys: ["lengthMs", "stepMs"] },
  )
  .map(({ start, end, alignTo, ...rest }) => {
    if (start === undefined)
      return {
        ...rest,
        ...(end === undefined ? {} : { end }),
        ...(alignTo === undefined ? {} : { alignTo }),
      };
    return { ...rest, start, ...(end === undefined ? {} : { end: Math.max(start, end) }) };
  });

describe("windows over a list", () => {
  test("hold exactly the events from their start, included, to their end, excluded", () => {
    fc.assert(
      fc.property(readings, ranges, (events, range) => {
        const list = inOrder(events);
        const all = naive(list, range);
        expect(shown(slidingWindows(list, { ...range, empty: "include" }))).toEqual(all);
        expect(shown(slidingWindows(list, range))).toEqual(
          all.filter((window) => window.events.length > 0),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("that tumble put every event into exactly one, in order", () => {
    fc.assert(
      fc.property(readings, ranges, (events, { lengthMs, alignTo = 0 }) => {
        const list = inOrder(events);
        const windows = shown(tumblingWindows(list, { lengthMs, alignTo }));
        expect(windows.flatMap((window) => window.events)).toEqual(list);
        for (const { startMs, events: held } of windows)
          for (const { timestamp } of held)
            expect(windowStartOf(timestamp, lengthMs, alignTo)).toBe(startMs);
      }),
    );
  });

  test("that slide by a part of their length put every event into as many as fit", () => {
    fc.assert(
      fc.property(
        readings,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (events, stepMs, times) => {
          const list = inOrder(events);
          const windows = shown(slidingWindows(list, { lengthMs: stepMs * times, stepMs }));
          const seen = windows.flatMap((window) => window.events);
          for (const event of list)
            expect(seen.filter((other) => other === event)).toHaveLength(times);
          expect(seen).toHaveLength(list.length * times);
        },
      ),
    );
  });

  test("of 24 hours by the hour are there though nothing came", () => {
    const windows = tumblingWindows([] as { timestamp: number }[], {
      lengthMs: DAY_MS / 24,
      start: "2026-11-23",
      end: "2026-11-24",
      empty: "include",
    });
    expect(sizes(windows)).toEqual(Array.from({ length: 24 }, () => 0));
    expect(windows[23]).toMatchObject({
      startMs: Date.UTC(2026, 10, 23, 23),
      endMs: Date.UTC(2026, 10, 24),
    });
  });

  test("find the two of a million hours that hold events without making the others", () => {
    const list = [{ timestamp: 0 }, { timestamp: 1_000_000 * 3_600_000 }];
    expect(sizes(tumblingWindows(list, { lengthMs: 3_600_000 }))).toEqual([1, 1]);
    expect(sizes(slidingWindows(list, { lengthMs: 1, stepMs: 7 }))).toEqual([1]);
  });

  test("that all end before the next event are not gone through, however many they are", () => {
    const list = [{ timestamp: 1_000 }];
    const century = { lengthMs: WINDOW_MS_MAX, stepMs: 1 };
    expect(slidingWindows(list, { ...century, end: 1_000 })).toEqual([]);
    expect(slidingWindows(list, { ...century, start: 0, end: 1_000 })).toEqual([]);
    expect(
      slidingWindows(list, { ...century, start: -8.64e15, end: 8.64e15, stepMs: WINDOW_MS_MAX }),
    ).toHaveLength(1);
    expect(
      slidingWindows(list, { lengthMs: 1, stepMs: 1, start: -8.64e15, end: 8.64e15 }),
    ).toHaveLength(1);
  });

  test("cut off fractions of a millisecond, and cross no border by it", () => {
    const list = [{ timestamp: -0.5 }, { timestamp: 0 }, { timestamp: 9.999 }, { timestamp: 10 }];
    expect(shown(tumblingWindows(list, { lengthMs: 10 }))).toEqual([
      { startMs: -10, endMs: 0, events: [list[0]] },
      { startMs: 0, endMs: 10, events: [list[1], list[2]] },
      { startMs: 10, endMs: 20, events: [list[3]] },
    ]);
  });

  test("start where whole arithmetic says, from one end of the calendar to the other", () => {
    fc.assert(
      fc.property(
        timeValue(anyMs).filter(isReadable),
        fc.integer({ min: 1, max: WINDOW_MS_MAX }),
        anyMs,
        (time, lengthMs, alignTo) => {
          const at = BigInt(msOf(time));
          const length = BigInt(lengthMs);
          const past = (((at - BigInt(alignTo)) % length) + length) % length;
          expect(windowStartOf(time, lengthMs, alignTo) + 0).toBe(Number(at - past) + 0);
        },
      ),
    );
  });

  test("are those that the tests of the older library expect, with their bounds said", () => {
    const days = [1, 2, 3, 4, 5].map((day) => ({ timestamp: Date.UTC(2026, 0, day) }));
    const start = "2026-01-01";
    const twoDays = { lengthMs: 2 * DAY_MS, stepMs: DAY_MS, start };
    expect(sizes(slidingWindows(days, { ...twoDays, end: "2026-01-05" }))).toEqual([2, 2, 2, 1]);
    expect(sizes(slidingWindows(days, twoDays))).toEqual([2, 2, 2, 2, 1]);
    expect(sizes(tumblingWindows(days, { ...twoDays, end: "2026-01-05" }))).toEqual([2, 2]);
    const ends = [days[0]!, days[4]!];
    expect(
      sizes(slidingWindows(ends, { ...twoDays, end: "2026-01-05", empty: "include" })),
    ).toEqual([1, 0, 0, 0]);
  });
});

/** ISO 8601 as it is read has years from 0 to 9999. */
function isReadable(time: unknown): boolean {
  return typeof time !== "string" || /^\d{4}-/.test(time);
}

describe("sessions", () => {
  test("end at a pause of the gap, and hold every event exactly once", () => {
    fc.assert(
      fc.property(readings, fc.integer({ min: 1, max: 20 }), (events, gapMs) => {
        const list = inOrder(events);
        const sessions = shown(sessionWindows(list, { gapMs }));
        expect(sessions.flatMap((session) => session.events)).toEqual(list);
        for (const [i, { startMs, endMs, events: held }] of sessions.entries()) {
          const times = held.map(({ timestamp }) => msOf(timestamp));
          expect([startMs, endMs]).toEqual([times[0], times.at(-1)! + gapMs]);
          for (let j = 1; j < times.length; j++)
            expect(times[j]! - times[j - 1]!).toBeLessThan(gapMs);
          if (i > 0) expect(startMs).toBeGreaterThanOrEqual(sessions[i - 1]!.endMs);
        }
      }),
    );
  });

  test("go on until a millisecond before the gap, and not at it", () => {
    const list = [0, 9, 18, 28].map((timestamp) => ({ timestamp }));
    expect(sizes(sessionWindows(list, { gapMs: 10 }))).toEqual([3, 1]);
  });

  test("begin and end at whole milliseconds", () => {
    const list = [{ timestamp: 0.9 }, { timestamp: 10.1 }];
    expect(shown(sessionWindows(list, { gapMs: 10 }))).toEqual([
      { startMs: 0, endMs: 10, events: [list[0]] },
      { startMs: 10, endMs: 20, events: [list[1]] },
    ]);
  });

  test("of five days with five events a minute apart are five", () => {
    const list = Array.from({ length: 25 }, (_, i) => ({
      timestamp: Math.floor(i / 5) * DAY_MS + (i % 5) * 60_000,
      payload: i,
    }));
    const sessions = sessionWindows(list, { gapMs: 3_600_000 });
    expect(sizes(sessions)).toEqual([5, 5, 5, 5, 5]);
    expect(sessions[4]!.toArray().map(({ payload }) => payload)).toEqual([20, 21, 22, 23, 24]);
  });
});

describe("what is wrong is refused with the function and the value", () => {
  const list = [{ timestamp: 0 }, { timestamp: 5 }];

  test.each([
    [{ lengthMs: 0 }, "tumblingWindows: lengthMs is 0; it must be a whole number from 1 to"],
    [{ lengthMs: 0.5 }, "lengthMs is 0.5;"],
    [{ lengthMs: WINDOW_MS_MAX + 1 }, `lengthMs is ${WINDOW_MS_MAX + 1};`],
    [{ lengthMs: NaN }, "lengthMs is NaN;"],
    [{}, "lengthMs is undefined;"],
    [{ lengthMs: 1, start: 2, end: 1 }, "start is 2, after end."],
    [{ lengthMs: 1, start: 0.5 }, "start is 0.5; it must be a whole number"],
    [{ lengthMs: 1, end: "soon" }, 'end is "soon"; a time is'],
    [{ lengthMs: 1, start: 0, alignTo: 0 }, "give start or alignTo, not both"],
    [{ lengthMs: 1, empty: true }, 'empty is true; it must be "skip" or "include".'],
  ])("an option that is none: %j", (options, text) => {
    expect(() => tumblingWindows(list, options as { lengthMs: number })).toThrow(text);
  });

  test("a step or a gap that is none", () => {
    expect(() => slidingWindows(list, { lengthMs: 1, stepMs: 0 })).toThrow(
      "slidingWindows: stepMs is 0;",
    );
    expect(() => sessionWindows(list, { gapMs: -1 })).toThrow("sessionWindows: gapMs is -1;");
    expect(() => windowStartOf(0, 0)).toThrow("windowStartOf: lengthMs is 0;");
    expect(() => windowStartOf(NaN, 1)).toThrow("windowStartOf: the time is NaN;");
  });

  test("a list that is out of order, or has an event without a time", () => {
    const mixed = [{ timestamp: 0 }, { timestamp: 5 }, { timestamp: 4 }];
    const text = "event 2 is of 4, before event 1 of 5; the list must be in order of time.";
    expect(() => tumblingWindows(mixed, { lengthMs: 1 })).toThrow(text);
    expect(() => sessionWindows(mixed, { gapMs: 1 })).toThrow(text);
    const gap = [{ timestamp: 0 }, null as unknown as { timestamp: number }];
    expect(() => tumblingWindows(gap, { lengthMs: 1 })).toThrow("an event's time is undefined;");
    const none = "list" as unknown as typeof list;
    expect(() => sessionWindows(none, { gapMs: 1 })).toThrow('the list is "list";');
  });

  test("more windows than the limit, and not as many", () => {
    const many = Array.from({ length: WINDOWS_MAX + 1 }, (_, timestamp) => ({ timestamp }));
    const text = `tumblingWindows: these would be more than ${WINDOWS_MAX} windows.`;
    expect(() => tumblingWindows(many, { lengthMs: 1 })).toThrow(text);
    expect(tumblingWindows(many.slice(1), { lengthMs: 1 })).toHaveLength(WINDOWS_MAX);
    expect(() => sessionWindows(many, { gapMs: 1 })).toThrow("sessionWindows: these would be more");
    expect(sessionWindows(many.slice(1), { gapMs: 1 })).toHaveLength(WINDOWS_MAX);

    const range = { lengthMs: 1, start: 0, empty: "include" } as const;
    expect(tumblingWindows(list, { ...range, end: WINDOWS_MAX })).toHaveLength(WINDOWS_MAX);
    expect(() => tumblingWindows(list, { ...range, end: WINDOWS_MAX + 1 })).toThrow(text);
    expect(() => tumblingWindows(list, { ...range, end: 8.64e15 })).toThrow(text);
  });

  test("a window as long as a century is not", () => {
    expect(sizes(tumblingWindows(list, { lengthMs: WINDOW_MS_MAX }))).toEqual([2]);
    const ends = [{ timestamp: -8.64e15 }, { timestamp: 8.64e15 }];
    expect(sizes(tumblingWindows(ends, { lengthMs: WINDOW_MS_MAX }))).toEqual([1, 1]);
  });
});
