/** What a wind turbine sends, and what one at sea sends besides. */
import * as v from "valibot";
import { EventTime } from "../airports/event-time.ts";

const TELEMETRY = {
  /** Degrees Celsius. */
  Temp: v.number(),
  RPMSpeed: v.number(),
  Timestamp: EventTime,
  Status: v.optional(v.string()),
  Latitude: v.optional(v.number()),
  Longitude: v.optional(v.number()),
};

export const DeviceTelemetry = v.object(TELEMETRY);

export const OffshoreTelemetry = v.object({
  ...TELEMETRY,
  /** Metres. A message without it says nothing about the sea. */
  WaveHeight: v.optional(v.number()),
});

export type DeviceTelemetry = v.InferOutput<typeof DeviceTelemetry>;
export type OffshoreTelemetry = v.InferOutput<typeof OffshoreTelemetry>;
