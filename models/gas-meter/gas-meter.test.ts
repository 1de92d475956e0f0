import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import type { SendResult } from "livetwin/testing";
import { gasMetersCsv } from "../../tools/data/gas-meters.ts";
import dashboard from "./dashboard.json" with { type: "json" };
import gasMeter from "./gas-meter.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const SHUTDOWN = { Description: "Shutdown the incoming gas pipe", Code: 100 };

/** Every test runs on twins that are read back from their stored form before each call. */
function environment(): MockEnvironment {
  return new MockEnvironment({ models: [gasMeter], nowMs: NOON, restartBetweenCalls: true });
}

function reading(PPMReading: number, minutesAfterNoon = 0): object {
  return { PPMReading, Timestamp: NOON + minutesAfterNoon * MINUTE_MS };
}

function send(env: MockEnvironment, ...readings: unknown[]): SendResult {
  return env.send("GasMeter", "m1", readings);
}

function meter(env: MockEnvironment): Readonly<Record<string, unknown>> {
  return env.twin("GasMeter", "m1") ?? {};
}

test("a new meter has read nothing, and nothing is wrong", () => {
  const env = environment();
  env.put("GasMeter", "m1", { site: "Hardwick, MA", longitude: -72.2, latitude: 42.3 });
  expect(meter(env)).toEqual({
    lastPPMReading: 0,
    lastPPMTime: null,
    limitExceeded: false,
    limitStartTime: null,
    alarmSounded: false,
    numEvents: 0,
    silent: false,
    site: "Hardwick, MA",
    longitude: -72.2,
    latitude: 42.3,
  });
});

describe("a reading", () => {
  test("is the last one, with its time, whatever it is", () => {
    const env = environment();
    send(env, reading(7.5, 1), reading(60.5, 2));
    expect(meter(env)).toMatchObject({ lastPPMReading: 60.5, lastPPMTime: NOON + 2 * MINUTE_MS });
    send(env, reading(0, 3));
    expect(meter(env)).toMatchObject({ lastPPMReading: 0, lastPPMTime: NOON + 3 * MINUTE_MS });
  });

  test("that comes after a newer one counts when it comes", () => {
    const env = environment();
    send(env, reading(60, 10), reading(5, 2));
    expect(meter(env)).toMatchObject({
      lastPPMReading: 5,
      lastPPMTime: NOON + 2 * MINUTE_MS,
      limitExceeded: false,
    });
  });

  test("leaves the site and its place as they are", () => {
    const env = environment();
    const place = { site: "Hardwick, MA", longitude: -72.2, latitude: 42.3 };
    env.put("GasMeter", "m1", place);
    send(env, { ...reading(300), site: "elsewhere", longitude: 0 });
    expect(meter(env)).toMatchObject({ ...place, alarmSounded: true });
  });
});

describe("the limit", () => {
  test("of 50 is kept by 50, and exceeded by more", () => {
    const env = environment();
    send(env, reading(50));
    expect(meter(env)).toMatchObject({ limitExceeded: false, limitStartTime: null, numEvents: 0 });
    send(env, reading(50.1, 1));
    expect(meter(env)).toMatchObject({
      limitExceeded: true,
      limitStartTime: NOON + MINUTE_MS,
      numEvents: 1,
    });
  });

  test("is exceeded since the first of the readings above it, which is one event", () => {
    const env = environment();
    send(env, reading(60, 1), reading(70, 2));
    send(env, reading(80, 3));
    expect(meter(env)).toMatchObject({ limitStartTime: NOON + MINUTE_MS, numEvents: 1 });
  });

  test("is kept again from a reading of 50 on; the next one above it is a new event", () => {
    const env = environment();
    send(env, reading(60, 1), reading(50, 2));
    expect(meter(env)).toMatchObject({ limitExceeded: false, numEvents: 1 });
    send(env, reading(60, 3));
    expect(meter(env)).toMatchObject({
      limitExceeded: true,
      limitStartTime: NOON + 3 * MINUTE_MS,
      numEvents: 2,
    });
  });

  test("that a meter's first reading exceeds counts like any other", () => {
    const env = environment();
    send(env, reading(60, 5));
    expect(meter(env)).toMatchObject({ limitStartTime: NOON + 5 * MINUTE_MS, numEvents: 1 });
  });
});

