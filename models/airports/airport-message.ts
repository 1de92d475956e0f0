/** What an airport is told: its own departures and arrivals, and jams at airports whose flights are on their way to it. */
import * as v from "valibot";
import { EventTime } from "./event-time.ts";

const Minutes = v.pipe(v.number(), v.safeInteger());
/** An airport's code is its twin's id too, so it must be fit for one. */
const AirportCode = v.pipe(v.string(), v.regex(/^[\w.-]{1,128}$/));

const Departure = v.object({
  kind: v.literal("departure"),
  date: EventTime,
  delay: Minutes,
  distance: v.number(),
  destination: AirportCode,
});

const Arrival = v.object({
  kind: v.literal("arrival"),
  date: EventTime,
  delay: Minutes,
  distance: v.number(),
  origin: AirportCode,
});

const UpstreamJam = v.object({
  kind: v.literal("upstream-jam"),
  date: EventTime,
  origin: AirportCode,
});

export const AirportMessage = v.variant("kind", [Departure, Arrival, UpstreamJam]);

export type AirportMessage = v.InferOutput<typeof AirportMessage>;
export type Departure = v.InferOutput<typeof Departure>;
