/** Whole replays over HTTP, to a server that loses, cuts off and refuses: every message takes effect once. */
import { afterEach, describe, expect, test } from "vitest";
import { MODELS } from "../../../models/index.ts";
import { MockEnvironment } from "../../../src/sdk/testing/index.ts";
import { parseReplayArguments } from "../../../tools/replay/arguments.ts";
import { flightMessages, readFlights } from "../../../tools/replay/flights.ts";
import {
  replayAirports,
  replayGasMeters,
  replayPowerGrid,
  replayWindTurbines,
} from "../../../tools/replay/run.ts";
import type { ReplayHost } from "../../../tools/replay/run.ts";
import { verifyAirports } from "../../../tools/replay/verify.ts";
import { FakeServer } from "./fake-server.ts";

/** From the first flight to the last. */
const EVENT_MS = Date.UTC(2001, 2, 31, 22, 27) - Date.UTC(2001, 0, 1, 0, 47);

let server: FakeServer | undefined;
afterEach(() => server?.kill());

async function startServer(seed: number, faultShare: number): Promise<FakeServer> {
  server = new FakeServer(new MockEnvironment({ models: MODELS }), seed, faultShare);
  await server.start();
  return server;
}

interface TestHost extends ReplayHost {
  readonly lines: string[];
  readonly stopping: AbortController;
}

/** Time passes only while waiting, and waiting takes none. `onWait` is called with each wait's number. */
function host(onWait: (n: number) => Promise<void> | void = () => undefined): TestHost {
  const lines: string[] = [];
  const stopping = new AbortController();
  let nowMs = 0;
  let waits = 0;
  return {
    lines,
    stopping,
    stop: stopping.signal,
    stdout: process.stdout,
    print: (line) => lines.push(line),
    printProblem: (line) => lines.push(line),
    key: undefined,
    wait: async (ms) => {
      nowMs += ms;
      await onWait(++waits);
    },
    nowMs: () => nowMs,
    random: () => 0.5,
  };
}

async function replay(line: string, on: ReplayHost): Promise<boolean> {
  const parsed = parseReplayArguments([...line.split(" "), "--to", server!.url]);
  switch (parsed.kind) {
    case "airports":
      return replayAirports(parsed.options, on);
    case "power-grid":
      return replayPowerGrid(parsed.options, on);
    case "gas-meter":
      return replayGasMeters(parsed.options, on);
    case "wind-turbine":
      return replayWindTurbines(parsed.options, on);
    case "verify":
      return verifyAirports(parsed.options, on);
    default:
      throw new Error(JSON.stringify(parsed));
  }
}

describe("every flight counts once", () => {
  test.each([1, 2])("when half of the requests meet a fault (seed %i)", async (seed) => {
    const fake = await startServer(seed, 0.5);
    expect(await replay("airports --speed max --batch 500 --quiet", host())).toBe(true);

    // Every kind of fault happened, and nothing was sent side by side.
    expect([...fake.counts.keys()].toSorted()).toEqual([
      "answer-cut",
      "answer-lost",
      "cell-overloaded",
      "lost",
      "none",
      "overloaded",
    ]);
    expect(fake.inFlightMax).toBe(1);
    expect(firstTimes(fake)).toEqual(flightsByAirport());
    const verifier = host();
    expect(await replay("verify airports", verifier)).toBe(true);
    expect(verifier.lines).toEqual([
      "flights-20k: 224 airports, read one by one, agree with SQL over the flights",
      "flights-20k: 224 airports, read by one query, agree with SQL over the flights",
      "flights-20k: 6 aggregates over all airports agree with SQL over the flights",
    ]);
  });

  test("when the server is killed again and again, and comes back", async () => {
    const fake = await startServer(5, 0.3);
    let returns = 0;
    const on = host(async (n) => {
      if (n % 5 === 2) await fake.kill();
      if (n % 5 !== 4) return;
      await fake.start();
      returns++;
    });
    expect(await replay("airports --speed max --batch 1000 --quiet", on)).toBe(true);
    expect(returns).toBeGreaterThan(1);
    expect(await replay("verify airports", host())).toBe(true);
  });

  test("when the same run is sent again: all are duplicates", async () => {
    await startServer(6, 0);
    await replay("airports --speed max --quiet", host());
    const on = host();
    expect(await replay("airports --speed max", on)).toBe(true);
    expect(on.lines[0]).toContain("0 accepted, 40,000 duplicates, 0 rejected");
    expect(await replay("verify airports", host())).toBe(true);
  });
});

