/** Values as answers show them. */
import { formatTime } from "./time-text.ts";
import type { Scalar } from "./plan.ts";
import type { FieldType } from "../model.ts";

/** A value as JSON holds it: times in ISO 8601, infinity as null, and zero without a sign. */
export function shown(value: Scalar | null, type: FieldType): Scalar | null {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) return null;
  if (type === "time") return formatTime(value);
  return value === 0 ? 0 : value;
}
