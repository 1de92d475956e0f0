/** When gathered records are written to an object of the archive, and under which key. */
import { ARCHIVE_AGE_MS_MAX, ARCHIVE_LATE_MS, ARCHIVE_OBJECT_CHARS_MAX } from "../limits.ts";

const HOUR_MS = 3_600_000;

/** Records of one hour that no object has yet. */
export interface Gathering {
  /** Hours since 1970 in UTC. */
  readonly hour: number;
  readonly records: number;
  /** Characters of their lines. */
  readonly chars: number;
  /** When the first of them was taken. */
  readonly takenAtMs: number;
}

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}

/**
 * When a gathering is written: at once when it is large, else a little after the end of its hour, and when it has
 * waited long enough. What comes after that end waits as little, so that many stragglers are one object.
 */
export function writeDueAtMs({ hour, chars, takenAtMs }: Gathering): number {
  if (chars >= ARCHIVE_OBJECT_CHARS_MAX) return takenAtMs;
  const hourEndMs = (hour + 1) * HOUR_MS;
  return Math.min(takenAtMs + ARCHIVE_AGE_MS_MAX, Math.max(takenAtMs, hourEndMs) + ARCHIVE_LATE_MS);
}

/** What an object holds: the model's records from the number `first` to `last`, those that are of its hour. */
export interface ObjectRange {
  readonly hour: number;
  readonly first: number;
  readonly last: number;
  /** Drawn when the range was fixed: a model whose numbers begin anew overwrites nothing. */
  readonly token: string;
}

/** The key of an object: partitions as Hive names them, then a name that sorts by number. */
export function objectKey(model: string, { hour, first, last, token }: ObjectRange): string {
  const time = new Date(hour * HOUR_MS).toISOString();
  const name = `${padded(first)}-${padded(last)}-${token}.ndjson.gz`;
  return `model=${model}/date=${time.slice(0, 10)}/hour=${time.slice(11, 13)}/${name}`;
}

function padded(n: number): string {
  return String(n).padStart(12, "0");
}
