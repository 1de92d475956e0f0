/** What the demo's gas meters report, as messages to their twins. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gasLoad } from "../../models/gas-meter/load.ts";
import type { Meter } from "../../models/gas-meter/load.ts";
import { parseCsv } from "../data/vega-datasets.ts";
import type { TimedMessage } from "./outgoing.ts";

const METERS_CSV = join(
  import.meta.dirname,
  "..",
  "..",
  "models",
  "gas-meter",
  "twins",
  "GasMeter.csv",
);

export interface GasOptions {
  readonly run: string;
  readonly seed: number;
  /** Epoch milliseconds of the first reading. */
  readonly startMs: number;
  /** Milliseconds of the meters' time; the reports at that time and after it are left out. */
  readonly durationMs: number;
}

/** The meters of the demo: those that its start-up data has. */
export function readMeters(): readonly Meter[] {
  return parseCsv(readFileSync(METERS_CSV, "utf8")).map(({ id, longitude }) => ({
    id: id ?? "",
    longitude: Number(longitude),
  }));
}

/** The reports of `meters` in order of time; ids are `<run>-<number of the report>`. */
export function* gasMessages(
  meters: readonly Meter[],
  { run, seed, startMs, durationMs }: GasOptions,
): Generator<TimedMessage, undefined> {
  let n = 0;
  for (const { atMs, id, message } of gasLoad(meters, { seed, startMs })) {
    if (atMs >= durationMs) return;
    yield { atMs, id, message, messageId: `${run}-${n++}` };
  }
}
