/** What a turbine remembers: its lists, its hours, and how large its state becomes. */
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { STATE_BYTES_MAX } from "../../src/core/limits.ts";
import { encodeState } from "../../src/core/state-codec.ts";
import fleet from "./fleet.ts";
import offshoreTurbine from "./offshore-turbine.ts";
import windFarm from "./wind-farm.ts";
import windTurbine, { WindTurbine } from "./wind-turbine.ts";

const MODELS = [windTurbine, offshoreTurbine, windFarm, fleet];
const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOT = { Temp: 101 };

/** Every test runs on twins that are read back from their stored form before each call. */
function environment(): MockEnvironment {
  return new MockEnvironment({ models: MODELS, nowMs: NOON, restartBetweenCalls: true });
}

function telemetry(minutesAfterNoon: number, fields: object = {}): object {
  const Timestamp = NOON + minutesAfterNoon * MINUTE_MS;
  return { Temp: 80, RPMSpeed: 90, Timestamp, ...fields };
}

function send(env: MockEnvironment, ...messages: unknown[]): void {
  env.send("WindTurbine", "t1", messages);
}

function turbine(env: MockEnvironment): Readonly<Record<string, unknown>> {
  return env.twin("WindTurbine", "t1") ?? {};
}

describe("messageList", () => {
  test("is in order of time, those of one time as they came", () => {
    const env = environment();
    send(env, telemetry(5), telemetry(1, { Temp: 81 }), telemetry(5, { Temp: 82 }));
    send(env, telemetry(3, { RPMSpeed: 95 }));
    expect(turbine(env)["messageList"]).toEqual([
      [NOON + MINUTE_MS, 81, 90],
      [NOON + 3 * MINUTE_MS, 80, 95],
      [NOON + 5 * MINUTE_MS, 80, 90],
      [NOON + 5 * MINUTE_MS, 82, 90],
    ]);
  });

  test("keeps the newest 2,000: a message that is older than all of a full list is not in it", () => {
    const env = environment();
    const messages = Array.from({ length: 2_000 }, (_, i) => telemetry(i));
    send(env, ...messages);
    expect(turbine(env)["messageList"]).toHaveLength(2_000);
    send(env, telemetry(2_000), telemetry(0.5));
    const list = turbine(env)["messageList"] as number[][];
    expect(list).toHaveLength(2_000);
    expect([list[0]?.[0], list.at(-1)?.[0]]).toEqual([NOON + MINUTE_MS, NOON + 2_000 * MINUTE_MS]);
  });
});

test("incidentList keeps the newest 200", () => {
  const env = environment();
  const messages = Array.from({ length: 101 }, (_, i) => [
    telemetry(2 * i, HOT),
    telemetry(2 * i + 1),
  ]).flat();
  send(env, ...messages);
  const incidents = turbine(env)["incidentList"] as object[];
  const type = "HighTemperature";
  expect(incidents).toHaveLength(200);
  expect(incidents[0]).toEqual({ type, incident: "Started", timestamp: NOON + 2 * MINUTE_MS });
  expect(incidents.at(-1)).toEqual({
    type,
    incident: "Resolved",
    timestamp: NOON + 201 * MINUTE_MS,
  });
});

describe("the hours", () => {
  test("of the last 24 that have messages give the mean count, temperature and RPM", () => {
    const env = environment();
    send(env, telemetry(0, { Temp: 70, RPMSpeed: 80 }), telemetry(59, { Temp: 80, RPMSpeed: 90 }));
    send(
      env,
      telemetry(60, { Temp: 90, RPMSpeed: 100 }),
      telemetry(200, { Temp: 76, RPMSpeed: 70 }),
    );
    expect(turbine(env)).toMatchObject({ meanMessageCount: 4 / 3, meanTemp: 79, meanRPM: 85 });
    expect(turbine(env)["hourlyTemp"]).toMatchObject([
      { startMs: NOON, count: 2, sum: 150, min: 70, max: 80 },
      { startMs: NOON + HOUR_MS, count: 1 },
      { startMs: NOON + 3 * HOUR_MS, count: 1 },
    ]);
  });

  test("include the start of each and exclude its end, and late messages", () => {
    const env = environment();
    send(env, telemetry(60), telemetry(59.999), telemetry(60));
    expect(turbine(env)["hourlyRPM"]).toMatchObject([
      { startMs: NOON, count: 1 },
      { startMs: NOON + HOUR_MS, count: 2 },
    ]);
  });

  test("older than 24, from the newest message's on, count no more", () => {
    const env = environment();
    send(env, telemetry(0, { Temp: 10 }), telemetry(60, { Temp: 20 }));
    send(env, telemetry(23 * 60 + 59, { Temp: 60 }));
    expect(turbine(env)).toMatchObject({ meanTemp: 30, meanMessageCount: 1 });
    send(env, telemetry(24 * 60, { Temp: 70 }));
    expect(turbine(env)).toMatchObject({ meanTemp: 50 });
    // One that comes so late is in none of them.
    send(env, telemetry(1, { Temp: -999 }));
    expect(turbine(env)).toMatchObject({ meanTemp: 50, meanMessageCount: 1 });
  });
});

test("at its largest a turbine's state is a third of the limit", () => {
  const twin = new WindTurbine();
  const { MAX_SAFE_INTEGER: at } = Number;
  const bin = {
    startMs: at,
    count: 10_000,
    sum: 1e6 / 3,
    squares: 1e6 / 3,
    min: -1 / 3,
    max: 200 / 3,
  };
  twin.messageList = Array.from({ length: 2_000 }, () => [at, 100 / 3, -100 / 3]);
  twin.incidentList = Array.from({ length: 200 }, () => ({
    timestamp: at,
    type: "HighTemperature",
    incident: "AlertSent",
  }));
  twin.hourlyTemp = Array.from({ length: 24 }, () => bin);
  twin.hourlyRPM = twin.hourlyTemp;
  const largest = encodeState(twin);
  // Usual readings have few digits: 2,000 of them take less than half of that.
  twin.messageList = Array.from({ length: 2_000 }, () => [NOON, 101.5, 88.4]);
  const usual = encodeState(twin);
  if (!largest.ok || !usual.ok) throw new Error("too large");
  expect(largest.value.text.length).toBeLessThan(STATE_BYTES_MAX / 3);
  expect(usual.value.text.length).toBeLessThan(STATE_BYTES_MAX / 6);
});
