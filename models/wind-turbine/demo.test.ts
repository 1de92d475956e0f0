/** The demo as a whole: its start-up data, its load, and what its widgets find. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { readTurbines } from "../../tools/replay/wind.ts";
import { parseCsv } from "../../tools/data/vega-datasets.ts";
import { windTurbineFiles } from "../../tools/data/wind-turbines.ts";
import dashboard from "./dashboard.json" with { type: "json" };
import farms from "./farms.json" with { type: "json" };
import fleet from "./fleet.ts";
import { REPORT_INTERVAL_MS, windLoad } from "./load.ts";
import type { SitedTurbine, TurbineReport } from "./load.ts";
import offshoreTurbine from "./offshore-turbine.ts";
import windFarm from "./wind-farm.ts";
import windTurbine from "./wind-turbine.ts";

const START_MS = Date.UTC(2026, 10, 23);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function environment(): MockEnvironment {
  return new MockEnvironment({
    models: [windTurbine, offshoreTurbine, windFarm, fleet],
    nowMs: START_MS,
  });
}

function fileText(path: string): string {
  return readFileSync(join(import.meta.dirname, path), "utf8");
}

/** A row of start-up data as the server makes fields of it. */
function fieldsOf(row: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const { id: _, latitude, longitude, ...texts } = row;
  return { ...texts, latitude: Number(latitude), longitude: Number(longitude) };
}

function seeded(): MockEnvironment {
  const env = environment();
  for (const model of ["WindTurbine", "OffshoreTurbine"]) {
    for (const row of parseCsv(fileText(`twins/${model}.csv`)))
      env.put(model, row["id"] ?? "", fieldsOf(row));
  }
  return env;
}

function reportsUntil(
  untilMs: number,
  turbines: readonly SitedTurbine[],
  seed = 1,
): readonly TurbineReport[] {
  const reports: TurbineReport[] = [];
  for (const report of windLoad(turbines, { seed, startMs: START_MS })) {
    if (report.atMs >= untilMs) break;
    reports.push(report);
  }
  return reports;
}

describe("the start-up data", () => {
  test.each([...windTurbineFiles().keys()])(
    "%s is what the script makes of vega-datasets",
    (path) => {
      expect(fileText(path)).toBe(windTurbineFiles().get(path));
    },
  );

  test("has 240 turbines on land and 40 at sea, ten at each of 28 farms, ids of their own", () => {
    const turbines = readTurbines();
    expect(turbines.filter(({ isOffshore }) => isOffshore)).toHaveLength(40);
    expect(new Set(turbines.map(({ id }) => id)).size).toBe(280);
    const byFarm = Map.groupBy(turbines, ({ farm }) => farm);
    expect([...byFarm.keys()]).toEqual(farms.map(({ id }) => id));
    expect([...byFarm.values()].map(({ length }) => length)).toEqual(Array(28).fill(10));
  });

  test("makes farms with a name and a place, and one fleet", () => {
    const env = seeded();
    expect(env.twins("WindFarm").size).toBe(28);
    expect(env.twin("WindFarm", "sweetwater-tx")).toMatchObject({
      name: "Sweetwater, TX",
      region: "MS",
      latitude: 32.308289,
      longitude: -100.404514,
      turbines: 10,
      worstCondition: "ok",
    });
    expect([...env.twins("Fleet")]).toEqual([
      ["fleet", expect.objectContaining({ farms: 28, turbines: 280, offshoreTurbines: 40 })],
    ]);
  });

  test("has turbines of every model, and some in their pre-maintenance period", () => {
    const rows = parseCsv(fileText("twins/WindTurbine.csv"));
    expect(new Set(rows.map(({ turbineModel }) => turbineModel))).toEqual(
      new Set(["Model17331", "ModelA", "ModelB", "ModelC"]),
    );
    const near = rows.filter(({ nextMaintDate = "" }) => nextMaintDate < "2027-02-20");
    expect(near.length).toBeGreaterThan(5);
    expect(near.length).toBeLessThan(60);
  });
});

