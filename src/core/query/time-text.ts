/** Times as queries write them (ISO 8601) and as columns hold them (epoch milliseconds). */

const DATE = "(\\d{4})-(\\d\\d)-(\\d\\d)";
const TIME = "(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?";
const ISO_8601 = new RegExp(`^${DATE}(?:[T ]${TIME}(Z|[+-]\\d\\d:?\\d\\d)?)?$`, "i");

/** Milliseconds from 1970 that a calendar reaches, in both directions. */
const CALENDAR_MS_MAX = 8.64e15;

/**
 * Epoch milliseconds of a date (its midnight) or a date and time: `2026-11-22`, `2026-11-22T09:30`,
 * `2026-11-22 09:30:00.250+01:00`. Without an offset it is UTC, wherever the code runs. Null for anything else,
 * days that no month has included.
 */
export function parseTime(text: string): number | null {
  const match = ISO_8601.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset = "Z"] =
    match;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(midnight);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999, and rolls the 30th of February over into March.
  if (date.getUTCFullYear() !== Number(year) || date.getUTCMonth() + 1 !== Number(month))
    return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  const ofDayMs =
    ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + milliseconds;
  return midnight + ofDayMs - offsetMs(offset);
}

function offsetMs(offset: string): number {
  if (offset.length === 1) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** ISO 8601 with milliseconds, in UTC. Null for what no calendar has: not a number, or 273,000 years away. */
export function formatTime(epochMs: number): string | null {
  return Math.abs(epochMs) <= CALENDAR_MS_MAX ? new Date(epochMs).toISOString() : null;
}

/** The same for a time that is known to be one: the clock's, or one that was read from it. */
export function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
