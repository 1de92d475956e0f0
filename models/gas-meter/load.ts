/**
 * What gas meters report, simulated in order of time, for ever. Gas in the air follows the day at the meter's place;
 * now and then something leaks, and now and then a meter falls silent. The same meters, seed and start give the same
 * reports.
 */
import { seededRandom } from "livetwin";
import type { GasReading } from "./gas-meter.ts";

/** Milliseconds between two readings of a meter. */
export const READING_INTERVAL_MS = 15_000;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Four minutes of longitude's time a degree. */
const DEGREE_MS = DAY_MS / 360;
/** When most gas is burnt: 19:00 of local time. */
const PEAK_OF_DAY_MS = 19 * 60 * MINUTE_MS;
/** Milliseconds in which a leak grows to its full size. */
const LEAK_GROWTH_MS = MINUTE_MS;

/** Of each reading: about one leak in 14 hours of a meter, and one silence in 3 days. */
const LEAK_SHARE = 0.000_3;
const SILENCE_SHARE = 0.000_06;
/** Of the meters: as many leak at any moment, and so at the first. */
const LEAKING_AT_START = 0.02;

/** Leaks by how often each kind is drawn: what they add in parts per million, and how many minutes they last. */
const LEAKS = [
  { share: 0.5, ppm: [60, 120], minutes: [2, 14] },
  { share: 0.35, ppm: [60, 120], minutes: [18, 40] },
  { share: 0.15, ppm: [220, 600], minutes: [5, 20] },
] as const;
const SILENCE_MINUTES = [11, 40] as const;

export interface Meter {
  readonly id: string;
  readonly longitude: number;
}

export interface GasLoadOptions {
  readonly seed: number;
  /** Epoch milliseconds of the first readings: timestamps and the time of day count from here. */
  readonly startMs: number;
}

export interface GasReport {
  /** Milliseconds from the start. */
  readonly atMs: number;
  readonly id: string;
  readonly message: GasReading;
}

interface SimulatedMeter {
  readonly meter: Meter;
  /** Milliseconds into each interval: meters do not report at the same moment. */
  readonly phaseMs: number;
  /** Parts per million on an average hour. */
  readonly usualPpm: number;
  leak: { readonly ppm: number; readonly startMs: number; readonly endMs: number } | undefined;
  silentUntilMs: number;
}

/** The reports of `meters`, each every READING_INTERVAL_MS. */
export function* gasLoad(
  meters: readonly Meter[],
  { seed, startMs }: GasLoadOptions,
): Generator<GasReport, undefined> {
  const random = seededRandom(seed);
  const simulated = meters
    .map((meter): SimulatedMeter => ({
      meter,
      phaseMs: Math.floor(random() * READING_INTERVAL_MS),
      usualPpm: between([4, 12], random),
      leak: random() < LEAKING_AT_START ? drawLeak(0, random) : undefined,
      silentUntilMs: 0,
    }))
    .toSorted((a, b) => a.phaseMs - b.phaseMs);
  if (simulated.length === 0) return;
  for (let roundMs = 0; ; roundMs += READING_INTERVAL_MS) {
    for (const each of simulated) {
      const atMs = roundMs + each.phaseMs;
      if (!step(each, atMs, random)) continue;
      const PPMReading = ppmAt(each, atMs, startMs + atMs, random);
      yield { atMs, id: each.meter.id, message: { PPMReading, Timestamp: startMs + atMs } };
    }
  }
}

/** Begins and ends leaks and silences; answers whether the meter reports now. */
function step(each: SimulatedMeter, atMs: number, random: () => number): boolean {
  if (atMs < each.silentUntilMs) return false;
  if (each.leak !== undefined && atMs >= each.leak.endMs) each.leak = undefined;
  if (each.leak === undefined && random() < LEAK_SHARE) each.leak = drawLeak(atMs, random);
  if (random() >= SILENCE_SHARE) return true;
  each.silentUntilMs = atMs + between(SILENCE_MINUTES, random) * MINUTE_MS;
  return false;
}

function drawLeak(atMs: number, random: () => number): NonNullable<SimulatedMeter["leak"]> {
  let rest = random();
  const kind = LEAKS.find(({ share }) => (rest -= share) < 0) ?? LEAKS[0];
  const ppm = between(kind.ppm, random);
  return { ppm, startMs: atMs, endMs: atMs + between(kind.minutes, random) * MINUTE_MS };
}

/** The usual, up to a third more or less by the time of day, some chance, and what leaks; to a tenth. */
function ppmAt(
  { meter, usualPpm, leak }: SimulatedMeter,
  atMs: number,
  epochMs: number,
  random: () => number,
): number {
  const localMs = epochMs + meter.longitude * DEGREE_MS;
  const daily = Math.cos(((localMs - PEAK_OF_DAY_MS) / DAY_MS) * 2 * Math.PI);
  const grown = leak === undefined ? 0 : Math.min(1, (atMs - leak.startMs) / LEAK_GROWTH_MS);
  const leaked = grown * (leak?.ppm ?? 0);
  const ppm = usualPpm * (1 + daily / 3) + leaked;
  return Math.round(ppm * between([0.95, 1.05], random) * 10) / 10;
}

function between([from, to]: readonly [number, number], random: () => number): number {
  return from + (to - from) * random();
}
