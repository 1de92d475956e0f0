import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import type { SendResult } from "livetwin/testing";
import fleet from "./fleet.ts";
import offshoreTurbine from "./offshore-turbine.ts";
import windFarm from "./wind-farm.ts";
import windTurbine from "./wind-turbine.ts";

const MODELS = [windTurbine, offshoreTurbine, windFarm, fleet];
const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What is well in every respect. */
const WELL = { Temp: 80, RPMSpeed: 90 };
const HOT = { Temp: 101 };
const SLOW = { RPMSpeed: 59 };

/** Every test runs on twins that are read back from their stored form before each call. */
function environment(): MockEnvironment {
  return new MockEnvironment({ models: MODELS, nowMs: NOON, restartBetweenCalls: true });
}

function telemetry(minutesAfterNoon: number, fields: object = {}): object {
  return { ...WELL, Timestamp: NOON + minutesAfterNoon * MINUTE_MS, ...fields };
}

function send(env: MockEnvironment, ...messages: unknown[]): SendResult {
  return env.send("WindTurbine", "t1", messages);
}

function turbine(env: MockEnvironment): Readonly<Record<string, unknown>> {
  return env.twin("WindTurbine", "t1") ?? {};
}

function incidents(env: MockEnvironment): readonly (readonly [string, string, number])[] {
  const list = turbine(env)["incidentList"] as {
    type: string;
    incident: string;
    timestamp: number;
  }[];
  return list.map(({ type, incident, timestamp }) => [
    type,
    incident,
    (timestamp - NOON) / MINUTE_MS,
  ]);
}

function openAlerts(env: MockEnvironment): readonly string[] {
  return env
    .alertList()
    .map(({ id, key }) => `${id} ${key}`)
    .toSorted();
}

test("a new turbine is of Model17331, has heard nothing, and is well", () => {
  const env = environment();
  env.put("WindTurbine", "t1", { region: "MS", latitude: 32.4, longitude: -100.4 });
  expect(turbine(env)).toEqual({
    turbineModel: "Model17331",
    farmId: "",
    region: "MS",
    latitude: 32.4,
    longitude: -100.4,
    nextMaintDate: null,
    status: "",
    temp: null,
    rpm: null,
    lastMessageTime: null,
    condition: "ok",
    trackingHighTemperature: false,
    highTempStartTime: null,
    highTempAlertTime: null,
    numberMsgsWithOverTemp: 0,
    trackingLowRPM: false,
    lowRPMStartTime: null,
    lowRPMAlertTime: null,
    numberMsgsWithLowRPM: 0,
    hourlyTemp: [],
    hourlyRPM: [],
    meanMessageCount: null,
    meanTemp: null,
    meanRPM: null,
    incidentList: [],
    messageList: [],
  });
});

