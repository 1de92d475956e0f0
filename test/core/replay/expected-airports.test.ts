import { describe, expect, test } from "vitest";
import { differencesOf, FACT_FIELDS, tableOf } from "../../../tools/replay/airport-differences.ts";
import { expectedAirports, NO_FLIGHTS } from "../../../tools/replay/expected-airports.ts";
import type { AirportFacts } from "../../../tools/replay/expected-airports.ts";
import type { Flight } from "../../../tools/replay/flights.ts";

function flight(time: string, delay: number, origin: string, destination: string): Flight {
  return { date: `2001/01/01 ${time}`, delay, distance: 1, origin, destination };
}

function at(hour: number, minute: number): number {
  return Date.UTC(2001, 0, 1, hour, minute);
}

describe("SQL over flights", () => {
  const expected = expectedAirports(
    JSON.stringify([
      flight("12:00", 60, "AAA", "BBB"),
      flight("12:10", 100, "AAA", "CCC"),
      flight("13:00", -160, "AAA", "CCC"),
      flight("13:11", 205, "AAA", "CCC"),
      flight("13:11", 15, "BBB", "AAA"),
    ]),
  );

  test("counts, adds up and remembers like the twins do", () => {
    // AAA: means of 60, 80, 0 and 22.5 (the two at 12:xx are gone by 13:11), so one jam, told to BBB.
    expect(Object.fromEntries(expected)).toEqual({
      AAA: {
        departures: 4,
        lateDepartures: 3,
        departureDelaySum: 205,
        departureDelayMax: 205,
        meanDepartureDelay: 51.25,
        arrivals: 1,
        lastEventAt: at(13, 11),
        congestion: "busy",
        upstreamJams: 0,
        recentDelays: JSON.stringify([
          { at: at(13, 0), delay: -160 },
          { at: at(13, 11), delay: 205 },
        ]),
      },
      BBB: {
        departures: 1,
        lateDepartures: 0,
        departureDelaySum: 15,
        departureDelayMax: 15,
        meanDepartureDelay: 15,
        arrivals: 1,
        lastEventAt: at(13, 11),
        congestion: "busy",
        upstreamJams: 1,
        recentDelays: JSON.stringify([{ at: at(13, 11), delay: 15 }]),
      },
      CCC: { ...NO_FLIGHTS, arrivals: 3, lastEventAt: at(13, 11) },
    });
  });
});

describe("differences", () => {
  const facts: AirportFacts = {
    ...NO_FLIGHTS,
    departures: 2,
    lastEventAt: at(12, 0),
    recentDelays: "[1]",
  };
  const expected = new Map([["AAA", facts]]);

  test("are none when all is equal, times in either form and lists as lists", () => {
    const twin = {
      ...facts,
      lastEventAt: "2001-01-01T12:00:00.000Z",
      recentDelays: [1],
      iata: "AAA",
    };
    expect(differencesOf(expected, new Map([["AAA", twin]]), FACT_FIELDS)).toEqual([]);
  });

  test("are found in every field", () => {
    const wrong = Object.fromEntries(FACT_FIELDS.map((field) => [field, "?"]));
    const found = differencesOf(expected, new Map([["AAA", wrong]]), FACT_FIELDS);
    expect(found.map(({ field }) => field)).toEqual(FACT_FIELDS);
  });

  test("tell null, missing and a number in a text apart from the number", () => {
    const fields = ["departures"] as const;
    const found = [null, undefined, 2.5].map((departures) =>
      differencesOf(expected, new Map([["AAA", { departures }]]), fields).map((each) => each.found),
    );
    expect(found).toEqual([["null"], ["undefined"], ["2.5"]]);
  });

  test("are a twin that is missing, and one that knows of flights that nobody flew", () => {
    const twins = new Map([
      ["AAA", undefined],
      ["ZZZ", { ...NO_FLIGHTS, arrivals: 1 }],
      ["YYY", NO_FLIGHTS],
    ]);
    expect(differencesOf(expected, twins as never, ["arrivals"])).toEqual([
      { id: "AAA", field: "(twin)", expected: "exists", found: "missing" },
      { id: "ZZZ", field: "arrivals", expected: "0", found: "1" },
    ]);
  });

  test("make a table, of which a long one is cut", () => {
    const rows = ["AAA", "BBB", "CCC"].map((id) => ({
      id,
      field: "arrivals",
      expected: "10",
      found: "9",
    }));
    expect(tableOf(rows, 2)).toEqual([
      "twin  field     expected  found",
      "AAA   arrivals  10        9",
      "BBB   arrivals  10        9",
      "… and 1 more",
    ]);
    expect(tableOf(rows, 3)).toHaveLength(4);
  });
});
