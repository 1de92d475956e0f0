import { parseTime } from "livetwin";
import * as v from "valibot";

/** Milliseconds from 1970 that a calendar reaches, in both directions. */
const CALENDAR_MS_MAX = 8.64e15;

/** A time in a message: ISO 8601 (UTC unless it says otherwise) or epoch milliseconds. The model gets the latter. */
export const EventTime = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(epochMsOf),
  v.integer("No time: neither ISO 8601 nor epoch milliseconds"),
  v.minValue(-CALENDAR_MS_MAX, "No time: before the calendar"),
  v.maxValue(CALENDAR_MS_MAX, "No time: after the calendar"),
);

/** NaN for a text that is no time. */
function epochMsOf(time: string | number): number {
  return typeof time === "number" ? time : (parseTime(time) ?? NaN);
}