describe("a message", () => {
  test("is the last one, with what it says of the turbine, its place and its state", () => {
    const env = environment();
    env.put("WindTurbine", "t1", { latitude: 1, longitude: 2 });
    send(env, telemetry(1, { Status: "running" }), telemetry(2, { Temp: 81.5, RPMSpeed: 91 }));
    expect(turbine(env)).toMatchObject({
      temp: 81.5,
      rpm: 91,
      status: "running",
      lastMessageTime: NOON + 2 * MINUTE_MS,
      latitude: 1,
      longitude: 2,
    });
    send(env, telemetry(3, { Latitude: 32.5, Longitude: -100.5, Status: "curtailed" }));
    expect(turbine(env)).toMatchObject({
      latitude: 32.5,
      longitude: -100.5,
      status: "curtailed",
    });
  });

  test.each(["2026-01-01T12:16:00Z", "2026-01-01T07:16:00-05:00", NOON + 16 * MINUTE_MS])(
    "may have the Timestamp %s",
    (Timestamp) => {
      const env = environment();
      send(env, telemetry(0, HOT), { ...WELL, ...HOT, Timestamp });
      expect(turbine(env)).toMatchObject({
        lastMessageTime: NOON + 16 * MINUTE_MS,
        condition: "critical",
      });
    },
  );

  test.each([
    ["without a Temp", { Temp: undefined }],
    ["whose Temp is text", { Temp: "80" }],
    ["whose Temp is null", { Temp: null }],
    ["without an RPMSpeed", { RPMSpeed: undefined }],
    ["whose RPMSpeed is text", { RPMSpeed: "fast" }],
    ["without a Timestamp", { Timestamp: undefined }],
    ["whose Timestamp is no time", { Timestamp: "noon" }],
    ["whose Status is a number", { Status: 1 }],
    ["whose Latitude is text", { Latitude: "32" }],
    ["whose Longitude is null", { Longitude: null }],
  ])("%s is rejected, alone", (_, fields) => {
    const env = environment();
    const { accepted, rejected } = send(env, telemetry(0, HOT), telemetry(1, fields), telemetry(2));
    expect({ accepted, rejected: rejected.map(({ index, code }) => [index, code]) }).toEqual({
      accepted: 2,
      rejected: [[1, "message/invalid"]],
    });
    expect(turbine(env)).toMatchObject({ temp: 80, lastMessageTime: NOON + 2 * MINUTE_MS });
    const before = turbine(env);
    expect(send(env, telemetry(3, fields)).accepted).toBe(0);
    expect(turbine(env)).toEqual(before);
  });

  test("may have keys that are not known, which are ignored", () => {
    const env = environment();
    send(env, telemetry(0, { WaveHeight: "high", Blades: 3, numberMsgsWithOverTemp: 9 }));
    expect(turbine(env)).toMatchObject({ numberMsgsWithOverTemp: 0 });
    expect(Object.keys(turbine(env))).not.toContain("Blades");
  });
});

