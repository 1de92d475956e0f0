import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { airportsJson } from "../../tools/data/airports.ts";
import { parseCsv, readDataset } from "../../tools/data/vega-datasets.ts";
import airport from "./airport.ts";
import airports from "./airports.json" with { type: "json" };

const NOON = Date.UTC(2001, 0, 1, 12);

/** Every test runs on twins that are read back from their stored form before each call. */
function environment(): MockEnvironment {
  return new MockEnvironment({ models: [airport], restartBetweenCalls: true });
}

function departure(minutesAfterNoon: number, delay: number, destination = "LAS"): object {
  return { kind: "departure", date: at(minutesAfterNoon), delay, distance: 100, destination };
}

function arrival(minutesAfterNoon: number, origin = "LAS"): object {
  return { kind: "arrival", date: at(minutesAfterNoon), delay: 3, distance: 100, origin };
}

function at(minutesAfterNoon: number): number {
  return NOON + minutesAfterNoon * 60_000;
}

describe("what an airport is", () => {
  test("a new twin knows the airport of its IATA code, and has seen nothing", () => {
    const env = environment();
    env.put("Airport", "DTW", {});
    expect(env.twin("Airport", "DTW")).toEqual({
      iata: "DTW",
      name: "Detroit Metropolitan-Wayne County",
      city: "Detroit",
      state: "MI",
      latitude: 42.21205889,
      longitude: -83.34883583,
      departures: 0,
      lateDepartures: 0,
      departureDelaySum: 0,
      departureDelayMax: null,
      meanDepartureDelay: null,
      arrivals: 0,
      lastEventAt: null,
      recentDelays: [],
      recentDestinations: [],
      congestion: "clear",
      upstreamJams: 0,
    });
  });

  test.each(["QQQ", "constructor", "__proto__"])(
    "the unknown code %s is all that its twin knows",
    (id) => {
      const env = environment();
      env.send("Airport", id, arrival(0));
      expect(env.twin("Airport", id)).toMatchObject({
        iata: id,
        name: "",
        city: "",
        state: "",
        latitude: null,
        longitude: null,
        arrivals: 1,
      });
    },
  );

  test("airports.json is what the script makes of vega-datasets: 3,376 airports, one a line", () => {
    const csv = readDataset("airports.csv");
    const json = readFileSync(join(import.meta.dirname, "airports.json"), "utf8");
    expect(json === airportsJson(csv)).toBe(true);
    expect(json.split("\n")).toHaveLength(3_376 + 3);
    expect(airports).toHaveLength(3_376);
  });

  test("airports.json agrees with the CSV file where that can be read without knowing of quotes", () => {
    const lines = readDataset("airports.csv").trim().split("\n").slice(1);
    const ends = lines.map((line) => [
      line.slice(0, line.indexOf(",")),
      ...line.split(",").slice(-2).map(Number),
    ]);
    expect(airports.map(({ iata, latitude, longitude }) => [iata, latitude, longitude])).toEqual(
      ends,
    );
    expect(airports.find(({ iata }) => iata === "DBN")?.name).toBe('W. H. "Bud" Barron');
  });

  test("every airport of the flights file is known", () => {
    const known = new Set(parseCsv(readDataset("airports.csv")).map(({ iata }) => iata));
    const flights = JSON.parse(readDataset("flights-20k.json")) as {
      origin: string;
      destination: string;
    }[];
    const flown = new Set(flights.flatMap(({ origin, destination }) => [origin, destination]));
    expect([...flown].filter((code) => !known.has(code))).toEqual([]);
  });
});

describe("what an airport counts", () => {
  test("departures add up to exact sums, the mean and the maximum of the delays", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, 66), departure(1, -9), departure(2, 16)]);
    env.send("Airport", "DTW", departure(3, 15));
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departures: 4,
      departureDelaySum: 88,
      departureDelayMax: 66,
      meanDepartureDelay: 22,
      arrivals: 0,
      lastEventAt: at(3),
    });
  });

  test("a departure is late from 16 minutes on", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, 15), departure(1, 16)]);
    expect(env.twin("Airport", "DTW")).toMatchObject({ departures: 2, lateDepartures: 1 });
  });

  test("the maximum of departures that were all early is below zero", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, -9), departure(1, -4)]);
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departureDelayMax: -4,
      meanDepartureDelay: -6.5,
    });
  });

  test("an arrival counts, and says nothing about departures", () => {
    const env = environment();
    env.send("Airport", "DTW", [arrival(0), arrival(1)]);
    expect(env.twin("Airport", "DTW")).toMatchObject({
      arrivals: 2,
      departures: 0,
      departureDelayMax: null,
      meanDepartureDelay: null,
      lastEventAt: at(1),
      recentDelays: [],
      congestion: "clear",
    });
  });

  test("the last event is the newest by its date, in whatever order they come", () => {
    const env = environment();
    env.send("Airport", "DTW", [arrival(5), departure(9, 0), arrival(7), departure(1, 0)]);
    expect(env.twin("Airport", "DTW")).toMatchObject({ lastEventAt: at(9) });
  });
});

