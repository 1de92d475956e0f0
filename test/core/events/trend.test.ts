import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addToEwma, ewmaDeviation, forecastOf, newEwma, slopeOf } from "livetwin";
import type { Ewma } from "livetwin";
import { WINDOW_MS_MAX } from "../../../src/core/limits.ts";
import { isClose, msOf, nearMs, RELATIVE_ERROR, scaleOf, timeValue, value } from "./arbitraries.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

interface Sample {
  readonly timestamp: number | string | Date;
  readonly value: number;
}

const valueOf = ({ value }: Sample): number => value;
const samples = fc.array(fc.record({ timestamp: timeValue(nearMs), value }), { maxLength: 40 });

describe("a slope", () => {
  test("is the one for which no other line is nearer to the values", () => {
    fc.assert(
      fc.property(samples, (events) => {
        const slope = slopeOf(events, valueOf);
        const times = events.map(({ timestamp }) => msOf(timestamp) / 1_000);
        const meanTime = times.reduce((sum, t) => sum + t, 0) / times.length;
        const meanValue = events.reduce((sum, e) => sum + e.value, 0) / events.length;
        if (new Set(times).size < 2) {
          expect(slope).toBe(null);
          return;
        }
        let both = 0;
        let spread = 0;
        for (const [i, t] of times.entries()) {
          both += (t - meanTime) * (events[i]!.value - meanValue);
          spread += (t - meanTime) ** 2;
        }
        // A millisecond in which the largest value comes and goes is a slope of a thousand of it.
        const scale = scaleOf(events.map(valueOf)) * 1_000;
        expect(isClose(slope, both / spread, scale)).toBe(true);
      }),
    );
  });

  test("of a line is the line's, for any order of its points, in the unit that is asked for", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 2, maxLength: 20 }),
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -1_000, max: 1_000 }),
        (offsets, perHour, level) => {
          const line = (at: number): number => level + (perHour * (at - NOON)) / 3_600_000;
          const events = offsets.map((ms) => ({ timestamp: NOON + ms, value: line(NOON + ms) }));
          const scale = scaleOf(events.map(valueOf));
          const span = Math.max(...offsets) - Math.min(...offsets);
          const close = (slope: number | null, per: number): boolean =>
            Math.abs(slope! - (perHour * per) / 3_600_000) <= (RELATIVE_ERROR * scale * per) / span;
          expect(close(slopeOf(events, valueOf), 1_000)).toBe(true);
          expect(close(slopeOf(events, valueOf, { per: "minute" }), 60_000)).toBe(true);
          expect(close(slopeOf(events, valueOf, { per: "hour" }), 3_600_000)).toBe(true);
          expect(close(slopeOf(events, valueOf, { per: "day" }), 86_400_000)).toBe(true);
          const at = NOON + Math.max(...offsets) + span;
          const forecast = forecastOf(events, valueOf, { at });
          expect(isClose(forecast, line(at), scale + Math.abs(line(at)))).toBe(true);
        },
      ),
    );
  });

  test("and a forecast of events at one time are not known", () => {
    const one = { timestamp: NOON, value: 1 };
    for (const events of [[], [one], [one, { ...one, value: 2 }]]) {
      expect(slopeOf(events, valueOf)).toBe(null);
      expect(forecastOf(events, valueOf, { at: NOON + 1 })).toBe(null);
    }
  });

  test("reads times from where a function finds them", () => {
    const events = [
      { when: "2026-11-23T12:00Z", temp: 20 },
      { when: "2026-11-23T13:00Z", temp: 26 },
    ];
    const timeOf = ({ when }: { when: string }): string => when;
    expect(slopeOf(events, ({ temp }) => temp, { per: "minute", timeOf })).toBeCloseTo(0.1, 12);
    expect(forecastOf(events, ({ temp }) => temp, { at: "2026-11-23T15:00Z", timeOf })).toBeCloseTo(
      38,
      9,
    );
    // @ts-expect-error -- events without a timestamp must say where the time is.
    expect(() => slopeOf(events, ({ temp }) => temp)).toThrow(
      "slopeOf: an event's time is undefined;",
    );
  });

  test("refuses what is wrong with the function and the value", () => {
    const events = [
      { timestamp: 0, value: 1 },
      { timestamp: 1, value: NaN },
    ];
    expect(() => slopeOf(events, valueOf)).toThrow("slopeOf: value 1 is NaN;");
    expect(() => slopeOf(events, () => 1, { per: "year" as "day" })).toThrow(
      'slopeOf: per is "year"; it must be one of second, minute, hour, day.',
    );
    expect(() => slopeOf(null as unknown as Sample[], valueOf)).toThrow("slopeOf: null is no list");
    expect(() => slopeOf(events, "v" as unknown as () => number)).toThrow('valueOf is "v";');
    expect(() => forecastOf(events, () => 1, { at: NaN })).toThrow("forecastOf: at is NaN;");
    const huge = [-1e308, 1e308].map((v, timestamp) => ({ timestamp, value: v }));
    expect(() => slopeOf(huge, valueOf, { per: "day" })).toThrow("slopeOf: the slope is beyond");
    expect(() => forecastOf(huge, valueOf, { at: NOON })).toThrow(
      "forecastOf: the value is beyond",
    );
  });
});

