/** What turbines may do, and for how long. */
import { parseTime } from "livetwin";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface TurbineLimits {
  /** Degrees Celsius: more is too hot. */
  readonly tempMax: number;
  /** Less is too slow. */
  readonly rpmMin: number;
  /** Milliseconds for which either may last, and those in the pre-maintenance period. */
  readonly allowedMs: number;
  readonly allowedPreMaintenanceMs: number;
}

export const ONSHORE: TurbineLimits = {
  tempMax: 100,
  rpmMin: 60,
  allowedMs: 10 * MINUTE_MS,
  allowedPreMaintenanceMs: 2 * MINUTE_MS,
};

/** The sea cools better, and a turbine out there is watched more closely. */
export const OFFSHORE: TurbineLimits = {
  tempMax: 105,
  rpmMin: 60,
  allowedMs: 5 * MINUTE_MS,
  allowedPreMaintenanceMs: MINUTE_MS,
};

/** Days before maintenance by the turbine's model. */
const PRE_MAINTENANCE_DAYS: ReadonlyMap<string, number> = new Map([
  ["Model17331", 90],
  ["ModelA", 90],
  ["ModelB", 120],
  ["ModelC", 150],
]);
const PRE_MAINTENANCE_DAYS_DEFAULT = 90;

/** Milliseconds before its next maintenance in which a turbine of this model is in its pre-maintenance period. */
export function preMaintenanceMs(turbineModel: string): number {
  return (PRE_MAINTENANCE_DAYS.get(turbineModel) ?? PRE_MAINTENANCE_DAYS_DEFAULT) * DAY_MS;
}

/**
 * Whether `nextMaintDate` (epoch milliseconds or ISO 8601) is less than the model's period away, or past. Never when
 * no maintenance is planned.
 */
export function isPreMaintenance(
  turbineModel: string,
  nextMaintDate: number | string | null,
  nowMs: number,
): boolean {
  const atMs = typeof nextMaintDate === "string" ? parseTime(nextMaintDate) : nextMaintDate;
  return atMs !== null && atMs - nowMs < preMaintenanceMs(turbineModel);
}
