/** Values as text, in the browser's language. */
import type { FieldType } from "../../core/model.ts";
import type { Scalar } from "../../core/query/plan.ts";

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const significant = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A number with as many digits as can be read at a glance. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000 || Number.isInteger(value)) return whole.format(value);
  if (size >= 100) return tenths.format(value);
  return (size >= 0.1 ? hundredths : significant).format(value);
}

/** A value of a result; a dash where there is none. */
export function formatValue(value: Scalar | null | undefined, type: FieldType | undefined): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return formatNumber(value);
  return type === "time" ? formatTime(String(value)) : String(value);
}

/** An ISO time as local date and time. */
export function formatTime(iso: string): string {
  const atMs = Date.parse(iso);
  return Number.isNaN(atMs) ? iso : clock.format(atMs);
}

/** How long ago, in the largest unit that fits: "3 s", "2 min", "5 h". */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