describe("the alarm", () => {
  test("sounds when the limit has been exceeded for more than 15 minutes, not for 15", () => {
    const env = environment();
    expect(send(env, reading(60, 0), reading(60, 15)).commands).toEqual([]);
    expect(meter(env)).toMatchObject({ alarmSounded: false });
    const later = { PPMReading: 51, Timestamp: NOON + 15 * MINUTE_MS + 1 };
    expect(send(env, later).commands).toEqual([SHUTDOWN]);
    expect(meter(env)).toMatchObject({ alarmSounded: true });
  });

  test("sounds at once from 200 on", () => {
    const env = environment();
    expect(send(env, reading(199.9)).commands).toEqual([]);
    expect(send(env, reading(200, 1)).commands).toEqual([SHUTDOWN]);
    expect(meter(env)).toMatchObject({ alarmSounded: true, numEvents: 1 });
  });

  test("of a meter that starts at 200 sounds with its first message", () => {
    const env = environment();
    expect(send(env, reading(200)).commands).toEqual([SHUTDOWN]);
    expect(meter(env)).toMatchObject({ limitExceeded: true, alarmSounded: true, numEvents: 1 });
  });

  test("goes by the meter's own time, not by when its messages come", () => {
    const env = environment();
    send(env, reading(60, 0));
    env.advance(60 * MINUTE_MS);
    expect(send(env, reading(60, 1)).commands).toEqual([]);
    expect(send(env, reading(60, 16)).commands).toEqual([SHUTDOWN]);
  });

  test("is not brought about by a late reading from before the limit was exceeded", () => {
    const env = environment();
    expect(send(env, reading(60, 30), reading(60, 0)).commands).toEqual([]);
    expect(meter(env)).toMatchObject({
      limitStartTime: NOON + 30 * MINUTE_MS,
      alarmSounded: false,
    });
  });

  test("commands the device and raises an alert on its rise, and not again while it sounds", () => {
    const env = environment();
    env.put("GasMeter", "m1", { site: "Hardwick, MA" });
    expect(send(env, reading(200, 0), reading(300, 1), reading(60, 40)).commands).toEqual([
      SHUTDOWN,
    ]);
    expect(send(env, reading(400, 41)).commands).toEqual([]);
    expect(env.commands()).toEqual([{ model: "GasMeter", id: "m1", body: SHUTDOWN }]);
    expect(env.alerts("GasMeter").map(({ id, severity, text }) => [id, severity, text])).toEqual([
      ["m1", "error", "Gas leak: 200 ppm at Hardwick, MA"],
    ]);
  });

  test("of a meter without a site names the meter", () => {
    const env = environment();
    send(env, reading(250));
    expect(env.alerts().map(({ text }) => text)).toEqual(["Gas leak: 250 ppm at m1"]);
  });

  test.each([50, 0])("ends with a reading of %i, and can rise again", (normal) => {
    const env = environment();
    send(env, reading(200, 0), reading(normal, 1));
    expect(meter(env)).toMatchObject({ limitExceeded: false, alarmSounded: false });
    // The time above the limit counts from the new beginning.
    expect(send(env, reading(60, 20), reading(60, 30)).commands).toEqual([]);
    expect(send(env, reading(60, 36)).commands).toEqual([SHUTDOWN]);
    expect(env.alerts()).toHaveLength(2);
  });

  test("and its alert are one: the alert fires when it rises, and is resolved when it ends", () => {
    const env = environment();
    const open = (): readonly unknown[] =>
      env
        .alertList()
        .map(({ id, key, state, severity, raised }) => ({ id, key, state, severity, raised }));
    send(env, reading(60, 0), reading(5, 1));
    expect(open()).toEqual([]);
    const firing = { id: "m1", key: "gas-leak", state: "firing", severity: "error", raised: 1 };
    send(env, reading(200, 2), reading(300, 3));
    send(env, reading(60, 4));
    expect(open()).toEqual([firing]);
    send(env, reading(50, 5));
    expect(open()).toEqual([]);
    expect(env.alertList({ states: ["resolved"] })).toMatchObject([
      { key: "gas-leak", resolved: { by: "twin" } },
    ]);
    send(env, reading(200, 6));
    expect(open()).toEqual([firing]);
    env.remove("GasMeter", "m1");
    expect(open()).toEqual([]);
  });

  test("goes on while readings are above the limit, however low they get", () => {
    const env = environment();
    send(env, reading(500, 0), reading(50.1, 1));
    expect(meter(env)).toMatchObject({ limitExceeded: true, alarmSounded: true });
  });

  test("that rises twice in one batch sends two commands, and shows as the batch ended", () => {
    const env = environment();
    const { commands } = send(env, reading(200, 0), reading(10, 1), reading(200, 2), reading(9, 3));
    expect(commands).toEqual([SHUTDOWN, SHUTDOWN]);
    expect(meter(env)).toMatchObject({ alarmSounded: false, numEvents: 2, lastPPMReading: 9 });
  });
});