/** Mean and deviation of all values at once, each weighing half for every half-life before the newest. */
function weighted(
  events: readonly Sample[],
  halfLifeMs: number,
): { mean: number; variance: number } {
  const newest = Math.max(...events.map(({ timestamp }) => msOf(timestamp)));
  const weights = events.map(({ timestamp }) => 0.5 ** ((newest - msOf(timestamp)) / halfLifeMs));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = events.reduce((sum, e, i) => sum + e.value * weights[i]!, 0) / total;
  const squares = events.reduce((sum, e, i) => sum + weights[i]! * (e.value - mean) ** 2, 0);
  return { mean, variance: squares / total };
}

describe("a mean that forgets", () => {
  test("is the weighted mean of all values, in whatever order they came", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 100 }), (events, halfLifeMs) => {
        const ewma = newEwma();
        for (const event of events) addToEwma(ewma, event.timestamp, event.value, { halfLifeMs });
        if (events.length === 0) {
          expect(ewma).toEqual(newEwma());
          return;
        }
        const { mean, variance } = weighted(events, halfLifeMs);
        const scale = scaleOf(events.map(valueOf));
        expect(isClose(ewma.mean, mean, scale)).toBe(true);
        expect(isClose(ewmaDeviation(ewma)! ** 2, variance, scale ** 2)).toBe(true);
        expect(ewma.atMs).toBe(Math.max(...events.map(({ timestamp }) => msOf(timestamp))));
      }),
    );
  });

  test("moves half of the way to a value one half-life later, when the past was long", () => {
    const ewma = newEwma();
    for (let i = 0; i < 5_000; i++) addToEwma(ewma, i, 0, { halfLifeMs: 100 });
    for (let i = 5_000; i < 5_100; i++) addToEwma(ewma, i, 1, { halfLifeMs: 100 });
    expect(ewma.mean).toBeCloseTo(0.5, 9);
  });

  test("forgets all before a pause of a thousand half-lives, and takes no notice of what is so late", () => {
    const ewma = newEwma();
    addToEwma(ewma, 0, 100, { halfLifeMs: 1 });
    addToEwma(ewma, 10_000, 1, { halfLifeMs: 1 });
    addToEwma(ewma, 5_000, 100, { halfLifeMs: 1 });
    expect(ewma).toEqual({ mean: 1, atMs: 10_000, weight: 1, squares: 0 });
  });

  test("is a state that JSON holds, before and after the first value", () => {
    const ewma = newEwma();
    expect(JSON.parse(JSON.stringify(ewma))).toEqual(ewma);
    expect(ewmaDeviation(ewma)).toBe(null);
    addToEwma(ewma, "2026-11-23T12:00Z", 20, { halfLifeMs: WINDOW_MS_MAX });
    expect(JSON.parse(JSON.stringify(ewma))).toEqual({
      mean: 20,
      atMs: NOON,
      weight: 1,
      squares: 0,
    });
    expect(ewmaDeviation(ewma)).toBe(0);
  });

  test.each([
    [NOON, NaN, 1, "addToEwma: the value is NaN;"],
    [NaN, 1, 1, "addToEwma: the time is NaN;"],
    [NOON, 1, 0, "addToEwma: halfLifeMs is 0;"],
    [NOON, 1, WINDOW_MS_MAX + 1, "addToEwma: halfLifeMs is"],
    [NOON, -1.7e308, 1, "addToEwma: the sum of squares is beyond what a number holds"],
  ])("refuses %d, %d, %d, and stays as it was", (time, wrong, halfLifeMs, text) => {
    const ewma: Ewma = newEwma();
    addToEwma(ewma, NOON, 1, { halfLifeMs: 1 });
    const before = { ...ewma };
    expect(() => addToEwma(ewma, time, wrong, { halfLifeMs })).toThrow(text);
    expect(ewma).toEqual(before);
  });
});
