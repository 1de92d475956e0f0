/** How well a turbine is, and with it its farm and its fleet. */
import type { Rollup } from "livetwin";

/** From good to bad. */
export const CONDITIONS = ["ok", "warning", "critical"] as const;

export type Condition = (typeof CONDITIONS)[number];

/** The worst condition of children that report it in `field`. */
export function worstOf(field: string): Rollup {
  return { op: "worst", field, order: CONDITIONS };
}

/** What is told of a turbine that is watched for something. */
export interface Watch {
  /** Of incidents and commands. */
  readonly type: "HighTemperature" | "LowRPM";
  /** Of the alert. */
  readonly key: string;
  readonly title: string;
  /** Fields of the turbine. */
  readonly tracking: "trackingHighTemperature" | "trackingLowRPM";
  readonly startTime: "highTempStartTime" | "lowRPMStartTime";
  readonly alertTime: "highTempAlertTime" | "lowRPMAlertTime";
  readonly count: "numberMsgsWithOverTemp" | "numberMsgsWithLowRPM";
}

export const HIGH_TEMPERATURE: Watch = {
  type: "HighTemperature",
  key: "high-temperature",
  title: "High temperature",
  tracking: "trackingHighTemperature",
  startTime: "highTempStartTime",
  alertTime: "highTempAlertTime",
  count: "numberMsgsWithOverTemp",
};

export const LOW_RPM: Watch = {
  type: "LowRPM",
  key: "low-rpm",
  title: "Low RPM",
  tracking: "trackingLowRPM",
  startTime: "lowRPMStartTime",
  alertTime: "lowRPMAlertTime",
  count: "numberMsgsWithLowRPM",
};