describe("a meter is silent", () => {
  test("when no message came for 10 minutes, and the next message clears it", () => {
    const env = environment();
    send(env, reading(5));
    env.advance(10 * MINUTE_MS - 1);
    expect(meter(env)).toMatchObject({ silent: false });
    env.advance(1);
    expect(meter(env)).toMatchObject({ silent: true, lastPPMReading: 5 });
    send(env, reading(6, 10));
    expect(meter(env)).toMatchObject({ silent: false });
  });

  test("10 minutes after its newest message, whatever came before", () => {
    const env = environment();
    for (let i = 0; i < 5; i++) {
      send(env, reading(5, i));
      env.advance(6 * MINUTE_MS);
    }
    expect(meter(env)).toMatchObject({ silent: false });
    env.advance(4 * MINUTE_MS);
    expect(meter(env)).toMatchObject({ silent: true });
  });

  test("again and again", () => {
    const env = environment();
    for (let i = 0; i < 3; i++) {
      send(env, reading(5, i * 20));
      expect(meter(env)).toMatchObject({ silent: false });
      env.advance(20 * MINUTE_MS);
      expect(meter(env)).toMatchObject({ silent: true });
    }
  });

  test("by the time of its messages' coming, not by their timestamps", () => {
    const env = environment();
    send(env, reading(5, -600));
    env.advance(10 * MINUTE_MS - 1);
    expect(meter(env)).toMatchObject({ silent: false });
  });

  test("though what it sent was refused", () => {
    const env = environment();
    send(env, reading(5));
    env.advance(9 * MINUTE_MS);
    send(env, { PPMReading: "high" });
    env.advance(MINUTE_MS);
    expect(meter(env)).toMatchObject({ silent: true });
  });

  test("and keeps its alarm, which only a reading ends", () => {
    const env = environment();
    send(env, reading(200));
    env.advance(60 * MINUTE_MS);
    expect(meter(env)).toMatchObject({ silent: true, limitExceeded: true, alarmSounded: true });
    expect(env.commands()).toHaveLength(1);
  });

  test("not before its first message: it is not known to be there", () => {
    const env = environment();
    env.put("GasMeter", "m1", { site: "Hardwick, MA" });
    env.advance(60 * MINUTE_MS);
    expect(meter(env)).toMatchObject({ silent: false, lastPPMTime: null });
  });
});

describe("messages", () => {
  test.each(["2026-01-01T12:16:00Z", "2026-01-01T07:16:00-05:00", NOON + 16 * MINUTE_MS])(
    "the Timestamp %s is understood",
    (Timestamp) => {
      const env = environment();
      send(env, reading(60), { PPMReading: 60, Timestamp });
      expect(meter(env)).toMatchObject({
        lastPPMTime: NOON + 16 * MINUTE_MS,
        alarmSounded: true,
      });
    },
  );

  test.each([
    ["without a PPMReading", { Timestamp: NOON }],
    ["whose PPMReading is text", { PPMReading: "60", Timestamp: NOON }],
    ["whose PPMReading is null", { PPMReading: null, Timestamp: NOON }],
    ["without a Timestamp", { PPMReading: 60 }],
    ["whose Timestamp is no time", { PPMReading: 60, Timestamp: "noon" }],
    ["whose Timestamp is null", { PPMReading: 60, Timestamp: null }],
    ["that is no object", 60],
  ])("one %s is rejected, alone", (_, message) => {
    const env = environment();
    const { accepted, rejected } = send(env, reading(60, 1), message, reading(70, 2));
    expect({ accepted, rejected: rejected.map(({ index, code }) => [index, code]) }).toEqual({
      accepted: 2,
      rejected: [[1, "message/invalid"]],
    });
    expect(meter(env)).toMatchObject({ lastPPMReading: 70, numEvents: 1 });
  });

  test("that are all rejected leave no meter behind, nor a change", () => {
    const env = environment();
    expect(send(env, { PPMReading: 60 }).accepted).toBe(0);
    expect(env.twin("GasMeter", "m1")).toBeUndefined();
    send(env, reading(60));
    const before = meter(env);
    send(env, { Timestamp: NOON });
    expect(meter(env)).toEqual(before);
  });

  test("keys that are not known are ignored", () => {
    const env = environment();
    send(env, { ...reading(60), battery: 80, numEvents: 99 });
    expect(meter(env)).toMatchObject({ numEvents: 1 });
    expect(Object.keys(meter(env))).not.toContain("battery");
  });
});

test("queries see every field, times as times", () => {
  expect(Object.fromEntries(gasMeter.fields.map(({ name, type }) => [name, type]))).toEqual({
    lastPPMReading: "number",
    lastPPMTime: "time",
    limitExceeded: "boolean",
    limitStartTime: "time",
    alarmSounded: "boolean",
    numEvents: "number",
    silent: "boolean",
    site: "string",
    longitude: "number",
    latitude: "number",
  });
});

