import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addEvent, addEvents, placeOf, sessionWindows, trimEvents, trimSessions } from "livetwin";
import { WINDOW_MS_MAX } from "../../../src/core/limits.ts";
import { inOrder, msOf, nearMs, plain, readings } from "./arbitraries.ts";
import type { Reading } from "./arbitraries.ts";

const HOUR_MS = 3_600_000;
const ALL = { countMax: 1_000_000 };

const bounds = fc.record(
  {
    countMax: fc.integer({ min: 1, max: 30 }),
    ageMsMax: fc.integer({ min: 0, max: 80 }),
    now: nearMs,
  },
  { requiredKeys: ["countMax"] },
);

type Bounds = Parameters<typeof addEvent<Reading>>[2];

/** What is left of events in order of time: the newest by count, of those no older than the age. */
function kept(events: readonly Reading[], { countMax, ageMsMax, now }: Bounds): Reading[] {
  const reference = now === undefined ? msOf(events.at(-1)?.timestamp ?? 0) : msOf(now);
  return events
    .slice(-countMax)
    .filter(({ timestamp }) => reference - msOf(timestamp) <= (ageMsMax ?? Infinity));
}

describe("a list in order of time", () => {
  test("is what sorting all events by time and arrival gives, in whatever order they come", () => {
    fc.assert(
      fc.property(readings, (events) => {
        const list: Reading[] = [];
        for (const event of events) expect(addEvent(list, event, ALL)).toEqual([]);
        expect(list).toEqual(inOrder(events));
      }),
    );
  });

  test("keeps the newest by count and by age, and answers every other exactly once", () => {
    fc.assert(
      fc.property(readings, bounds, (events, limits) => {
        const list: Reading[] = [];
        const dropped: Reading[] = [];
        for (const event of events) {
          const before = inOrder([...list, event]);
          const gone = addEvent(list, event, limits);
          expect(list).toEqual(kept(before, limits));
          expect([...gone, ...list]).toEqual(before);
          dropped.push(...gone);
        }
        expect(inOrder([...dropped, ...list])).toEqual(inOrder(events));
        expect(list).toEqual(kept(inOrder(events), limits));
      }),
    );
  });

  test("is the same when events come one by one and in batches", () => {
    fc.assert(
      fc.property(fc.array(readings, { maxLength: 4 }), bounds, (batches, limits) => {
        const numbered = batches.map((batch, i) =>
          batch.map(({ timestamp }, j) => ({ timestamp, order: i * 100 + j })),
        );
        const single: Reading[] = [];
        const together: Reading[] = [];
        for (const batch of numbered) {
          const goneSingle = batch.flatMap((event) => addEvent(single, event, limits));
          const goneTogether = addEvents(together, batch, limits);
          expect(together).toEqual(single);
          expect(goneTogether.map(plain)).toEqual(inOrder(goneSingle).map(plain));
        }
      }),
    );
  });

  test("has the place for a time where an event of it goes", () => {
    fc.assert(
      fc.property(readings, nearMs, (events, timestamp) => {
        const list = inOrder(events);
        const place = placeOf(list, timestamp);
        addEvent(list, { timestamp, order: 1_000 }, ALL);
        expect(list[place]).toEqual({ timestamp, order: 1_000 });
      }),
    );
  });

  test("takes times of any form, and from where a function finds them", () => {
    const list: { when: string | number | Date; n: number }[] = [];
    const options = { countMax: 10, timeOf: ({ when }: { when: string | number | Date }) => when };
    addEvent(list, { when: "2026-11-23T09:00:00+01:00", n: 1 }, options);
    addEvent(list, { when: new Date("2026-11-23T07:00:00Z"), n: 2 }, options);
    addEvent(list, { when: Date.UTC(2026, 10, 23, 7, 30), n: 3 }, options);
    addEvent(list, { when: "2026-11-23", n: 4 }, options);
    expect(list.map(({ n }) => n)).toEqual([4, 2, 3, 1]);
  });

  test("asks for `timeOf` by type where events have no timestamp", () => {
    const list: { at: number }[] = [];
    addEvent(list, { at: 1 }, { countMax: 1, timeOf: ({ at }) => at });
    expect(list).toEqual([{ at: 1 }]);
    // @ts-expect-error -- a list of events without a timestamp must say where the time is.
    expect(() => addEvent(list, { at: 1 }, { countMax: 1 })).toThrow(TypeError);
    // @ts-expect-error -- the same for options that may be left out.
    expect(() => placeOf(list, 1)).toThrow(TypeError);
  });

  test("reads few times: one for a newest event, and as many as halvings for a late one", () => {
    const list = Array.from({ length: 4_096 }, (_, i) => ({ timestamp: 2 * i }));
    let reads = 0;
    const timeOf = ({ timestamp }: { timestamp: number }): number => {
      reads++;
      return timestamp;
    };
    addEvent(list, { timestamp: 9_000 }, { countMax: 10_000, timeOf });
    expect(reads).toBe(2);
    reads = 0;
    addEvent(list, { timestamp: 4_001 }, { countMax: 10_000, timeOf });
    expect(reads).toBeLessThanOrEqual(2 + 13);
    expect(list[2_001]).toEqual({ timestamp: 4_001 });
  });
});