describe("three hours of the load", () => {
  const turbines = readTurbines();
  const reports = reportsUntil(3 * HOUR_MS, turbines);
  const env = seeded();
  const isOffshore = new Set(turbines.filter((each) => each.isOffshore).map(({ id }) => id));
  const shares = { ok: 0, warning: 0, critical: 0 };
  let next = 0;
  for (let atMs = 10 * MINUTE_MS; atMs <= 3 * HOUR_MS; atMs += 10 * MINUTE_MS) {
    env.advance(10 * MINUTE_MS);
    const from = next;
    while (reports[next] !== undefined && reports[next]!.atMs < atMs) next++;
    const due = reports.slice(from, next);
    env.sendBatch(
      "WindTurbine",
      due.filter(({ id }) => !isOffshore.has(id)),
    );
    env.sendBatch(
      "OffshoreTurbine",
      due.filter(({ id }) => isOffshore.has(id)),
    );
    const total = env.twin("Fleet", "fleet") ?? {};
    shares.ok += Number(total["okTurbines"]);
    shares.warning += Number(total["warningTurbines"]);
    shares.critical += Number(total["criticalTurbines"]);
  }
  const commands = env.commands().map(({ body }) => body as Record<string, unknown>);

  test("is a report of each turbine every 30 seconds, in order of time", () => {
    expect(reports).toHaveLength(280 * 360);
    expect(reports.every(({ atMs }, i) => (reports[i - 1]?.atMs ?? 0) <= atMs)).toBe(true);
    expect(reports.every(({ atMs, message }) => message.Timestamp === START_MS + atMs)).toBe(true);
    expect(REPORT_INTERVAL_MS).toBe(30_000);
  });

  test("has offshore turbines alone report waves", () => {
    const wet = new Set(
      reports.filter(({ message }) => message.WaveHeight !== undefined).map(({ id }) => id),
    );
    expect(wet).toEqual(isOffshore);
  });

  test("has a few turbines in trouble at any time, of which most recover in time", () => {
    const samples = 280 * 18;
    expect(shares.ok + shares.warning + shares.critical).toBe(samples);
    expect((shares.warning + shares.critical) / samples).toBeGreaterThan(0.01);
    expect((shares.warning + shares.critical) / samples).toBeLessThan(0.12);
    const incidents = [...env.twins("WindTurbine").values()].flatMap(
      (state) => state["incidentList"] as { type: string; incident: string }[],
    );
    const count = (type: string, incident: string): number =>
      incidents.filter((each) => each.type === type && each.incident === incident).length;
    for (const type of ["HighTemperature", "LowRPM"]) {
      const alerts = env.alertList({ states: ["firing", "resolved"] });
      const key = type === "LowRPM" ? "low-rpm" : "high-temperature";
      const alerted = alerts.filter((each) => each.key === key && each.model === "WindTurbine");
      expect(count(type, "Started")).toBeGreaterThan(25);
      expect(alerted.length / count(type, "Started")).toBeGreaterThan(0.05);
      expect(alerted.length / count(type, "Started")).toBeLessThan(0.5);
    }
  });

  test("has alerts in and outside of pre-maintenance periods, and of waves", () => {
    expect(commands.some((command) => command["inPreMaintenancePeriod"] === true)).toBe(true);
    expect(commands.some((command) => command["inPreMaintenancePeriod"] === false)).toBe(true);
    const alerts = env.alertList({ states: ["firing", "resolved"] });
    expect(alerts.some(({ key }) => key === "high-waves")).toBe(true);
  });

  test("leaves no alert open where all is well, and one at least where it is critical", () => {
    const open = new Set(env.alertList().map(({ id }) => id));
    for (const model of ["WindTurbine", "OffshoreTurbine"]) {
      for (const [id, { condition }] of env.twins(model))
        expect([id, open.has(id)]).toEqual([id, condition === "critical"]);
    }
  });

  test("fails no step", () => {
    expect(env.logs().filter(({ kind }) => kind === "failure")).toEqual([]);
  });
});

test("the same turbines, seed and start give the same reports; another seed gives others", () => {
  const turbines = readTurbines().slice(0, 30);
  const first = reportsUntil(HOUR_MS, turbines);
  expect(reportsUntil(HOUR_MS, turbines)).toEqual(first);
  expect(reportsUntil(HOUR_MS, turbines, 2)).not.toEqual(first);
});

test("no turbines report nothing", () => {
  expect([...windLoad([], { seed: 1, startMs: START_MS })]).toEqual([]);
});

test.each([
  ["wind-turbine-critical-count", [[2]]],
  [
    "wind-turbine-conditions",
    [
      ["critical", 1],
      ["ok", 1],
      ["warning", 1],
    ],
  ],
  [
    "wind-turbine-farms",
    [
      ["f1", "critical", 1, 1, 2],
      ["f2", "critical", 1, 0, 2],
    ],
  ],
  [
    "wind-turbine-temperature-by-region",
    [
      ["NE", 80],
      ["SW", 100],
    ],
  ],
  ["wind-turbine-troubles", [[1, 1]]],
  ["wind-turbine-critical", [["slow", "f1"]]],
  ["wind-turbine-warnings", [["hot", "f1"]]],
  ["wind-turbine-offshore", [["wet", "f2", "critical"]]],
  ["wind-turbine-maintenance", [["hot", "f1", "warning"]]],
])("the widget %s finds what it is for", (id, rows) => {
  const env = environment();
  env.put("WindTurbine", "hot", { farmId: "f1", region: "SW", nextMaintDate: "2028-01-01" });
  env.put("WindTurbine", "slow", { farmId: "f1", region: "SW" });
  env.put("WindTurbine", "well", { farmId: "f2", region: "NE" });
  env.put("OffshoreTurbine", "wet", { farmId: "f2" });
  const at = (minutes: number, fields: object = {}): object => ({
    Temp: 80,
    RPMSpeed: 90,
    Timestamp: START_MS + minutes * MINUTE_MS,
    ...fields,
  });
  env.send("WindTurbine", "hot", at(0, { Temp: 120 }));
  env.send("WindTurbine", "slow", [at(0, { RPMSpeed: 10 }), at(11, { RPMSpeed: 10 })]);
  env.send("WindTurbine", "well", at(0));
  env.send(
    "OffshoreTurbine",
    "wet",
    [9, 9, 9].map((WaveHeight) => at(0, { WaveHeight })),
  );
  const { sql = "" } = dashboard.widgets.find((widget) => widget.id === id) ?? {};
  const { columns, rows: found } = env.query({ sql });
  const left = /^(name|longitude|latitude|temp|rpm|waveHeight|turbineModel|.*Time|.*Date)$/;
  const shown = columns.flatMap(({ name }, i) => (left.test(name) ? [] : [i]));
  expect(found.map((row) => shown.map((i) => row[i]))).toEqual(rows);
});