test.each([
  ["gas-meter-alarm-count", [[1]]],
  [
    "gas-meter-leaks",
    [
      ["high", 240],
      ["leaking", 70],
    ],
  ],
  ["gas-meter-alarms", [["high", 240]]],
  ["gas-meter-silent", [["gone", 5]]],
  [
    "gas-meter-most-events",
    [
      ["leaking", 70],
      ["high", 240],
    ],
  ],
])("the widget %s finds what it is for", (id, rows) => {
  const env = environment();
  env.send("GasMeter", "gone", reading(5));
  env.advance(10 * MINUTE_MS);
  env.send("GasMeter", "leaking", [reading(60, 10), reading(4, 11), reading(70, 12)]);
  env.send("GasMeter", "high", reading(240, 12));
  const { sql = "" } = dashboard.widgets.find((widget) => widget.id === id) ?? {};
  const { columns, rows: found } = env.query({ sql });
  const shown = columns.flatMap(({ name }, i) =>
    /^(id|lastPPMReading|meters)$/.test(name) ? [i] : [],
  );
  expect(found.map((row) => shown.map((i) => row[i]))).toEqual(rows);
});

test("twins/GasMeter.csv is what the script makes of vega-datasets: 400 meters with a place each", () => {
  const csv = readFileSync(join(import.meta.dirname, "twins", "GasMeter.csv"), "utf8");
  expect(csv).toBe(gasMetersCsv());
  const lines = csv.trim().split("\n");
  expect(lines[0]).toBe("id,site,longitude,latitude");
  const wrong = lines
    .slice(1)
    .filter((line) => !/^meter-\d{5},"[^"]+, [A-Z]{2}",-\d+\.\d+,\d+\.\d+$/.test(line));
  expect(wrong).toEqual([]);
  expect(new Set(lines.slice(1)).size).toBe(400);
});

/** The specification, sentence by sentence, for one message after the other. Slow and plain on purpose. */
interface Spec {
  state: Record<string, unknown>;
  commands: number;
  lastMessageAtMs: number | undefined;
}

function read(spec: Spec, ppm: number, timestamp: number, nowMs: number): void {
  const { state } = spec;
  spec.lastMessageAtMs = nowMs;
  state["lastPPMReading"] = ppm;
  state["lastPPMTime"] = timestamp;
  if (ppm <= 50) {
    state["limitExceeded"] = false;
    state["alarmSounded"] = false;
    return;
  }
  if (state["limitExceeded"] === false) {
    state["limitExceeded"] = true;
    state["limitStartTime"] = timestamp;
    state["numEvents"] = (state["numEvents"] as number) + 1;
  }
  if (timestamp - (state["limitStartTime"] as number) > 900_000 || ppm >= 200) {
    if (state["alarmSounded"] === false) spec.commands++;
    state["alarmSounded"] = true;
  }
}

const readings = fc.record({
  ppm: fc.oneof(
    fc.constantFrom(0, 49.9, 50, 50.1, 199.9, 200),
    fc.double({ min: 0, max: 400, noNaN: true }),
  ),
  // Minutes around 15 apart, in any order.
  timestamp: fc
    .constantFrom(0, 1, 14, 15, 15.001, 16, 30, 31, 46)
    .map((minutes) => NOON + minutes * MINUTE_MS),
});

/** A batch of readings, and the minutes that pass after it. */
const batches = fc.array(
  fc.record({
    batch: fc.array(readings, { minLength: 1, maxLength: 6 }),
    passMs: fc.constantFrom(
      0,
      1,
      4 * MINUTE_MS,
      10 * MINUTE_MS - 1,
      10 * MINUTE_MS,
      11 * MINUTE_MS,
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

test("any readings in any batches, with any pauses, do what the specification says", () => {
  fc.assert(
    fc.property(batches, (calls) => {
      const env = new MockEnvironment({ models: [gasMeter], nowMs: NOON });
      env.put("GasMeter", "m1", {});
      const spec: Spec = { state: { ...meter(env) }, commands: 0, lastMessageAtMs: undefined };
      for (const { batch, passMs } of calls) {
        send(
          env,
          ...batch.map(({ ppm, timestamp }) => ({ PPMReading: ppm, Timestamp: timestamp })),
        );
        for (const { ppm, timestamp } of batch) read(spec, ppm, timestamp, env.nowMs);
        env.advance(passMs);
        const silentMs = env.nowMs - (spec.lastMessageAtMs ?? env.nowMs);
        spec.state["silent"] = silentMs >= 10 * MINUTE_MS;
        expect(meter(env)).toEqual(spec.state);
        expect(env.commands()).toHaveLength(spec.commands);
        expect(env.alerts()).toHaveLength(spec.commands);
        expect(env.alertList()).toHaveLength(spec.state["alarmSounded"] === true ? 1 : 0);
      }
    }),
    { seed: 4, numRuns: 400 },
  );
});