describe("the recent departures", () => {
  test("are kept in order of time; a late message is put in its place", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, 1, "LAS"), departure(20, 2, "SFO")]);
    env.send("Airport", "DTW", [departure(10, 3, "OAK"), departure(20, 4, "PHX")]);
    expect(env.twin("Airport", "DTW")).toMatchObject({
      recentDelays: [
        { at: at(0), delay: 1 },
        { at: at(10), delay: 3 },
        { at: at(20), delay: 2 },
        { at: at(20), delay: 4 },
      ],
      recentDestinations: ["LAS", "OAK", "SFO", "PHX"],
    });
  });

  test("go when the newest one is more than 60 minutes after them", () => {
    const env = environment();
    env.send("Airport", "DTW", [
      departure(0, 1, "LAS"),
      departure(1, 2, "SFO"),
      departure(60, 3, "OAK"),
    ]);
    expect(recentDelays(env)).toEqual([1, 2, 3]);
    env.send("Airport", "DTW", departure(61, 4, "PHX"));
    expect(recentDelays(env)).toEqual([2, 3, 4]);
    expect(env.twin("Airport", "DTW")).toMatchObject({ recentDestinations: ["SFO", "OAK", "PHX"] });
  });

  test("that come when they are older than the window count, and are not listed", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(61, 1), departure(0, 500), departure(1, 2)]);
    expect(recentDelays(env)).toEqual([2, 1]);
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departures: 3,
      departureDelayMax: 500,
      congestion: "clear",
    });
  });

  test("are measured by departures alone: a later arrival lets none of them go", () => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, 1), arrival(500)]);
    expect(recentDelays(env)).toEqual([1]);
  });

  test("are 1,000 at most, the newest", () => {
    const env = environment();
    env.send(
      "Airport",
      "DTW",
      Array.from({ length: 1_000 }, (_, i) => departure(i / 60, i)),
    );
    expect(recentDelays(env)).toHaveLength(1_000);
    env.send("Airport", "DTW", departure(17, 1_000));
    expect(recentDelays(env)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departures: 1_001,
      departureDelaySum: 500_500,
    });
  });
});

describe("congestion", () => {
  test.each([
    [14, "clear"],
    [15, "busy"],
    [44, "busy"],
    [45, "jammed"],
  ])("with a mean delay of %i minutes an airport is %s", (delay, congestion) => {
    const env = environment();
    env.send("Airport", "DTW", [departure(0, delay - 10), departure(1, delay + 10)]);
    expect(env.twin("Airport", "DTW")).toMatchObject({ congestion });
  });

  test("passes when the delayed departures leave the window", () => {
    const env = environment();
    env.send("Airport", "DTW", departure(0, 90));
    expect(env.twin("Airport", "DTW")).toMatchObject({ congestion: "jammed" });
    env.send("Airport", "DTW", departure(61, 2));
    expect(env.twin("Airport", "DTW")).toMatchObject({ congestion: "clear" });
  });
});

describe("on turning jammed", () => {
  test("an airport raises one alert and tells each airport that its recent departures go to, once", () => {
    const env = environment();
    env.send("Airport", "DTW", [
      departure(0, 500, "PHX"),
      departure(61, 10, "LAS"),
      departure(62, 10, "LAS"),
    ]);
    expect(jamsOf(env, "PHX")).toBe(1);
    env.send("Airport", "DTW", departure(63, 200, "SFO"));
    env.send("Airport", "DTW", departure(64, 200, "OAK"));

    expect(
      env.alerts("Airport").map(({ id, text }) => [id, text.includes("DTW is jammed")]),
    ).toEqual([
      ["DTW", true],
      ["DTW", true],
    ]);
    expect(
      Object.fromEntries(["PHX", "LAS", "SFO", "OAK"].map((id) => [id, jamsOf(env, id)])),
    ).toEqual({
      PHX: 1,
      LAS: 1,
      SFO: 1,
      OAK: undefined,
    });
  });

  test("again after it was not, an airport warns again, in one batch as in several", () => {
    const messages = [
      departure(0, 90),
      departure(61, 2),
      departure(122, 90),
      departure(183, 2),
      departure(244, 60),
    ];
    const together = environment();
    together.send("Airport", "DTW", messages);
    const apart = environment();
    for (const message of messages) apart.send("Airport", "DTW", message);

    expect(jamsOf(together, "LAS")).toBe(3);
    expect(together.alerts("Airport")).toHaveLength(3);
    expect(together.twins("Airport")).toEqual(apart.twins("Airport"));
  });

  test("an airport that is jammed no longer has its alert resolved", () => {
    const env = environment();
    env.send("Airport", "DTW", departure(0, 90));
    expect(env.alertList({ model: "Airport" })).toMatchObject([{ id: "DTW", key: "jammed" }]);
    env.send("Airport", "DTW", departure(61, 2));
    expect(env.alertList({ model: "Airport" })).toEqual([]);
  });

  test("an airport that is warned counts the warning as no flight", () => {
    const env = environment();
    env.send("Airport", "LAS", {
      kind: "upstream-jam",
      origin: "DTW",
      date: "2001-01-01T12:00:00Z",
    });
    expect(env.twin("Airport", "LAS")).toMatchObject({
      upstreamJams: 1,
      arrivals: 0,
      departures: 0,
      lastEventAt: null,
    });
    expect(env.alerts()).toEqual([]);
  });
});

