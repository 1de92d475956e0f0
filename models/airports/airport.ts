/**
 * An airport that knows how punctual it is: over all its departures, and over those of the last hour. When the
 * hour goes badly, it warns the airports that its flights are on their way to.
 */
import { DigitalTwin, model } from "livetwin";
import type { ProcessingContext } from "livetwin";
import { AirportMessage } from "./airport-message.ts";
import type { Departure } from "./airport-message.ts";
import airports from "./airports.json" with { type: "json" };

const MINUTE_MS = 60_000;

/** A departure is recent while the newest one is no more than this after it. */
const RECENT_MS = 60 * MINUTE_MS;
/** Recent departures that are kept, the newest: the busiest airports have about 120 an hour. */
const RECENT_MAX = 1_000;

/** Minutes beyond which a departure counts as late. */
const LATE_MINUTES = 15;
/** Mean delays in minutes from which an airport is busy, and from which it is jammed. */
const BUSY_MINUTES = 15;
const JAMMED_MINUTES = 45;

const AIRPORTS = new Map(airports.map((airport) => [airport.iata, airport]));

export type Congestion = "clear" | "busy" | "jammed";

/** Delays are in minutes, times in epoch milliseconds. */
export class Airport extends DigitalTwin<AirportMessage> {
  iata = "";
  name = "";
  city = "";
  state = "";
  latitude: number | null = null;
  longitude: number | null = null;

  departures = 0;
  lateDepartures = 0;
  departureDelaySum = 0;
  departureDelayMax: number | null = null;
  meanDepartureDelay: number | null = null;
  arrivals = 0;
  lastEventAt: number | null = null;

  /** The recent departures in order of time, and beside them, in the same order, where they went. */
  recentDelays: { at: number; delay: number }[] = [];
  recentDestinations: string[] = [];
  congestion: Congestion = "clear";
  upstreamJams = 0;

  override processMessages(context: ProcessingContext, messages: AirportMessage[]): void {
    for (const message of messages) {
      switch (message.kind) {
        case "departure":
          this.#noteEventAt(message.date);
          this.#countDeparture(message);
          this.#rememberDeparture(message);
          this.#updateCongestion(context, message.date);
          break;
        case "arrival":
          this.#noteEventAt(message.date);
          this.arrivals++;
          break;
        case "upstream-jam":
          this.upstreamJams++;
          break;
      }
    }
  }

  #noteEventAt(at: number): void {
    this.lastEventAt = Math.max(at, this.lastEventAt ?? at);
  }

  #countDeparture({ delay }: Departure): void {
    this.departures++;
    if (delay > LATE_MINUTES) this.lateDepartures++;
    this.departureDelaySum += delay;
    this.departureDelayMax = Math.max(delay, this.departureDelayMax ?? delay);
    this.meanDepartureDelay = this.departureDelaySum / this.departures;
  }

  /** Messages may come late: each departure goes to its place in time, and what is too old by then goes. */
  #rememberDeparture({ date, delay, destination }: Departure): void {
    const place = this.recentDelays.findLastIndex(({ at }) => at <= date) + 1;
    this.recentDelays.splice(place, 0, { at: date, delay });
    this.recentDestinations.splice(place, 0, destination);

    const newestAt = this.recentDelays.at(-1)?.at ?? date;
    const tooOld = this.recentDelays.findIndex(({ at }) => newestAt - at <= RECENT_MS);
    const tooMany = this.recentDelays.length - RECENT_MAX;
    this.recentDelays.splice(0, Math.max(tooOld, tooMany));
    this.recentDestinations.splice(0, Math.max(tooOld, tooMany));
  }

  #updateCongestion(context: ProcessingContext, date: number): void {
    const before = this.congestion;
    const mean = meanOf(this.recentDelays.map(({ delay }) => delay));
    this.congestion = congestionAt(mean);
    if (this.congestion !== "jammed" || before === "jammed") return;

    const minutes = Math.round(mean);
    context.alert({ title: `${this.iata} is jammed`, detail: `Mean delay: ${minutes} minutes` });
    for (const destination of new Set(this.recentDestinations)) {
      const jam = { kind: "upstream-jam", origin: context.id, date };
      context.sendToTwin(context.model, destination, jam);
    }
  }
}

function congestionAt(meanDelay: number): Congestion {
  if (meanDelay < BUSY_MINUTES) return "clear";
  return meanDelay < JAMMED_MINUTES ? "busy" : "jammed";
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export default model(Airport, {
  name: "Airport",
  message: AirportMessage,
  initial: (id) => AIRPORTS.get(id) ?? { iata: id },
  query: {
    latitude: "number",
    longitude: "number",
    departureDelayMax: "number",
    meanDepartureDelay: "number",
    lastEventAt: "time",
  },
});