describe("the bounds of a list", () => {
  const at = (timestamp: number): { timestamp: number } => ({ timestamp });

  test("keep an event of exactly the greatest age, and not one a millisecond older", () => {
    const list = [at(0), at(1)];
    expect(addEvent(list, at(HOUR_MS), { countMax: 9, ageMsMax: HOUR_MS })).toEqual([]);
    expect(addEvent(list, at(HOUR_MS + 1), { countMax: 9, ageMsMax: HOUR_MS })).toEqual([at(0)]);
    expect(list).toEqual([at(1), at(HOUR_MS), at(HOUR_MS + 1)]);
  });

  test("answer an event itself when it comes too late", () => {
    const list = [at(10), at(20)];
    expect(addEvent(list, at(5), { countMax: 2 })).toEqual([at(5)]);
    expect(addEvent(list, at(9), { countMax: 9, ageMsMax: 10 })).toEqual([at(9)]);
    expect(list).toEqual([at(10), at(20)]);
  });

  test("are applied as time passes, down to an empty list", () => {
    const list = [at(0), at(10), at(20)];
    expect(trimEvents(list, { countMax: 9, ageMsMax: 10, now: 20 })).toEqual([at(0)]);
    expect(trimEvents(list, { countMax: 9, ageMsMax: 10, now: 31 })).toEqual([at(10), at(20)]);
    expect(trimEvents(list, { countMax: 9, ageMsMax: 10, now: 31 })).toEqual([]);
    expect(list).toEqual([]);
  });

  test("by sessions keep the newest ones whole", () => {
    // Three sessions of 7, 11 and 1 events, as in the tests of an older library.
    const MINUTE_MS = 60_000;
    const times = [
      ...Array.from({ length: 7 }, (_, i) => i * MINUTE_MS),
      ...Array.from({ length: 11 }, (_, i) => (60 + i) * MINUTE_MS),
      200 * MINUTE_MS,
    ];
    const list = times.map(at);
    const dropped = trimSessions(list, { gapMs: 10 * MINUTE_MS, sessionsMax: 2 });
    expect(dropped).toHaveLength(7);
    expect(list).toHaveLength(12);
    expect(list[0]).toEqual(at(60 * MINUTE_MS));
    expect(trimSessions(list, { gapMs: 10 * MINUTE_MS, sessionsMax: 2 })).toEqual([]);
    expect(trimSessions([], { gapMs: 1, sessionsMax: 1 })).toEqual([]);
  });

  test("by sessions are told apart as windows tell them, at a pause of exactly the gap", () => {
    fc.assert(
      fc.property(
        readings,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (events, gapMs, sessionsMax) => {
          const list = inOrder(events);
          const kept = sessionWindows(list, { gapMs }).slice(-sessionsMax);
          const expected = kept.flatMap((session) => session.toArray());
          const dropped = trimSessions(list, { gapMs, sessionsMax });
          expect(list).toEqual(expected);
          expect([...dropped, ...list]).toEqual(inOrder(events));
        },
      ),
    );
  });
});

