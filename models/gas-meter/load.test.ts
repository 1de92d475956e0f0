import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import gasMeter from "./gas-meter.ts";
import { gasLoad, READING_INTERVAL_MS } from "./load.ts";
import type { GasReport, Meter } from "./load.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function meters(count: number): readonly Meter[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `meter-${i}`,
    longitude: -70 - (i % 50),
  }));
}

function reportsUntil(untilMs: number, count: number, seed = 1): readonly GasReport[] {
  const reports: GasReport[] = [];
  for (const report of gasLoad(meters(count), { seed, startMs: START_MS })) {
    if (report.atMs >= untilMs) break;
    reports.push(report);
  }
  return reports;
}

describe("400 meters over six hours", () => {
  const reports = reportsUntil(6 * HOUR_MS, 400);
  const env = new MockEnvironment({ models: [gasMeter], nowMs: START_MS });
  const shares = { silent: 0, exceeded: 0, samples: 0 };
  let next = 0;
  for (let atMs = READING_INTERVAL_MS; atMs <= 6 * HOUR_MS; atMs += READING_INTERVAL_MS) {
    env.advance(READING_INTERVAL_MS);
    const from = next;
    while (reports[next] !== undefined && reports[next]!.atMs < atMs) next++;
    env.sendBatch("GasMeter", reports.slice(from, next));
    if (atMs % (10 * 60_000) !== 0) continue;
    for (const twin of env.twins("GasMeter").values()) {
      shares.samples++;
      if (twin["silent"] === true) shares.silent++;
      if (twin["limitExceeded"] === true) shares.exceeded++;
    }
  }
  const twins = [...env.twins("GasMeter").values()];
  const total = (field: string): number =>
    twins.reduce((sum, twin) => sum + Number(twin[field]), 0);

  test("report in order of time, with the time of each report as its timestamp", () => {
    expect(reports.every(({ atMs }, i) => (reports[i - 1]?.atMs ?? 0) <= atMs)).toBe(true);
    expect(reports.every(({ atMs, message }) => message.Timestamp === START_MS + atMs)).toBe(true);
  });

  test("report every 15 seconds each, but for a silence now and then", () => {
    const sent = reports.length / (400 * 6 * 240);
    expect(sent).toBeGreaterThan(0.97);
    expect(sent).toBeLessThan(1);
    expect(twins).toHaveLength(400);
  });

  test("are now and then too high, for some of them so long or so much that the alarm sounds", () => {
    // 2,400 hours of meters, with a leak in 14 of them.
    expect(total("numEvents")).toBeGreaterThan(110);
    expect(total("numEvents")).toBeLessThan(240);
    const alarms = env.commands().length;
    expect(alarms / total("numEvents")).toBeGreaterThan(0.35);
    expect(alarms / total("numEvents")).toBeLessThan(0.65);
    expect(env.alerts()).toHaveLength(alarms);
    expect(shares.exceeded / shares.samples).toBeGreaterThan(0.005);
    expect(shares.exceeded / shares.samples).toBeLessThan(0.05);
  });

  test("have leaks from the first minutes on", () => {
    const early = reports.filter(({ atMs }) => atMs < 120_000);
    const leaking = early.filter(({ message }) => message.PPMReading > 50);
    expect(new Set(leaking.map(({ id }) => id)).size).toBeGreaterThan(2);
    expect(new Set(leaking.map(({ id }) => id)).size).toBeLessThan(20);
  });

  test("fall silent for longer than ten minutes now and then", () => {
    expect(shares.silent / shares.samples).toBeGreaterThan(0.001);
    expect(shares.silent / shares.samples).toBeLessThan(0.02);
  });
});

test("without a leak a meter follows the day of its place: most in the evening, least in the morning", () => {
  const [one] = meters(1);
  const byHour = new Map<number, number[]>();
  for (const { atMs, message } of gasLoad([one!], { seed: 3, startMs: START_MS })) {
    if (atMs >= 24 * HOUR_MS) break;
    if (message.PPMReading > 20) continue;
    const hour = Math.floor((message.Timestamp / HOUR_MS + one!.longitude / 15 + 24) % 24);
    byHour.set(hour, [...(byHour.get(hour) ?? []), message.PPMReading]);
  }
  const mean = (hour: number): number => {
    const ofHour = byHour.get(hour) ?? [];
    return ofHour.reduce((sum, ppm) => sum + ppm, 0) / ofHour.length;
  };
  // A third more and a third less than usual, an hour at the extremes.
  expect(mean(19) / mean(7)).toBeGreaterThan(1.8);
  expect(mean(19) / mean(7)).toBeLessThan(2.1);
  expect(mean(13) / mean(1)).toBeCloseTo(1, 0);
});

test("the same meters, seed and start give the same reports; another seed gives others", () => {
  const first = reportsUntil(HOUR_MS, 20);
  expect(reportsUntil(HOUR_MS, 20)).toEqual(first);
  expect(reportsUntil(HOUR_MS, 20, 2)).not.toEqual(first);
});

test("readings are never below zero, and have one digit after the point", () => {
  const readings = reportsUntil(2 * HOUR_MS, 100).map(({ message }) => message.PPMReading);
  expect(
    readings.filter((ppm) => ppm <= 0 || Math.abs(ppm * 10 - Math.round(ppm * 10)) > 1e-9),
  ).toEqual([]);
});

test("no meters report nothing", () => {
  expect([...gasLoad([], { seed: 1, startMs: START_MS })]).toEqual([]);
});