describe("messages", () => {
  test.each([
    ["2001-01-01T12:47:00Z", at(47)],
    ["2001-01-01T12:47:00.000Z", at(47)],
    ["2001-01-01T12:47Z", at(47)],
    ["2001-01-01 12:47", at(47)],
    ["2001-01-01T07:47:00-05:00", at(47)],
    ["2001-01-01", at(-720)],
    [at(47), at(47)],
  ])("the date %s is understood", (date, lastEventAt) => {
    const env = environment();
    env.send("Airport", "DTW", { ...departure(0, 1), date });
    expect(env.twin("Airport", "DTW")).toMatchObject({
      lastEventAt,
      recentDelays: [{ at: lastEventAt, delay: 1 }],
    });
  });

  test.each([
    ["of no known kind", { ...departure(0, 1), kind: "cancellation" }],
    ["without a kind", { ...departure(0, 1), kind: undefined }],
    ["without a date", { ...departure(0, 1), date: undefined }],
    ["without a delay", { ...departure(0, 1), delay: undefined }],
    ["without a distance", { ...departure(0, 1), distance: undefined }],
    ["without a destination", { ...departure(0, 1), destination: undefined }],
    ["whose delay is text", { ...departure(0, 1), delay: "66" }],
    ["whose delay is no whole number", { ...departure(0, 1), delay: 1.5 }],
    ["whose destination can't be a twin's id", { ...departure(0, 1), destination: "LAS/1" }],
    ["whose date is no time", { ...departure(0, 1), date: "2001/01/01 00:47" }],
    ["whose date is no day", { ...departure(0, 1), date: "2001-13-01T00:47Z" }],
    ["whose date is beyond the calendar", { ...departure(0, 1), date: 8.64e15 + 1 }],
    ["whose arrival has no origin", { ...arrival(0), origin: undefined }],
    ["that is no object", "departure"],
  ])("one %s is rejected, alone", (_, message) => {
    const env = environment();
    const { accepted, rejected } = env.send("Airport", "DTW", [
      departure(0, 1),
      message,
      departure(2, 3),
    ]);
    expect({ accepted, rejected: rejected.map(({ index, code }) => [index, code]) }).toEqual({
      accepted: 2,
      rejected: [[1, "message/invalid"]],
    });
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departures: 2,
      departureDelaySum: 4,
      arrivals: 0,
    });
  });

  test("keys that are not known are ignored", () => {
    const env = environment();
    env.send("Airport", "DTW", { ...departure(0, 1), carrier: "NW", departures: 99, name: "?" });
    expect(env.twin("Airport", "DTW")).toMatchObject({
      departures: 1,
      name: "Detroit Metropolitan-Wayne County",
    });
    expect(Object.keys(env.twin("Airport", "DTW") ?? {})).not.toContain("carrier");
  });
});

test("queries see coordinates, statistics and the time of the last event, each with its type", () => {
  expect(airport.fields).toEqual([
    { name: "iata", type: "string" },
    { name: "name", type: "string" },
    { name: "city", type: "string" },
    { name: "state", type: "string" },
    { name: "latitude", type: "number" },
    { name: "longitude", type: "number" },
    { name: "departures", type: "number" },
    { name: "lateDepartures", type: "number" },
    { name: "departureDelaySum", type: "number" },
    { name: "departureDelayMax", type: "number" },
    { name: "meanDepartureDelay", type: "number" },
    { name: "arrivals", type: "number" },
    { name: "lastEventAt", type: "time" },
    { name: "congestion", type: "string" },
    { name: "upstreamJams", type: "number" },
  ]);
});

function recentDelays(env: MockEnvironment): readonly number[] {
  const state = env.twin("Airport", "DTW") as { recentDelays: { delay: number }[] };
  return state.recentDelays.map(({ delay }) => delay);
}

function jamsOf(env: MockEnvironment, id: string): unknown {
  return env.twin("Airport", id)?.["upstreamJams"];
}
