/** Simulations: what a run may hold, and what one step of it may do. */

/** Milliseconds between the times of a run at least: times are whole milliseconds. Less is refused with `simulation/malformed`. */
export const SIMULATION_INTERVAL_MS_MIN = 1;

/** Milliseconds between the times of a run at most: a day. More is refused with `simulation/malformed`. */
export const SIMULATION_INTERVAL_MS_MAX = 86_400_000;

/** Partitions of a run at most: there are no more buckets of ids. More are refused with `simulation/malformed`. */
export const SIMULATION_PARTITIONS_MAX = 1_024;

/** Instances of a run, of all models, each in memory. A step that leaves more ends the run: `failed`. */
export const SIMULATION_INSTANCES_MAX = 1_000_000;

/**
 * How deep messages may cause each other within one step of a run. Deeper, and the run ends: `failed`, with the names
 * of who sent last. Instances that answer each other for ever at one time would hold the clock.
 */
export const SIMULATION_DEPTH_MAX = 100;

/** Senders that are named when messages went too deep: the last ones. */
export const SIMULATION_CHAIN_SHOWN = 6;

/**
 * Messages and records (commands, alerts, log lines) of all instances in one step of a run that does not say how many:
 * they are in memory at once, 0.2 KiB each and more. More, and the run ends: `failed`.
 */
export const SIMULATION_STEP_MESSAGES_DEFAULT = 250_000;

/** The most messages and records in a step that a run may ask for. More is refused with `simulation/malformed`. */
export const SIMULATION_STEP_MESSAGES_MAX = 2_000_000;

/** Characters of a run's parameters as JSON: every step has them in hand. More are refused with `simulation/malformed`. */
export const SIMULATION_PARAMETERS_CHARS_MAX = 64_000;
