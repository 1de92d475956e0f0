/** Turbines against a plain reading of the rules: all messages are kept, and everything is found anew from them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import fleet from "./fleet.ts";
import offshoreTurbine from "./offshore-turbine.ts";
import windFarm from "./wind-farm.ts";
import windTurbine from "./wind-turbine.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Came {
  readonly Temp: number;
  readonly RPMSpeed: number;
  readonly Timestamp: number;
  readonly WaveHeight: number | undefined;
  readonly nowMs: number;
}

interface Kind {
  readonly model: "WindTurbine" | "OffshoreTurbine";
  readonly tempMax: number;
  readonly minutes: number;
  readonly minutesBeforeMaintenance: number;
}

const KINDS: readonly Kind[] = [
  { model: "WindTurbine", tempMax: 100, minutes: 10, minutesBeforeMaintenance: 2 },
  { model: "OffshoreTurbine", tempMax: 105, minutes: 5, minutesBeforeMaintenance: 1 },
];

/** One episode: the messages from its first beyond the limit to the last so far, and the one that ended it. */
interface Episode {
  readonly beyond: readonly Came[];
  readonly end: Came | undefined;
}

function episodesOf(log: readonly Came[], isBeyond: (came: Came) => boolean): readonly Episode[] {
  const episodes: Episode[] = [];
  for (let i = 0; i < log.length; i++) {
    if (!isBeyond(log[i]!)) continue;
    let end = i;
    while (end < log.length && isBeyond(log[end]!)) end++;
    episodes.push({ beyond: log.slice(i, end), end: log[end] });
    i = end;
  }
  return episodes;
}

/** The messages of an episode that an alert is sent at, and what their commands say. */
function alertsOf(
  { beyond }: Episode,
  type: string,
  kind: Kind,
  maintMs: number,
): readonly object[] {
  const sent: { at: number }[] = [];
  for (const [i, { Timestamp: at, nowMs }] of beyond.entries()) {
    const duration = at - beyond[0]!.Timestamp;
    const inPreMaintenancePeriod = (maintMs - nowMs) / DAY_MS < 120;
    const minutes = inPreMaintenancePeriod ? kind.minutesBeforeMaintenance : kind.minutes;
    if (duration / MINUTE_MS <= minutes) continue;
    const last = sent.at(-1);
    if (last !== undefined && at < last.at + 30_000) continue;
    sent.push({ type, duration, inPreMaintenancePeriod, messageCount: i + 1, at } as {
      at: number;
    });
  }
  return sent;
}

interface Expected {
  readonly state: Readonly<Record<string, unknown>>;
  /** Commands and incidents of the two conditions, each in order. */
  readonly commands: Readonly<Record<string, readonly object[]>>;
  readonly incidents: Readonly<Record<string, readonly unknown[]>>;
  readonly openAlerts: readonly string[];
  /** Episodes with an alert, by its key: each is one alert, open or resolved. */
  readonly alerts: Readonly<Record<string, number>>;
}

function expected(log: readonly Came[], kind: Kind, maintMs: number): Expected {
  const temp = watched(log, "HighTemperature", ({ Temp }) => Temp > kind.tempMax, kind, maintMs);
  const rpm = watched(log, "LowRPM", ({ RPMSpeed }) => RPMSpeed < 60, kind, maintMs);
  const waves = wavesOf(log);
  const isHigh = kind.model === "OffshoreTurbine" && waves.high;
  const openAlerts = [
    ...(temp.alertTime === null ? [] : ["high-temperature"]),
    ...(isHigh ? ["high-waves"] : []),
    ...(rpm.alertTime === null ? [] : ["low-rpm"]),
  ];
  const condition = temp.tracking || rpm.tracking ? "warning" : "ok";
  const inOrder = log.toSorted((a, b) => a.Timestamp - b.Timestamp);
  return {
    state: {
      condition: openAlerts.length > 0 ? "critical" : condition,
      temp: log.at(-1)?.Temp,
      rpm: log.at(-1)?.RPMSpeed,
      lastMessageTime: log.at(-1)?.Timestamp,
      trackingHighTemperature: temp.tracking,
      highTempStartTime: temp.start,
      highTempAlertTime: temp.alertTime,
      numberMsgsWithOverTemp: temp.count,
      trackingLowRPM: rpm.tracking,
      lowRPMStartTime: rpm.start,
      lowRPMAlertTime: rpm.alertTime,
      numberMsgsWithLowRPM: rpm.count,
      messageList: inOrder.map(({ Timestamp, Temp, RPMSpeed }) => [Timestamp, Temp, RPMSpeed]),
      ...dayOf(inOrder),
      ...(kind.model === "OffshoreTurbine"
        ? { waveHeight: waves.last, numberMsgsWithHighWaves: waves.row, highWaves: waves.high }
        : {}),
    },
    commands: { HighTemperature: temp.commands, LowRPM: rpm.commands },
    incidents: { HighTemperature: temp.incidents, LowRPM: rpm.incidents },
    openAlerts,
    alerts: { "high-temperature": temp.alerts, "low-rpm": rpm.alerts },
  };
}

