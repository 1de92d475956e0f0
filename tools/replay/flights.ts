/** The flights of vega-datasets' `flights-20k.json`, the first quarter of 2001, as messages to airports. */
import { readDataset } from "../data/vega-datasets.ts";
import type { TimedMessage } from "./outgoing.ts";

export const FLIGHTS_FILE = "flights-20k.json";

/** The default name of a replay. */
export const FLIGHTS_RUN = "flights-20k";

/**
 * Thirteen weeks, a little more than the file spans: the next pass goes on after the last, on the same day of
 * the week. Were it at the same time again, its departures would all be too old for what is recent.
 */
const PASS_MS = 13 * 7 * 24 * 3_600_000;

/** A record of the file. `date` is like "2001/01/01 00:47" and taken as UTC; `delay` is in minutes. */
export interface Flight {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export function readFlights(): readonly Flight[] {
  return JSON.parse(readDataset(FLIGHTS_FILE)) as readonly Flight[];
}

/**
 * A departure and an arrival for each flight, in order of time; ids are `<run>-<index in the file>-d` and `-a`.
 * With `forever` the flights come again and again, PASS_MS later each time, under the names `<run>.2`, `<run>.3`, …
 */
export function* flightMessages(
  flights: readonly Flight[],
  { run, forever }: { readonly run: string; readonly forever: boolean },
): Generator<TimedMessage, undefined> {
  const timed = flights
    .map((flight, index) => ({ flight, index, atMs: flightAtMs(flight) }))
    .toSorted((a, b) => a.atMs - b.atMs);
  for (let pass = 1; pass === 1 || forever; pass++) {
    const name = pass === 1 ? run : `${run}.${pass}`;
    for (const { flight, index, atMs } of timed) {
      yield* messagesOf(flight, `${name}-${index}`, atMs + (pass - 1) * PASS_MS);
    }
  }
}

export function flightAtMs({ date }: Flight): number {
  return Date.parse(`${date.replaceAll("/", "-").replace(" ", "T")}:00Z`);
}

function* messagesOf(
  { delay, distance, origin, destination }: Flight,
  name: string,
  atMs: number,
): Generator<TimedMessage, undefined> {
  const date = new Date(atMs).toISOString();
  yield {
    atMs,
    id: origin,
    message: { kind: "departure", date, delay, distance, destination },
    messageId: `${name}-d`,
  };
  yield {
    atMs,
    id: destination,
    message: { kind: "arrival", date, delay, distance, origin },
    messageId: `${name}-a`,
  };
}
