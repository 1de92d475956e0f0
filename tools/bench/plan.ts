/** How long things are measured. */
import type { Section } from "./arguments.ts";

/** Milliseconds that a whole run may take before it is given up. */
export const RUN_MS_MAX = 240_000;
export const QUICK_RUN_MS_MAX = 60_000;

/** Twins that the load of most sections is spread over. */
export const TWINS = 20_000;

export interface Plan {
  readonly rounds: number;
  /** Milliseconds of load in one measurement. */
  readonly windowMs: number;
  /** Milliseconds of load on each contender before the first round: compilers and caches settle. */
  readonly warmUpMs: number;
  /** Milliseconds after which a section adds no more rounds. */
  readonly sectionMs: Readonly<Record<Section, number>>;
  /** Milliseconds and rounds of the load of half the saturating rate. */
  readonly pacedMs: number;
  readonly pacedRounds: number;
  readonly scale: {
    readonly twins: number;
    /** Milliseconds of load before memory and queries are measured. */
    readonly loadMs: number;
    readonly queries: number;
    readonly freshnessProbes: number;
    /** Milliseconds over which the probes are spread. */
    readonly freshnessMs: number;
    readonly publishRounds: number;
    readonly publishMs: number;
  };
}

export const FULL: Plan = {
  rounds: 5,
  windowMs: 800,
  warmUpMs: 800,
  sectionMs: { limits: 40_000, batch: 70_000, single: 40_000, websocket: 30_000, scale: 70_000 },
  pacedMs: 2_000,
  pacedRounds: 3,
  scale: {
    twins: 100_000,
    loadMs: 5_000,
    queries: 200,
    freshnessProbes: 20,
    freshnessMs: 8_000,
    publishRounds: 4,
    publishMs: 2_000,
  },
};

export const QUICK: Plan = {
  rounds: 2,
  windowMs: 400,
  warmUpMs: 400,
  sectionMs: { limits: 8_000, batch: 15_000, single: 8_000, websocket: 6_000, scale: 16_000 },
  pacedMs: 1_000,
  pacedRounds: 1,
  scale: {
    twins: 100_000,
    loadMs: 1_500,
    queries: 50,
    freshnessProbes: 5,
    freshnessMs: 1_500,
    publishRounds: 2,
    publishMs: 1_000,
  },
};