function watched(
  log: readonly Came[],
  type: string,
  isBeyond: (came: Came) => boolean,
  kind: Kind,
  maintMs: number,
) {
  const episodes = episodesOf(log, isBeyond);
  const last = episodes.at(-1);
  const open = last !== undefined && last.end === undefined ? last : undefined;
  const openCommands = open && (alertsOf(open, type, kind, maintMs) as { at: number }[]);
  return {
    tracking: open !== undefined,
    start: open?.beyond[0]?.Timestamp ?? null,
    count: open?.beyond.length ?? 0,
    alertTime: openCommands?.at(-1)?.at ?? null,
    alerts: episodes.filter((each) => alertsOf(each, type, kind, maintMs).length > 0).length,
    commands: episodes.flatMap((episode) => alertsOf(episode, type, kind, maintMs)),
    incidents: episodes.flatMap((episode) => [
      ["Started", episode.beyond[0]?.Timestamp],
      ...(alertsOf(episode, type, kind, maintMs) as { at: number }[]).map(({ at }) => [
        "AlertSent",
        at,
      ]),
      ...(episode.end === undefined ? [] : [["Resolved", episode.end.Timestamp]]),
    ]),
  };
}

function wavesOf(log: readonly Came[]): { last: number | null; row: number; high: boolean } {
  const heights = log.flatMap(({ WaveHeight }) => (WaveHeight === undefined ? [] : [WaveHeight]));
  const row = heights.length - 1 - heights.findLastIndex((height) => height <= 8);
  return { last: heights.at(-1) ?? null, row, high: row >= 3 };
}

function dayOf(inOrder: readonly Came[]): object {
  const hourOf = ({ Timestamp }: Came): number => Math.floor(Timestamp / HOUR_MS);
  const newest = hourOf(inOrder.at(-1)!);
  const day = inOrder.filter((came) => hourOf(came) > newest - 24);
  const hours = new Set(day.map(hourOf)).size;
  return {
    meanMessageCount: day.length / hours,
    meanTemp: day.reduce((sum, { Temp }) => sum + Temp, 0) / day.length,
    meanRPM: day.reduce((sum, { RPMSpeed }) => sum + RPMSpeed, 0) / day.length,
  };
}

/** Quarters, so that sums are exact in whatever order. */
const messages = fc.record({
  Temp: fc.constantFrom(80, 99.75, 100, 100.25, 105, 105.25, 110),
  RPMSpeed: fc.constantFrom(40, 59.75, 60, 60.25, 90),
  Timestamp: fc
    .constantFrom(
      0,
      0.5,
      1,
      1.01,
      1.5,
      2,
      2.01,
      2.5,
      5,
      5.01,
      10,
      10.01,
      10.5,
      11,
      16,
      30,
      70,
      1_445,
    )
    .map((minutes) => NOON + minutes * MINUTE_MS),
  WaveHeight: fc.option(fc.constantFrom(2, 8, 8.1, 9), { nil: undefined }),
});

/** Batches that come mostly in order, and the time that passes after each. */
const calls = fc.array(
  fc.record({
    batch: fc
      .tuple(fc.array(messages, { minLength: 1, maxLength: 8 }), fc.boolean())
      .map(([batch, isSorted]) =>
        isSorted ? batch.toSorted((a, b) => a.Timestamp - b.Timestamp) : batch,
      ),
    hot: fc.constantFrom(undefined, undefined, 110),
    passMs: fc.constantFrom(0, 1, DAY_MS),
  }),
  { minLength: 1, maxLength: 8 },
);

test.each(KINDS)("$model: any messages in any batches do what the rules say", (kind) => {
  const { model } = kind;
  fc.assert(
    fc.property(calls, fc.constantFrom(119, 120, 121, 122, 400), (sent, days) => {
      const env = new MockEnvironment({
        models: [windTurbine, offshoreTurbine, windFarm, fleet],
        nowMs: NOON,
        restartBetweenCalls: true,
      });
      const nextMaintDate = NOON + days * DAY_MS;
      env.put(model, "t1", { turbineModel: "ModelB", nextMaintDate });
      const log: Came[] = [];
      for (const { batch, hot, passMs } of sent) {
        const came = batch.map((message) => ({ ...message, Temp: hot ?? message.Temp }));
        expect(env.send(model, "t1", came).accepted).toBe(came.length);
        log.push(...came.map((message) => ({ ...message, nowMs: env.nowMs })));
        env.advance(passMs);
        const { state, commands, incidents, openAlerts, alerts } = expected(
          log,
          kind,
          nextMaintDate,
        );
        const twin = env.twin(model, "t1") ?? {};
        expect(twin).toMatchObject(state);
        const list = twin["incidentList"] as {
          type: string;
          incident: string;
          timestamp: number;
        }[];
        for (const type of ["HighTemperature", "LowRPM"]) {
          const told = env.commands().map(({ body }) => body as { type: string });
          expect(told.filter((command) => command.type === type)).toEqual(commands[type]);
          expect(
            list
              .filter((each) => each.type === type)
              .map(({ incident, timestamp }) => [incident, timestamp]),
          ).toEqual(incidents[type]);
        }
        const all = env.alertList({ states: ["firing", "resolved"] });
        for (const [key, count] of Object.entries(alerts))
          expect(all.filter((alert) => alert.key === key)).toHaveLength(count);
        expect(
          env
            .alertList()
            .map(({ key }) => key)
            .toSorted(),
        ).toEqual(openAlerts);
      }
    }),
    { seed: 17, numRuns: 100 },
  );
});
