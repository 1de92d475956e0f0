/** What the demo's wind turbines report, as messages to their twins. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { windLoad } from "../../models/wind-turbine/load.ts";
import type { SitedTurbine } from "../../models/wind-turbine/load.ts";
import { parseCsv } from "../data/vega-datasets.ts";
import type { TimedMessage } from "./outgoing.ts";

const TWINS = join(import.meta.dirname, "..", "..", "models", "wind-turbine", "twins");

export interface WindOptions {
  readonly run: string;
  readonly seed: number;
  /** Epoch milliseconds of the first report. */
  readonly startMs: number;
  /** Milliseconds of the turbines' time; the reports at that time and after it are left out. */
  readonly durationMs: number;
}

/** The turbines of the demo: those that its start-up data has, by farm. */
export function readTurbines(): readonly SitedTurbine[] {
  const read = (model: string, isOffshore: boolean): readonly SitedTurbine[] =>
    parseCsv(readFileSync(join(TWINS, `${model}.csv`), "utf8")).map(
      ({ id = "", farmId = "", latitude, longitude }) => ({
        id,
        farm: farmId,
        latitude: Number(latitude),
        longitude: Number(longitude),
        isOffshore,
      }),
    );
  return [...read("WindTurbine", false), ...read("OffshoreTurbine", true)].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  );
}

/** The reports of `turbines` in order of time; ids are `<run>-<number of the report>`. */
export function* turbineMessages(
  turbines: readonly SitedTurbine[],
  { run, seed, startMs, durationMs }: WindOptions,
): Generator<TimedMessage, undefined> {
  let n = 0;
  for (const { atMs, id, message } of windLoad(turbines, { seed, startMs })) {
    if (atMs >= durationMs) return;
    yield { atMs, id, message, messageId: `${run}-${n++}` };
  }
}
