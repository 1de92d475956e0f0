/**
 * What wind turbines report, simulated in order of time, for ever. They run as the wind blows and the day warms;
 * now and then one runs hot or slow and mostly recovers in time, and now and then there is a storm at sea. The same
 * turbines, seed and start give the same reports.
 */
import { seededRandom } from "livetwin";

/** Milliseconds between two reports of a turbine. */
export const REPORT_INTERVAL_MS = 30_000;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Four minutes of longitude's time a degree. */
const DEGREE_MS = DAY_MS / 360;
/** The warmest time of the day: 15:00 of local time. */
const WARMEST_OF_DAY_MS = 15 * 60 * MINUTE_MS;
/** Milliseconds in which wind rises and falls. */
const GUST_MS = 45 * MINUTE_MS;
/** Milliseconds in which trouble grows to its full size. */
const GROWTH_MS = MINUTE_MS;

const USUAL_TEMP = 78;
const USUAL_RPM = 92;
const USUAL_WAVES = [0.5, 3] as const;

/** Of each report: trouble of a kind about once in 8, or 14, hours of a turbine; a storm about once in 8 of a farm. */
const HOT_SHARE = 0.001;
const SLOW_SHARE = 0.000_6;
const STORM_SHARE = 0.001;
/** Of the turbines: as many are in trouble at any moment, and so at the first. */
const HOT_AT_START = 0.02;
const SLOW_AT_START = 0.01;

const HOT_TEMPS = [103, 118] as const;
const SLOW_RPMS = [12, 50] as const;
const STORM_WAVES = [8.5, 12] as const;
const STORM_MINUTES = [20, 60] as const;
/** How many minutes trouble lasts, by how often each kind is drawn: most passes in time. */
const LASTING = [
  { share: 0.75, minutes: [2, 8] },
  { share: 0.25, minutes: [12, 25] },
] as const;

export interface SitedTurbine {
  readonly id: string;
  readonly farm: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly isOffshore: boolean;
}

export interface WindLoadOptions {
  readonly seed: number;
  /** Epoch milliseconds of the first reports: timestamps and the time of day count from here. */
  readonly startMs: number;
}

export interface TurbineReport {
  /** Milliseconds from the start. */
  readonly atMs: number;
  readonly id: string;
  readonly message: {
    readonly Temp: number;
    readonly RPMSpeed: number;
    readonly Status: string;
    readonly Latitude: number;
    readonly Longitude: number;
    readonly Timestamp: number;
    /** In metres; of offshore turbines. */
    readonly WaveHeight?: number;
  };
}

/** Something that comes, reaches its extreme, and goes. */
interface Trouble {
  readonly extreme: number;
  readonly startMs: number;
  readonly endMs: number;
}

interface SimulatedTurbine {
  readonly turbine: SitedTurbine;
  /** Milliseconds into each interval: turbines do not report at the same moment. */
  readonly phaseMs: number;
  heat: Trouble | undefined;
  slowness: Trouble | undefined;
}

/** The reports of `turbines`, each every REPORT_INTERVAL_MS. */
export function* windLoad(
  turbines: readonly SitedTurbine[],
  { seed, startMs }: WindLoadOptions,
): Generator<TurbineReport, undefined> {
  const random = seededRandom(seed);
  const simulated = turbines
    .map((turbine): SimulatedTurbine => ({
      turbine,
      phaseMs: Math.floor(random() * REPORT_INTERVAL_MS),
      heat: random() < HOT_AT_START ? drawTrouble(HOT_TEMPS, 0, random) : undefined,
      slowness: random() < SLOW_AT_START ? drawTrouble(SLOW_RPMS, 0, random) : undefined,
    }))
    .toSorted((a, b) => a.phaseMs - b.phaseMs);
  if (simulated.length === 0) return;
  const seas = new Map(
    turbines.filter(({ isOffshore }) => isOffshore).map(({ farm }) => [farm, new Sea(random)]),
  );
  for (let roundMs = 0; ; roundMs += REPORT_INTERVAL_MS) {
    for (const sea of seas.values()) sea.step(roundMs);
    for (const each of simulated) {
      const atMs = roundMs + each.phaseMs;
      const measured = measure(each, atMs, startMs + atMs, random);
      const { id, farm, latitude, longitude } = each.turbine;
      const sea = seas.get(farm);
      const message = {
        ...measured,
        Latitude: latitude,
        Longitude: longitude,
        Timestamp: startMs + atMs,
        ...(sea === undefined ? {} : { WaveHeight: sea.waveHeight(atMs) }),
      };
      yield { atMs, id, message };
    }
  }
}

