/** What a child's report says. */
import { REPORT_STRING_CHARS_MAX } from "../limits.ts";
import type { ReportedValue } from "./declaration.ts";

/** The values of a twin's fields as its parent gets them. */
export function reportedValues(
  fields: readonly string[],
  twin: object,
): Readonly<Record<string, ReportedValue>> {
  const values: Record<string, ReportedValue> = {};
  for (const field of fields) values[field] = reported((twin as Record<string, unknown>)[field]);
  return values;
}

function reported(value: unknown): ReportedValue {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : null;
    case "boolean":
      return value;
    case "string":
      return value.length > REPORT_STRING_CHARS_MAX
        ? value.slice(0, REPORT_STRING_CHARS_MAX)
        : value;
    default:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
  }
}