describe("what is wrong is refused with the function and the value, and the list stays as it was", () => {
  const caps = { countMax: 10 };

  test.each([
    [
      NaN,
      RangeError,
      "addEvent: an event's time is NaN; a time is epoch milliseconds, an ISO 8601 text or a Date.",
    ],
    [Infinity, RangeError, "is Infinity;"],
    [8.64e15 + 1, RangeError, "is 8640000000000001;"],
    ["yesterday", RangeError, 'is "yesterday";'],
    ["2026-02-30", RangeError, 'is "2026-02-30";'],
    [new Date(NaN), RangeError, "is an invalid Date;"],
    [undefined, TypeError, "is undefined;"],
    [null, TypeError, "is null;"],
    [{}, TypeError, "is an object;"],
    ["x".repeat(1_000), RangeError, `is "${"x".repeat(40)}…";`],
  ])("a time that is none: %s", (timestamp, kind, text) => {
    const list = [{ timestamp: 1 }, { timestamp: 3 }];
    const wrong = { timestamp: timestamp as number };
    const single = (): unknown => addEvent(list, wrong, caps);
    expect(single).toThrow(kind);
    expect(single).toThrow(text);
    expect(() => addEvents(list, [{ timestamp: 2 }, wrong], caps)).toThrow(kind);
    expect(list).toEqual([{ timestamp: 1 }, { timestamp: 3 }]);
  });

  test.each([
    [{ countMax: 0 }, "addEvent: countMax is 0; it must be a whole number from 1 to"],
    [{ countMax: 1.5 }, "countMax is 1.5;"],
    [{ countMax: NaN }, "countMax is NaN; it must be a finite number."],
    [{}, "countMax is undefined; it must be a number."],
    [{ countMax: 1, ageMsMax: -1 }, "ageMsMax is -1; it must be a whole number from 0 to"],
    [{ countMax: 1, ageMsMax: WINDOW_MS_MAX + 1 }, `ageMsMax is ${WINDOW_MS_MAX + 1};`],
    [{ countMax: 1, now: "soon" }, 'now is "soon";'],
    [{ countMax: 1, timeOf: "at" }, 'timeOf is "at"; it must be a function.'],
  ])("an option that is none: %j", (options, text) => {
    const list = [{ timestamp: 1 }];
    expect(() => addEvent(list, { timestamp: 2 }, options as typeof caps)).toThrow(text);
    expect(list).toEqual([{ timestamp: 1 }]);
  });

  test("a list that is none, and events that are no list", () => {
    const none = null as unknown as { timestamp: number }[];
    expect(() => addEvent(none, { timestamp: 1 }, caps)).toThrow("addEvent: the list is null;");
    expect(() => addEvents([{ timestamp: 1 }], none, caps)).toThrow("addEvents: the list is null;");
    expect(() => trimEvents(none, caps)).toThrow("trimEvents: the list is null;");
  });

  test("sessions without a length", () => {
    const list = [{ timestamp: 1 }];
    expect(() => trimSessions(list, { gapMs: 0, sessionsMax: 1 })).toThrow("gapMs is 0;");
    expect(() => trimSessions(list, { gapMs: 1, sessionsMax: 0 })).toThrow("sessionsMax is 0;");
  });

  test("and the greatest age is a century", () => {
    const list = [{ timestamp: 0 }];
    const options = { countMax: 9, ageMsMax: WINDOW_MS_MAX };
    expect(addEvent(list, { timestamp: WINDOW_MS_MAX }, options)).toEqual([]);
    expect(addEvent(list, { timestamp: WINDOW_MS_MAX + 1 }, options)).toEqual([{ timestamp: 0 }]);
  });
});