function measure(
  each: SimulatedTurbine,
  atMs: number,
  epochMs: number,
  random: () => number,
): Pick<TurbineReport["message"], "Temp" | "RPMSpeed" | "Status"> {
  each.heat = going(each.heat, atMs) ?? begun(HOT_SHARE, HOT_TEMPS, atMs, random);
  each.slowness = going(each.slowness, atMs) ?? begun(SLOW_SHARE, SLOW_RPMS, atMs, random);
  const { heat, slowness, turbine } = each;
  const localMs = epochMs + turbine.longitude * DEGREE_MS;
  const daily = Math.cos(((localMs - WARMEST_OF_DAY_MS) / DAY_MS) * 2 * Math.PI);
  const gust = Math.sin((epochMs / GUST_MS + turbine.latitude) * 2 * Math.PI);
  const temp = towards(USUAL_TEMP + 6 * daily, heat, atMs) + between([-1.5, 1.5], random);
  const rpm = towards(USUAL_RPM + 9 * gust, slowness, atMs) + between([-3, 3], random);
  return {
    Temp: tenths(temp),
    RPMSpeed: tenths(rpm),
    Status: heat === undefined && slowness === undefined ? "running" : "disturbed",
  };
}

/** The sea at a farm, which is the same for all turbines there. */
class Sea {
  readonly #random: () => number;
  readonly #usual: number;
  #storm: Trouble | undefined;

  constructor(random: () => number) {
    this.#random = random;
    this.#usual = between(USUAL_WAVES, random);
  }

  step(atMs: number): void {
    this.#storm = going(this.#storm, atMs);
    if (this.#storm !== undefined || this.#random() >= STORM_SHARE) return;
    const endMs = atMs + between(STORM_MINUTES, this.#random) * MINUTE_MS;
    this.#storm = { extreme: between(STORM_WAVES, this.#random), startMs: atMs, endMs };
  }

  /** Highest in the middle of a storm. */
  waveHeight(atMs: number): number {
    const usual = this.#usual * between([0.9, 1.1], this.#random);
    if (this.#storm === undefined) return tenths(usual);
    const { extreme, startMs, endMs } = this.#storm;
    const share = Math.min(1, (atMs - startMs) / (endMs - startMs));
    return tenths(usual + (extreme - usual) * Math.sin(share * Math.PI));
  }
}

function going(trouble: Trouble | undefined, atMs: number): Trouble | undefined {
  return trouble !== undefined && atMs < trouble.endMs ? trouble : undefined;
}

function begun(
  share: number,
  extremes: readonly [number, number],
  atMs: number,
  random: () => number,
): Trouble | undefined {
  return random() < share ? drawTrouble(extremes, atMs, random) : undefined;
}

function drawTrouble(
  extremes: readonly [number, number],
  atMs: number,
  random: () => number,
): Trouble {
  let rest = random();
  const { minutes } = LASTING.find(({ share }) => (rest -= share) < 0) ?? LASTING[0];
  const extreme = between(extremes, random);
  return { extreme, startMs: atMs, endMs: atMs + between(minutes, random) * MINUTE_MS };
}

/** The usual value, drawn to the extreme of a trouble as that grows. */
function towards(usual: number, trouble: Trouble | undefined, atMs: number): number {
  if (trouble === undefined) return usual;
  const grown = Math.min(1, (atMs - trouble.startMs) / GROWTH_MS);
  return usual + grown * (trouble.extreme - usual);
}

function between([from, to]: readonly [number, number], random: () => number): number {
  return from + (to - from) * random();
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
