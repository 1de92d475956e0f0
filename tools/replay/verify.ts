/** `npm run replay -- verify airports`: whether every flight counted exactly once. */
import { readDataset } from "../data/vega-datasets.ts";
import { differencesOf, FACT_FIELDS, tableOf } from "./airport-differences.ts";
import type { Difference, Found } from "./airport-differences.ts";
import type { VerifyOptions } from "./arguments.ts";
import { expectedAirports } from "./expected-airports.ts";
import type { AirportFacts } from "./expected-airports.ts";
import { FLIGHTS_FILE, FLIGHTS_RUN } from "./flights.ts";
import type { ReplayHost } from "./run.ts";
import { query, readTwin } from "./server.ts";
import type { Server } from "./server.ts";

const MODEL = "Airport";

/** Milliseconds after the replay in which the last messages between twins may still be on their way. */
const SETTLE_MS = 5_000;
const RETRY_MS = 500;

const TWINS_AT_ONCE = 8;
const LINES_MAX = 50;

/** Queries see no lists. */
const QUERY_FIELDS = FACT_FIELDS.filter((field) => field !== "recentDelays");

/** Aggregates over all airports, which must agree with the same over the expected facts. */
const TOTALS = [
  { op: "sum", field: "departures" },
  { op: "sum", field: "lateDepartures" },
  { op: "sum", field: "departureDelaySum" },
  { op: "max", field: "departureDelayMax" },
  { op: "sum", field: "arrivals" },
  { op: "sum", field: "upstreamJams" },
] as const;

type Report = readonly { readonly source: string; readonly differences: readonly Difference[] }[];

/**
 * Compares the twins, read one by one, by a query and in aggregates, with SQL over the flights file. Prints where
 * they differ; answers whether they agree. Throws a `ReplayFailure` when the server does not answer.
 */
export async function verifyAirports(options: VerifyOptions, host: ReplayHost): Promise<boolean> {
  const server = { url: options.to, key: host.key };
  const expected = expectedAirports(readDataset(FLIGHTS_FILE));
  const untilMs = host.nowMs() + SETTLE_MS;
  let report = await compare(server, expected);
  while (!agrees(report) && host.nowMs() < untilMs && !host.stop.aborted) {
    await host.wait(RETRY_MS);
    report = await compare(server, expected);
  }

  const run = options.run ?? FLIGHTS_RUN;
  for (const { source, differences } of report) {
    const verdict =
      differences.length === 0
        ? "agree with SQL over the flights"
        : `differ from SQL over the flights in ${differences.length} places`;
    host.print(`${run}: ${source} ${verdict}`);
    if (differences.length > 0) {
      for (const line of tableOf(differences, LINES_MAX)) host.print(`  ${line}`);
    }
  }
  return agrees(report);
}

function agrees(report: Report): boolean {
  return report.every(({ differences }) => differences.length === 0);
}

async function compare(
  server: Server,
  expected: ReadonlyMap<string, AirportFacts>,
): Promise<Report> {
  const rows = await readByQuery(server);
  const twins = await readOneByOne(server, [...new Set([...expected.keys(), ...rows.keys()])]);
  return [
    {
      source: `${expected.size} airports, read one by one,`,
      differences: differencesOf(expected, twins, FACT_FIELDS),
    },
    {
      source: `${expected.size} airports, read by one query,`,
      differences: differencesOf(expected, rows, QUERY_FIELDS),
    },
    {
      source: `${TOTALS.length} aggregates over all airports`,
      differences: await compareTotals(server, expected),
    },
  ];
}

async function readByQuery(server: Server): Promise<Found> {
  const answer = await query(server, { model: MODEL, select: QUERY_FIELDS, limit: 10_000 });
  const names = answer.columns.map(({ name }) => name);
  return new Map(
    answer.rows.map((row) => {
      const fields = Object.fromEntries(names.map((name, i) => [name, row[i]]));
      return [String(fields["id"]), fields];
    }),
  );
}

async function readOneByOne(server: Server, ids: readonly string[]): Promise<Found> {
  const twins = new Map<string, Readonly<Record<string, unknown>> | undefined>();
  for (let at = 0; at < ids.length; at += TWINS_AT_ONCE) {
    const some = ids.slice(at, at + TWINS_AT_ONCE);
    const states = await Promise.all(some.map((id) => readTwin(server, MODEL, id)));
    for (const [i, id] of some.entries()) twins.set(id, states[i]);
  }
  return twins;
}

async function compareTotals(
  server: Server,
  expected: ReadonlyMap<string, AirportFacts>,
): Promise<readonly Difference[]> {
  const aggregates = TOTALS.map(({ op, field }) => ({ op, field, as: `${op}_${field}` }));
  const { columns, rows } = await query(server, { model: MODEL, aggregates });
  return TOTALS.flatMap(({ op, field }) => {
    const name = `${op}_${field}`;
    const values = [...expected.values()].map((facts) => facts[field] ?? Number.NEGATIVE_INFINITY);
    const wanted =
      op === "sum" ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
    const found: unknown = rows[0]?.[columns.findIndex((column) => column.name === name)];
    if (found === wanted) return [];
    return [{ id: "(all)", field: name, expected: String(wanted), found: String(found) }];
  });
}
