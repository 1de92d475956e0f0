/**
 * What the twins of Airport must know after one whole replay, by SQL over the flights file: the rules of the
 * model told a second time, in another language, so that a fault in one of them shows.
 */
import { DatabaseSync } from "node:sqlite";

/** The fields of an airport that a replay decides on. Delays are in minutes, times in epoch milliseconds. */
export interface AirportFacts {
  readonly departures: number;
  readonly lateDepartures: number;
  readonly departureDelaySum: number;
  readonly departureDelayMax: number | null;
  readonly meanDepartureDelay: number | null;
  readonly arrivals: number;
  readonly lastEventAt: number | null;
  readonly congestion: string;
  readonly upstreamJams: number;
  /** As JSON: a list of `{at, delay}` in order of time. */
  readonly recentDelays: string;
}

/** Of an airport that no flight touched. */
export const NO_FLIGHTS: AirportFacts = {
  departures: 0,
  lateDepartures: 0,
  departureDelaySum: 0,
  departureDelayMax: null,
  meanDepartureDelay: null,
  arrivals: 0,
  lastEventAt: null,
  congestion: "clear",
  upstreamJams: 0,
  recentDelays: "[]",
};

const CREATE = `
  CREATE TABLE flight (n INTEGER PRIMARY KEY, at INTEGER, delay INTEGER, origin TEXT, destination TEXT);
`;

const INSERT = `
  INSERT INTO flight (at, delay, origin, destination)
  SELECT unixepoch(replace(value ->> 'date', '/', '-')) * 1000 AS at,
         value ->> 'delay', value ->> 'origin', value ->> 'destination'
  FROM json_each(?) ORDER BY at, key;
`;

const DERIVE = `
  CREATE INDEX flight_from ON flight (origin, at);

  -- For each flight n the departures r of its origin that were recent just after it.
  CREATE TABLE recent AS
  SELECT f.n, f.origin, r.n AS r, r.at, r.delay, r.destination
  FROM flight f JOIN flight r
    ON r.origin = f.origin AND r.at BETWEEN f.at - 3600000 AND f.at AND r.n <= f.n;

  CREATE TABLE congestion AS
  SELECT n, origin,
         CASE WHEN avg(delay) < 15 THEN 'clear' WHEN avg(delay) < 45 THEN 'busy' ELSE 'jammed' END AS level
  FROM recent GROUP BY n;

  CREATE TABLE jam AS
  SELECT n FROM (
    SELECT n, level, lag(level, 1, 'clear') OVER (PARTITION BY origin ORDER BY n) AS before FROM congestion
  ) WHERE level = 'jammed' AND before <> 'jammed';

  CREATE TABLE newest AS SELECT origin, max(n) AS n FROM flight GROUP BY origin;

  CREATE TABLE departure AS
  SELECT origin AS id, count(*) AS departures, sum(delay > 15) AS late, sum(delay) AS delays,
         max(delay) AS worst, avg(delay) AS mean
  FROM flight GROUP BY origin;

  CREATE TABLE arrival AS SELECT destination AS id, count(*) AS arrivals FROM flight GROUP BY destination;

  CREATE TABLE event AS
  SELECT id, max(at) AS last
  FROM (SELECT origin AS id, at FROM flight UNION ALL SELECT destination, at FROM flight) GROUP BY id;

  -- A jam is told once to each airport that its recent departures go to.
  CREATE TABLE warned AS
  SELECT destination AS id, count(*) AS jams
  FROM (SELECT DISTINCT n, destination FROM recent WHERE n IN jam) GROUP BY destination;

  CREATE TABLE latest AS
  SELECT origin AS id, json_group_array(json_object('at', at, 'delay', delay) ORDER BY r) AS delays
  FROM recent JOIN newest USING (origin, n) GROUP BY origin;
`;

const FACTS = `
  SELECT id,
         coalesce(departures, 0) AS departures,
         coalesce(late, 0) AS lateDepartures,
         coalesce(departure.delays, 0) AS departureDelaySum,
         worst AS departureDelayMax,
         mean AS meanDepartureDelay,
         coalesce(arrivals, 0) AS arrivals,
         last AS lastEventAt,
         coalesce(level, 'clear') AS congestion,
         coalesce(jams, 0) AS upstreamJams,
         coalesce(latest.delays, '[]') AS recentDelays
  FROM event
    LEFT JOIN departure USING (id) LEFT JOIN arrival USING (id) LEFT JOIN warned USING (id)
    LEFT JOIN latest USING (id) LEFT JOIN newest ON newest.origin = id
    LEFT JOIN congestion ON congestion.n = newest.n
  ORDER BY id
`;

/** The facts by airport, for a flights file: JSON, a list of flights. */
export function expectedAirports(flightsJson: string): ReadonlyMap<string, AirportFacts> {
  const database = new DatabaseSync(":memory:");
  try {
    database.exec(CREATE);
    database.prepare(INSERT).run(flightsJson);
    database.exec(DERIVE);
    const rows = database.prepare(FACTS).all() as unknown as (AirportFacts & { id: string })[];
    return new Map(rows.map(({ id, ...facts }) => [id, facts]));
  } finally {
    database.close();
  }
}