describe.each([
  {
    type: "HighTemperature",
    key: "high-temperature",
    title: "High temperature",
    beyond: HOT,
    limit: { Temp: 100 },
    barely: { Temp: 100.1 },
    other: SLOW,
    fields: {
      tracking: "trackingHighTemperature",
      start: "highTempStartTime",
      alert: "highTempAlertTime",
      count: "numberMsgsWithOverTemp",
    },
  },
  {
    type: "LowRPM",
    key: "low-rpm",
    title: "Low RPM",
    beyond: SLOW,
    limit: { RPMSpeed: 60 },
    barely: { RPMSpeed: 59.9 },
    other: HOT,
    fields: {
      tracking: "trackingLowRPM",
      start: "lowRPMStartTime",
      alert: "lowRPMAlertTime",
      count: "numberMsgsWithLowRPM",
    },
  },
])("$type", ({ type, key, title, beyond, limit, barely, other, fields }) => {
  const watched = (env: MockEnvironment): readonly unknown[] => {
    const state = turbine(env);
    return [state[fields.tracking], state[fields.start], state[fields.count]];
  };
  const command = (
    minutes: number,
    messageCount: number,
    inPreMaintenancePeriod = false,
  ): object => ({
    type,
    duration: minutes * MINUTE_MS,
    inPreMaintenancePeriod,
    messageCount,
    at: NOON + minutes * MINUTE_MS,
  });

  test("begins beyond the limit, not at it, at the message's own time", () => {
    const env = environment();
    send(env, telemetry(0, limit));
    expect(watched(env)).toEqual([false, null, 0]);
    expect(incidents(env)).toEqual([]);
    env.advance(HOUR_MS);
    send(env, telemetry(1, barely));
    expect(watched(env)).toEqual([true, NOON + MINUTE_MS, 1]);
    expect(incidents(env)).toEqual([[type, "Started", 1]]);
  });

  test("is counted by message, and begins once", () => {
    const env = environment();
    send(env, telemetry(1, beyond), telemetry(2, beyond));
    send(env, telemetry(3, beyond));
    expect(watched(env)).toEqual([true, NOON + MINUTE_MS, 3]);
    expect(incidents(env)).toEqual([[type, "Started", 1]]);
  });

  test("is alerted of when it lasted for more than 10 minutes, not for 10", () => {
    const env = environment();
    expect(send(env, telemetry(0, beyond), telemetry(10, beyond)).commands).toEqual([]);
    expect(openAlerts(env)).toEqual([]);
    expect(turbine(env)).toMatchObject({ condition: "warning" });
    const late = send(env, telemetry(10.001, beyond));
    expect(late.commands).toEqual([command(10.001, 3)]);
    expect(openAlerts(env)).toEqual([`t1 ${key}`]);
    expect(env.alertList()).toMatchObject([{ title, severity: "error" }]);
    expect(turbine(env)).toMatchObject({ condition: "critical" });
    expect(incidents(env)).toEqual([
      [type, "Started", 0],
      [type, "AlertSent", 10.001],
    ]);
  });

  test("is alerted of again only after another 30 seconds of message time", () => {
    const env = environment();
    send(env, telemetry(0, beyond), telemetry(11, beyond));
    env.advance(HOUR_MS);
    expect(send(env, telemetry(11, beyond), telemetry(11.499, beyond)).commands).toEqual([]);
    expect(send(env, telemetry(11.5, beyond), telemetry(11.6, beyond)).commands).toEqual([
      command(11.5, 5),
    ]);
    expect(send(env, telemetry(12, beyond)).commands).toEqual([command(12, 7)]);
    expect(env.alertList()).toMatchObject([{ key, raised: 3 }]);
  });

  test("ends back in range: resolved, not tracked, counted from 0", () => {
    const env = environment();
    send(env, telemetry(0, beyond), telemetry(11, beyond), telemetry(12, limit));
    expect(watched(env)).toEqual([false, null, 0]);
    expect(turbine(env)).toMatchObject({ condition: "ok", [fields.alert]: null });
    expect(incidents(env)).toEqual([
      [type, "Started", 0],
      [type, "AlertSent", 11],
      [type, "Resolved", 12],
    ]);
    expect(openAlerts(env)).toEqual([]);
    expect(env.alertList({ states: ["resolved"] })).toMatchObject([
      { key, resolved: { by: "twin" } },
    ]);
  });

  test("that passes in time has no alert, and the next one counts from its own beginning", () => {
    const env = environment();
    expect(
      send(
        env,
        telemetry(0, beyond),
        telemetry(9, beyond),
        telemetry(9.5),
        telemetry(10, beyond),
        telemetry(20, beyond),
      ).commands,
    ).toEqual([]);
    expect(env.alertList({ states: ["firing", "resolved"] })).toEqual([]);
    expect(send(env, telemetry(20.1, beyond)).commands).toMatchObject([
      { duration: 10.1 * MINUTE_MS, messageCount: 3 },
    ]);
  });

  test("that rises twice in one batch is two alerts", () => {
    const env = environment();
    const rise = (at: number): readonly object[] => [
      telemetry(at, beyond),
      telemetry(at + 11, beyond),
      telemetry(at + 12),
    ];
    expect(send(env, ...rise(0), ...rise(13)).commands).toHaveLength(2);
    expect(env.alertList({ states: ["resolved"] })).toHaveLength(2);
  });

  test.each([
    ["Model17331", 90],
    ["ModelA", 90],
    ["ModelB", 120],
    ["ModelC", 150],
    ["ModelX", 90],
  ])("of a %s may last 2 minutes in the %i days before its maintenance", (turbineModel, days) => {
    const env = environment();
    env.put("WindTurbine", "t1", { turbineModel, nextMaintDate: NOON + days * DAY_MS });
    expect(send(env, telemetry(0, beyond), telemetry(3, beyond)).commands).toEqual([]);
    send(env, telemetry(4));
    // A millisecond later the maintenance is less than the period away: time is the service's, not the message's.
    env.advance(1);
    expect(
      send(env, telemetry(0, beyond), telemetry(2, beyond), telemetry(2.5, beyond)).commands,
    ).toEqual([command(2.5, 3, true)]);
  });

  test("is in the pre-maintenance period also when the maintenance is late, and never without a date", () => {
    const env = environment();
    env.put("WindTurbine", "t1", { nextMaintDate: "2025-12-01" });
    expect(send(env, telemetry(0, beyond), telemetry(3, beyond)).commands).toHaveLength(1);
    env.put("WindTurbine", "t1", { nextMaintDate: "2026-12-01" });
    expect(send(env, telemetry(4), telemetry(5, beyond), telemetry(8, beyond)).commands).toEqual(
      [],
    );
    env.put("WindTurbine", "t1", { nextMaintDate: null });
    expect(send(env, telemetry(9), telemetry(10, beyond), telemetry(13, beyond)).commands).toEqual(
      [],
    );
  });

  test("does not look at the other", () => {
    const env = environment();
    send(env, telemetry(0, beyond), telemetry(5, { ...beyond, ...other }));
    expect(watched(env)).toEqual([true, NOON, 2]);
    expect(send(env, telemetry(11, { ...beyond, ...other })).commands).toEqual([command(11, 3)]);
    // One ends, the other goes on.
    expect(send(env, telemetry(16, other)).commands).toMatchObject([{ messageCount: 3 }]);
    expect(watched(env)).toEqual([false, null, 0]);
    expect(turbine(env)).toMatchObject({ condition: "critical" });
    expect(openAlerts(env)).toHaveLength(1);
    send(env, telemetry(17));
    expect(turbine(env)).toMatchObject({ condition: "ok" });
    expect(openAlerts(env)).toEqual([]);
  });

  test("goes by messages as they come: a late one counts, and makes nothing longer", () => {
    const env = environment();
    expect(send(env, telemetry(30, beyond), telemetry(0, beyond)).commands).toEqual([]);
    expect(watched(env)).toEqual([true, NOON + 30 * MINUTE_MS, 2]);
    expect(send(env, telemetry(41, beyond), telemetry(35, beyond)).commands).toHaveLength(1);
    // Nor is it time since the last alert.
    expect(send(env, telemetry(40.9, beyond)).commands).toEqual([]);
    // And it is the last message: back in range.
    send(env, telemetry(1));
    expect(watched(env)).toEqual([false, null, 0]);
    expect(incidents(env).at(-1)).toEqual([type, "Resolved", 1]);
  });
});

