/**
 * An airport that knows how punctual it is: over all its departures, and over those of the last hour. When the
 * hour goes badly, it warns the airports that its flights are on their way to.
 */
import { addEvent, DigitalTwin, meanOf, model, placeOf } from "livetwin";
import type { ProcessingContext } from "livetwin";
import { AirportMessage } from "./airport-message.ts";
import type { Departure } from "./airport-message.ts";
import airports from "./airports.json" with { type: "json" };

const MINUTE_MS = 60_000;

/** Departures are recent within an hour of the newest, the newest 1,000: the busiest airports have about 120 an hour. */
const RECENT = {
  countMax: 1_000,
  ageMsMax: 60 * MINUTE_MS,
  timeOf: ({ at }: { at: number }): number => at,
};

/** Minutes beyond which a departure counts as late. */
const LATE_MINUTES = 15;
/** Mean delays in minutes from which an airport is busy, and from which it is jammed. */
const BUSY_MINUTES = 15;
const JAMMED_MINUTES = 45;

const AIRPORTS = new Map(airports.map((airport) => [airport.iata, airport]));

export type Congestion = "clear" | "busy" | "jammed";

/** Delays are in minutes, times in epoch milliseconds. */
/** The key of the alert. */
const JAMMED = "jammed";

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
    this.recentDestinations.splice(placeOf(this.recentDelays, date, RECENT), 0, destination);
    const dropped = addEvent(this.recentDelays, { at: date, delay }, RECENT);
    this.recentDestinations.splice(0, dropped.length);
  }

  #updateCongestion(context: ProcessingContext, date: number): void {
    const before = this.congestion;
    const mean = meanOf(this.recentDelays, ({ delay }) => delay) ?? 0;
    this.congestion = congestionAt(mean);
    if (this.congestion !== "jammed") {
      if (before === "jammed") context.resolveAlert(JAMMED);
      return;
    }
    if (before === "jammed") return;

    const title = `${this.iata} is jammed`;
    context.alert({ key: JAMMED, title, detail: `Mean delay: ${Math.round(mean)} minutes` });
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