test("verification finds one flight too many, wherever it is looked for", async () => {
  const fake = await startServer(7, 0);
  await replay("airports --speed max --quiet", host());
  const date = "2001-01-01T00:00:00Z";
  fake.env.send("Airport", "ORD", { kind: "arrival", date, delay: 0, distance: 1, origin: "DTW" });
  const verifier = host();
  expect(await replay("verify airports --run mine", verifier)).toBe(false);
  expect(verifier.lines).toEqual([
    "mine: 224 airports, read one by one, differ from SQL over the flights in 1 places",
    "  twin  field     expected  found",
    "  ORD   arrivals  1160      1161",
    "mine: 224 airports, read by one query, differ from SQL over the flights in 1 places",
    "  twin  field     expected  found",
    "  ORD   arrivals  1160      1161",
    "mine: 6 aggregates over all airports differ from SQL over the flights in 1 places",
    "  twin   field         expected  found",
    "  (all)  sum_arrivals  20000     20001",
  ]);
});

describe("in event time", () => {
  test("a replay takes as long as the flights at its speed", async () => {
    await startServer(8, 0);
    const on = host();
    await replay("airports --speed 36000 --quiet", on);
    expect(on.nowMs()).toBeGreaterThanOrEqual(EVENT_MS / 36_000);
    expect(on.nowMs()).toBeLessThan(EVENT_MS / 36_000 + 400);
  });

  test("an outage is not made up for: the rest comes as calmly as before", async () => {
    const fake = await startServer(13, 0);
    let downSinceMs: number | undefined;
    let outageMs = 0;
    const on = host(async (n) => {
      if (n === 100) {
        await fake.kill();
        downSinceMs = on.nowMs();
      } else if (downSinceMs !== undefined && on.nowMs() - downSinceMs > 30_000) {
        await fake.start();
        outageMs = on.nowMs() - downSinceMs;
        downSinceMs = undefined;
      }
    });
    await replay("airports --speed 36000 --quiet", on);
    expect(outageMs).toBeGreaterThan(30_000);
    // What is late by 2 seconds at most is made up for.
    expect(on.nowMs()).toBeGreaterThan(EVENT_MS / 36_000 + outageMs - 2_400);
  });

  test("what an earlier replay has sent takes no time", async () => {
    await startServer(9, 0);
    const early = host((n) => (n === 300 ? early.stopping.abort() : undefined));
    await replay("airports --speed 36000 --quiet", early);
    const late = host();
    await replay("airports --speed 36000 --quiet", late);
    expect(early.nowMs()).toBeGreaterThan(60_000);
    // The last of the batches that were passed over may hold a minute of what is new.
    expect(late.nowMs()).toBeGreaterThan(EVENT_MS / 36_000 - early.nowMs() - 20_000);
    expect(late.nowMs()).toBeLessThan(EVENT_MS / 36_000 - early.nowMs() + 400);
    expect(await replay("verify airports", host())).toBe(true);
  });
});

