/** When an event was: what counts as a time, and where an event has its own. */
import { parseTime } from "../../core/query/time-text.ts";
import { checkFunction, checkList, shown } from "./arguments.ts";

/**
 * A time: epoch milliseconds, an ISO 8601 text (UTC unless it says otherwise, a date alone is its midnight), or a
 * Date. Numbers are the fastest, texts are read again each time that they are compared.
 */
export type TimeValue = number | string | Date;

/** An event that says itself when it was. */
export interface Timed {
  readonly timestamp: TimeValue;
}

/** Where the time of an event is; may be left out when that is its `timestamp`. */
export type TimeChoice<E> = [E] extends [Timed]
  ? { readonly timeOf?: (event: E) => TimeValue }
  : { readonly timeOf: (event: E) => TimeValue };

/** Options after the other arguments, which may be left out when nothing in them is needed. */
export type TimeArgument<E, Options = unknown> = [E] extends [Timed]
  ? [options?: Options & TimeChoice<E>]
  : [options: Options & TimeChoice<E>];

/** Milliseconds from 1970 that a calendar reaches, in both directions. */
const CALENDAR_MS_MAX = 8.64e15;

/** Epoch milliseconds of a time; `what` names it in the error when it is none. */
export function epochMsOf(caller: string, what: string, time: unknown): number {
  if (typeof time === "number" && Math.abs(time) <= CALENDAR_MS_MAX) return time;
  const epochMs = typeof time === "string" ? parseTime(time) : dateMs(time);
  if (epochMs !== null) return epochMs;
  const rule = "a time is epoch milliseconds, an ISO 8601 text or a Date";
  const text = `${caller}: ${what} is ${shown(time)}; ${rule}.`;
  if (typeof time === "number" || typeof time === "string" || time instanceof Date)
    throw new RangeError(text);
  throw new TypeError(text);
}

/** Reads the time of an event in epoch milliseconds. */
export type ReadTime<E> = (event: E) => number;

/** Checks `timeOf` as it was given, and makes its default: an event's `timestamp`. */
export function readerOf<E>(caller: string, timeOf: unknown = timestampOf): ReadTime<E> {
  checkFunction(caller, "timeOf", timeOf);
  return (event) => epochMsOf(caller, "an event's time", (timeOf as (event: E) => unknown)(event));
}

/**
 * Times of a list's events in whole epoch milliseconds (fractions are cut off, so that no border is crossed by
 * rounding). Throws a `RangeError` when they are not in order.
 */
export function timesOf<E>(
  caller: string,
  list: readonly E[],
  readTime: ReadTime<E>,
): Float64Array {
  checkList(caller, list);
  const times = new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) {
    times[i] = Math.floor(readTime(list[i]!));
    if (i > 0 && times[i]! < times[i - 1]!)
      throw new RangeError(
        `${caller}: event ${i} is of ${times[i]}, before event ${i - 1} of ${times[i - 1]}; the list must be in order of time.`,
      );
  }
  return times;
}

function timestampOf(event: unknown): unknown {
  return (event as Timed | null | undefined)?.timestamp;
}

function dateMs(time: unknown): number | null {
  if (!(time instanceof Date)) return null;
  const epochMs = time.getTime();
  return Number.isNaN(epochMs) ? null : epochMs;
}