test("a backlog of many hours is one step, with every command and one alert", () => {
  const env = environment();
  const messages = Array.from({ length: 500 }, (_, i) => telemetry(i / 2, HOT));
  expect(send(env, ...messages)).toMatchObject({ accepted: 500, rejected: [] });
  expect(env.commands()).toHaveLength(500 - 21);
  expect(env.alertList()).toMatchObject([{ raised: 1, detail: "101 °C after 249.5 minutes" }]);
});

test("both at once are two incidents, two commands and two alerts", () => {
  const env = environment();
  const both = { ...HOT, ...SLOW };
  const { commands } = send(env, telemetry(0, both), telemetry(11, both));
  expect(commands).toMatchObject([{ type: "HighTemperature" }, { type: "LowRPM" }]);
  expect(openAlerts(env)).toEqual(["t1 high-temperature", "t1 low-rpm"]);
  expect(incidents(env)).toEqual([
    ["HighTemperature", "Started", 0],
    ["LowRPM", "Started", 0],
    ["HighTemperature", "AlertSent", 11],
    ["LowRPM", "AlertSent", 11],
  ]);
});

test("an alert says what, for how long, and at which farm", () => {
  const env = environment();
  env.put("WindTurbine", "t1", { farmId: "sweetwater-tx" });
  send(env, telemetry(0, { Temp: 104.5 }), telemetry(10.6, { Temp: 103 }));
  expect(env.alertList().map(({ detail }) => detail)).toEqual([
    "103 °C after 10.6 minutes at sweetwater-tx",
  ]);
});

test("queries see every field but the lists, times as times", () => {
  const types = Object.fromEntries(windTurbine.fields.map(({ name, type }) => [name, type]));
  const names = Object.keys(windTurbine.defaults).filter((name) => !/List$|^hourly/.test(name));
  expect(Object.keys(types).toSorted()).toEqual(names.toSorted());
  expect(types).toMatchObject({
    nextMaintDate: "time",
    highTempStartTime: "time",
    trackingLowRPM: "boolean",
    temp: "number",
    turbineModel: "string",
  });
});
