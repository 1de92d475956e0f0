/** Lists and statistics as fields of a twin, and the examples of docs/windows.md. */
import { describe, expect, test } from "vitest";
import * as sdk from "livetwin";
import {
  addEvent,
  addToBins,
  addToEwma,
  DigitalTwin,
  model,
  newEwma,
  slopeOf,
  statisticsOf,
  tumblingWindows,
  zScoreOf,
} from "livetwin";
import type { Bin, ProcessingContext, TimeValue } from "livetwin";
import { MockEnvironment } from "livetwin/testing";
import * as v from "valibot";
import { textOf } from "../../repo/sources.ts";

const HOUR_MS = 3_600_000;
const NINE = Date.UTC(2026, 10, 23, 9);

const Reading = v.object({ timestamp: v.union([v.string(), v.number()]), temp: v.number() });
type Reading = v.InferOutput<typeof Reading>;

class Pump extends DigitalTwin<Reading> {
  readings: Reading[] = [];
  hourly: Bin[] = [];
  usual = newEwma();
  rising: number | null = null;

  override processMessages(context: ProcessingContext, messages: Reading[]): void {
    for (const reading of messages) {
      const { timestamp, temp } = reading;
      const score = zScoreOf(temp, this.usual);
      if (score !== null && score > 4) context.alert({ title: `${context.id} is hot: ${temp} °C` });

      addToEwma(this.usual, timestamp, temp, { halfLifeMs: 6 * HOUR_MS });
      addEvent(this.readings, reading, { countMax: 2_000, ageMsMax: HOUR_MS });
      addToBins(this.hourly, timestamp, temp, { lengthMs: HOUR_MS, countMax: 24 });
    }
    this.rising = slopeOf(this.readings, ({ temp }) => temp, { per: "hour" });
  }
}

const pump = model(Pump, { name: "Pump", message: Reading, query: { rising: "number" } });

interface PumpState {
  readonly readings: readonly Reading[];
  readonly hourly: readonly Bin[];
  readonly rising: number | null;
}

describe("in a model", () => {
  test("lists, bins and means survive restarts between messages, which come in any form and order", () => {
    const env = new MockEnvironment({ models: [pump], restartBetweenCalls: true });
    env.send("Pump", "p1", { timestamp: "2026-11-23T09:30Z", temp: 25 });
    env.send("Pump", "p1", { timestamp: NINE + HOUR_MS, temp: 30 });
    env.send("Pump", "p1", { timestamp: "2026-11-23T10:00+01:00", temp: 20 });
    const { readings, hourly, rising } = env.twin("Pump", "p1") as unknown as PumpState;
    expect(readings.map(({ temp }) => temp)).toEqual([20, 25, 30]);
    expect(hourly.map(statisticsOf)).toMatchObject([
      { count: 2, mean: 22.5 },
      { count: 1, mean: 30 },
    ]);
    expect(rising).toBeCloseTo(10, 9);
  });

  test("a value far from the usual raises an alert", () => {
    const env = new MockEnvironment({ models: [pump] });
    const readings = Array.from({ length: 60 }, (_, i) => ({
      timestamp: NINE + i * 60_000,
      temp: 20 + (i % 2),
    }));
    env.send("Pump", "p1", readings);
    expect(env.alerts()).toEqual([]);
    env.send("Pump", "p1", { timestamp: NINE + HOUR_MS, temp: 30 });
    expect(JSON.stringify(env.alerts())).toContain("p1 is hot: 30 °C");
  });

  test("a time that is none rejects its message alone, with the function and the value", () => {
    const env = new MockEnvironment({ models: [pump] });
    const { accepted, rejected } = env.send("Pump", "p1", [
      { timestamp: NINE, temp: 20 },
      { timestamp: "yesterday", temp: 21 },
      { timestamp: NINE + 1, temp: 22 },
    ]);
    expect(accepted).toBe(2);
    expect(rejected).toMatchObject([{ index: 1, code: "model/failed" }]);
    expect(rejected[0]!.detail).toContain('addToEwma: the time is "yesterday"; a time is');
    const { readings } = env.twin("Pump", "p1") as unknown as PumpState;
    expect(readings.map(({ temp }) => temp)).toEqual([20, 22]);
  });

  test("a window is refused as a part of the state", () => {
    class Keeper extends DigitalTwin<Reading> {
      windows: unknown[] = [];
      override processMessages(_: ProcessingContext, messages: Reading[]): void {
        this.windows = tumblingWindows(messages, { lengthMs: HOUR_MS });
      }
    }
    const env = new MockEnvironment({
      models: [model(Keeper, { name: "Keeper", message: Reading })],
    });
    const { rejected } = env.send("Keeper", "k", { timestamp: NINE, temp: 20 });
    expect(rejected).toMatchObject([{ code: "twin/unstorable" }]);
    expect(rejected[0]!.detail).toContain("EventWindow can't be stored");
  });

  test("times may be Dates of the state", () => {
    const list: { timestamp: TimeValue }[] = [{ timestamp: new Date(NINE) }];
    addEvent(list, { timestamp: "2026-11-23T08:00Z" }, { countMax: 9 });
    expect(list).toEqual([{ timestamp: "2026-11-23T08:00Z" }, { timestamp: new Date(NINE) }]);
  });
});

describe("docs/windows.md", () => {
  const page = textOf("docs/windows.md");
  const blockOf = (language: string): string =>
    new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;
  const rows = [...page.matchAll(/^\| (.*?) \| `(.*)` \| `(.*)` \|$/gm)].map(
    ([, what, example, gives]) => ({ what: what!, example: example!, gives: gives! }),
  );

  test("shows the model of this file", () => {
    expect(textOf("test/core/events/in-a-model.test.ts")).toContain(blockOf("ts"));
  });

  test.each(rows)("says what comes of $example", ({ example, gives }) => {
    const statements = example.split("; ");
    const last = statements.pop()!;
    const body = `${blockOf("js")}${statements.join(";")}; return [${last}, ${gives}];`;
    // oxlint-disable-next-line typescript/no-implied-eval -- the page's own examples, so that none is wrong
    const [result, expected] = new Function(...Object.keys(sdk), body)(...Object.values(sdk)) as [
      unknown,
      unknown,
    ];
    expect(round(result)).toEqual(round(expected));
  });

  test("has an example for every function", () => {
    const shown = rows.map(({ example }) => example).join("\n");
    const functions = [
      ...textOf("src/sdk/index.ts").matchAll(/export \{([^}]*)\} from "\.\/events\//g),
    ].flatMap(([, names]) => names!.match(/\w+/g)!);
    expect(functions.length).toBeGreaterThan(20);
    expect(functions.filter((name) => !shown.includes(`${name}(`))).toEqual([]);
  });
});

/** Numbers to twelve digits: what is shown is the rule, not its rounding. */
function round(result: unknown): unknown {
  return JSON.parse(
    JSON.stringify(result, (_, part: unknown) =>
      typeof part === "number" ? Number(part.toPrecision(12)) : part,
    ),
  );
}
