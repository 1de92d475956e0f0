import { expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import type { SendResult } from "livetwin/testing";
import fleet from "./fleet.ts";
import offshoreTurbine, { OffshoreTurbine } from "./offshore-turbine.ts";
import windFarm from "./wind-farm.ts";
import windTurbine, { WindTurbine } from "./wind-turbine.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const HOT = { Temp: 105.1 };

function environment(): MockEnvironment {
  return new MockEnvironment({
    models: [windTurbine, offshoreTurbine, windFarm, fleet],
    nowMs: NOON,
    restartBetweenCalls: true,
  });
}

function telemetry(minutesAfterNoon: number, fields: object = {}): object {
  const Timestamp = NOON + minutesAfterNoon * MINUTE_MS;
  return { Temp: 80, RPMSpeed: 90, Timestamp, ...fields };
}

function waves(...heights: (number | undefined)[]): readonly object[] {
  return heights.map((WaveHeight, i) => telemetry(i, { WaveHeight }));
}

function send(env: MockEnvironment, ...messages: unknown[]): SendResult {
  return env.send("OffshoreTurbine", "o1", messages);
}

function turbine(env: MockEnvironment): Readonly<Record<string, unknown>> {
  return env.twin("OffshoreTurbine", "o1") ?? {};
}

test("an offshore turbine is a wind turbine, with the state of the sea besides", () => {
  const twin = offshoreTurbine.blank();
  expect(twin).toBeInstanceOf(OffshoreTurbine);
  expect(twin).toBeInstanceOf(WindTurbine);
  expect(offshoreTurbine.defaults).toEqual({
    ...windTurbine.defaults,
    waveHeight: null,
    numberMsgsWithHighWaves: 0,
    highWaves: false,
  });
});

test("it may be 105 °C hot, and 60 RPM slow", () => {
  const env = environment();
  send(env, telemetry(0, { Temp: 105, RPMSpeed: 60 }));
  expect(turbine(env)).toMatchObject({ trackingHighTemperature: false, trackingLowRPM: false });
  send(env, telemetry(1, { Temp: 105.1, RPMSpeed: 59.9 }));
  expect(turbine(env)).toMatchObject({ trackingHighTemperature: true, trackingLowRPM: true });
});

test("it may be beyond either for 5 minutes", () => {
  const env = environment();
  expect(send(env, telemetry(0, HOT), telemetry(5, HOT)).commands).toEqual([]);
  expect(send(env, telemetry(5.5, HOT), telemetry(6, HOT)).commands).toMatchObject([
    { type: "HighTemperature", duration: 5.5 * MINUTE_MS, inPreMaintenancePeriod: false },
    { type: "HighTemperature", duration: 6 * MINUTE_MS },
  ]);
});

test("it may be beyond either for 1 minute in its pre-maintenance period", () => {
  const env = environment();
  env.put("OffshoreTurbine", "o1", { turbineModel: "ModelC", nextMaintDate: NOON + 149 * DAY_MS });
  expect(send(env, telemetry(0, HOT), telemetry(1, HOT)).commands).toEqual([]);
  expect(send(env, telemetry(1.5, HOT)).commands).toMatchObject([
    { duration: 1.5 * MINUTE_MS, inPreMaintenancePeriod: true, messageCount: 3 },
  ]);
});

test("waves above 8 m raise an alert with the third message in a row", () => {
  const env = environment();
  send(env, ...waves(9, 9, 8, 9, 8.1));
  expect(turbine(env)).toMatchObject({
    waveHeight: 8.1,
    numberMsgsWithHighWaves: 2,
    highWaves: false,
    condition: "ok",
  });
  expect(env.alertList()).toEqual([]);
  env.put("OffshoreTurbine", "o1", { farmId: "block-island-ri" });
  send(env, ...waves(8.5));
  expect(turbine(env)).toMatchObject({ highWaves: true, condition: "critical" });
  expect(env.alertList()).toMatchObject([
    { id: "o1", key: "high-waves", severity: "error", detail: "8.5 m at block-island-ri" },
  ]);
});

test("high waves are alerted of once per rise, and resolved by 8 m", () => {
  const env = environment();
  send(env, ...waves(9, 9, 9, 10, 11));
  send(env, ...waves(9));
  expect(env.alertList()).toMatchObject([{ raised: 1 }]);
  expect(env.commands()).toEqual([]);
  send(env, ...waves(8));
  expect(turbine(env)).toMatchObject({ highWaves: false, condition: "ok" });
  expect(env.alertList()).toEqual([]);
  send(env, ...waves(9, 9));
  expect(env.alertList()).toEqual([]);
  send(env, ...waves(9));
  expect(env.alertList()).toHaveLength(1);
  expect(env.alertList({ states: ["resolved"] })).toHaveLength(1);
});

test("a message without WaveHeight says nothing about the sea", () => {
  const env = environment();
  send(env, ...waves(9, undefined, 9, undefined));
  expect(turbine(env)).toMatchObject({ waveHeight: 9, numberMsgsWithHighWaves: 2 });
  send(env, ...waves(9, undefined));
  expect(turbine(env)).toMatchObject({ highWaves: true, numberMsgsWithHighWaves: 3 });
});

test("a WaveHeight that is no number is rejected, alone", () => {
  const env = environment();
  const { accepted, rejected } = send(env, telemetry(0), telemetry(1, { WaveHeight: "9" }));
  expect([accepted, rejected.map(({ code }) => code)]).toEqual([1, ["message/invalid"]]);
});

test("waves, temperature and RPM are looked at independently", () => {
  const env = environment();
  const all = { WaveHeight: 9, Temp: 110, RPMSpeed: 50 };
  send(env, telemetry(0, all), telemetry(3, all), telemetry(6, all));
  expect(
    env
      .alertList()
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(["high-temperature", "high-waves", "low-rpm"]);
  send(env, telemetry(7, { WaveHeight: 2, RPMSpeed: 50 }));
  expect(env.alertList().map(({ key }) => key)).toEqual(["low-rpm"]);
  expect(turbine(env)).toMatchObject({ condition: "critical", trackingLowRPM: true });
  send(env, telemetry(8));
  expect(turbine(env)).toMatchObject({ condition: "ok" });
});