describe("what can't be sent", () => {
  test("ends a replay that makes no progress", async () => {
    const fake = await startServer(10, 0);
    const { url } = fake;
    await fake.kill();
    const on = host();
    const parsed = parseReplayArguments([
      "airports",
      "--speed",
      "max",
      "--give-up",
      "30",
      "--to",
      url,
    ]);
    if (parsed.kind !== "airports") throw new Error(parsed.kind);
    await expect(replayAirports(parsed.options, on)).rejects.toThrow(
      "Gave up after 30 s without progress: ECONNREFUSED",
    );
    expect(on.lines[0]).toBe(`${url} takes no messages: ECONNREFUSED. Trying again…`);
    expect(on.lines[1]).toContain("0 accepted, 0 duplicates, 0 rejected, 5,000 unanswered.");
    await fake.start();
  });

  test("is said once, and so is that it goes on", async () => {
    const fake = await startServer(11, 0);
    await fake.kill();
    const on = host((n) => (n === 8 ? fake.start() : undefined));
    const parsed = parseReplayArguments([
      "airports",
      "--speed",
      "max",
      "--quiet",
      "--to",
      fake.url,
    ]);
    if (parsed.kind !== "airports") throw new Error(parsed.kind);
    expect(await replayAirports(parsed.options, on)).toBe(true);
    expect(on.lines).toEqual([
      `${fake.url} takes no messages: ECONNREFUSED. Trying again…`,
      expect.stringMatching(/ takes messages again, after [\d.]+ s\.$/),
    ]);
  });
});

test.each([
  [undefined, undefined],
  ["secret", "Bearer secret"],
])("with the key %s, every request carries the authorization %s", async (key, authorization) => {
  const fake = await startServer(14, 0);
  await replay("airports --speed max --quiet", { ...host(), key });
  await replay("verify airports", { ...host(), key });
  expect([...fake.authorizations]).toEqual([authorization]);
});

test("a power grid's reports are taken, over faults, and end when they are to", async () => {
  const fake = await startServer(12, 0.5);
  expect(
    await replay(
      "power-grid --nodes 200 --speed max --duration 120 --attacks 2 --batch 100 --quiet",
      host(),
    ),
  ).toBe(true);
  const twins = fake.env.twins("StatusTracker");
  expect(twins.size).toBe(200);
  const levels = new Set([...twins.values()].map((state) => state["alert_level"]));
  expect([...levels].some((level) => level === 10 || level === 20)).toBe(true);
});

test("gas meters' readings are taken, over faults, and end when they are to", async () => {
  const fake = await startServer(13, 0.5);
  const line = "gas-meter --meters 100 --speed max --duration 7200 --batch 2000 --quiet";
  expect(await replay(line, host())).toBe(true);
  const twins = [...fake.env.twins("GasMeter").values()];
  expect(twins).toHaveLength(100);
  expect(twins.some((state) => Number(state["numEvents"]) > 0)).toBe(true);
});

test("turbines' reports are taken, on land and at sea, over faults", async () => {
  const fake = await startServer(14, 0.5);
  const line = "wind-turbine --turbines 60 --speed max --duration 3600 --batch 1000 --quiet";
  expect(await replay(line, host())).toBe(true);
  const land = [...fake.env.twins("WindTurbine").values()];
  const sea = [...fake.env.twins("OffshoreTurbine").values()];
  expect([land.length, sea.length]).toEqual([40, 20]);
  for (const { messageList } of [...land, ...sea]) expect(messageList).toHaveLength(120);
});

/** Message ids by airport, in the order in which they took effect; a copy that came later took none. */
function firstTimes(fake: FakeServer): ReadonlyMap<string, readonly string[]> {
  return new Map([...fake.taken].map(([id, messageIds]) => [id, [...new Set(messageIds)]]));
}

function flightsByAirport(): ReadonlyMap<string, readonly string[]> {
  const messages = [...flightMessages(readFlights(), { run: "flights-20k", forever: false })];
  const byAirport = Map.groupBy(messages, ({ id }) => id);
  return new Map([...byAirport].map(([id, some]) => [id, some.map(({ messageId }) => messageId)]));
}
