import { describe, expect, test } from "vitest";
import { pickNodes } from "../../../models/power-grid/nodes.ts";
import { flightMessages, readFlights } from "../../../tools/replay/flights.ts";
import { gasMessages, readMeters } from "../../../tools/replay/gas.ts";
import { gridMessages } from "../../../tools/replay/grid.ts";
import { ndjsonOf } from "../../../tools/replay/outgoing.ts";
import type { TimedMessage } from "../../../tools/replay/outgoing.ts";
import { readZipCodes } from "../../../tools/replay/zip-codes.ts";

describe("the recorded flights", () => {
  const flights = readFlights();
  const messages = [...flightMessages(flights, { run: "r", forever: false })];

  test("are a departure and an arrival each, in order of time", () => {
    expect(messages).toHaveLength(40_000);
    expect(isInOrder(messages)).toBe(true);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(40_000);
    expect(messages.slice(0, 2)).toEqual([
      {
        atMs: Date.UTC(2001, 0, 1, 0, 47),
        id: "DTW",
        message: {
          kind: "departure",
          date: "2001-01-01T00:47:00.000Z",
          delay: 66,
          distance: 1_750,
          destination: "LAS",
        },
        messageId: "r-0-d",
      },
      {
        atMs: Date.UTC(2001, 0, 1, 0, 47),
        id: "LAS",
        message: {
          kind: "arrival",
          date: "2001-01-01T00:47:00.000Z",
          delay: 66,
          distance: 1_750,
          origin: "DTW",
        },
        messageId: "r-0-a",
      },
    ]);
  });

  test("of an unordered file are sent in order, under their places in the file", () => {
    const [first, second] = flights;
    const swapped = [...flightMessages([second!, first!], { run: "r", forever: false })];
    expect(swapped.map(({ messageId }) => messageId)).toEqual(["r-1-d", "r-1-a", "r-0-d", "r-0-a"]);
  });

  test("come again for ever, thirteen weeks later each time, under other names and still in order", () => {
    const passes: TimedMessage[] = [];
    for (const message of flightMessages(flights, { run: "r", forever: true })) {
      if (passes.push(message) === 80_001) break;
    }
    expect(isInOrder(passes)).toBe(true);
    expect([0, 40_000, 80_000].map((i) => passes[i]!.messageId)).toEqual([
      "r-0-d",
      "r.2-0-d",
      "r.3-0-d",
    ]);
    expect(passes[40_000]!.atMs - passes[0]!.atMs).toBe(91 * 86_400_000);
    expect(passes[40_000]!.message).toMatchObject({ date: "2001-04-02T00:47:00.000Z", delay: 66 });
  });
});

describe("the grid's reports", () => {
  const nodes = pickNodes(readZipCodes(), 500, 1);
  const options = { run: "g", seed: 1, attacks: 0, durationMs: 130_000 };
  const reports = [...gridMessages(nodes, options)];

  test("are numbered in order of time, and end in time", () => {
    expect(isInOrder(reports)).toBe(true);
    expect(reports.map(({ messageId }) => messageId)).toEqual(reports.map((_, n) => `g-${n}`));
    expect(reports.at(-1)!.atMs).toBeLessThan(130_000);
    // 500 nodes send an eighth of a message a second each.
    expect(reports.length).toBeGreaterThan(500 * 130 * 0.12);
  });

  test("are the same for the same seed", () => {
    expect([...gridMessages(nodes, options)]).toEqual(reports);
  });

  test("are severe when nodes are attacked, so many a minute", () => {
    const severe = [...gridMessages(nodes, { ...options, attacks: 5 })].filter(
      ({ message }) => "node_condition" in message && message.node_condition === "severe",
    );
    // At 60 and at 120 seconds; who was attacked at 120 may not have had its next step yet.
    expect(severe.length).toBeGreaterThanOrEqual(5);
    expect(severe.length).toBeLessThanOrEqual(10);
    expect(severe.every(({ atMs }) => atMs >= 60_000)).toBe(true);
  });
});

describe("the gas meters' reports", () => {
  const startMs = Date.UTC(2026, 0, 1);
  const options = { run: "g", seed: 1, startMs, durationMs: 60_000 };

  test("are those of the start-up data, numbered in order of time, and end in time", () => {
    const reports = [...gasMessages(readMeters(), options)];
    expect(isInOrder(reports)).toBe(true);
    expect(reports.map(({ messageId }) => messageId)).toEqual(reports.map((_, n) => `g-${n}`));
    expect(reports.at(-1)!.atMs).toBeLessThan(60_000);
    // Four rounds of 400 meters, but for one that fell silent.
    expect(reports.length).toBeGreaterThan(1_590);
    expect(new Set(reports.map(({ id }) => id)).size).toBe(400);
    expect(reports.every(({ id }) => /^meter-\d{5}$/.test(id))).toBe(true);
  });

  test("are the same for the same seed", () => {
    const reports = [...gasMessages(readMeters().slice(0, 20), options)];
    expect([...gasMessages(readMeters().slice(0, 20), options)]).toEqual(reports);
    expect(
      reports.every(
        ({ atMs, message }) => "Timestamp" in message && message.Timestamp === startMs + atMs,
      ),
    ).toBe(true);
  });
});

test("a request's body has a line for each message, without its time", () => {
  const body = ndjsonOf([
    { atMs: 5, id: "00501", message: { text: "a\nb" }, messageId: "m1" } as TimedMessage,
    { id: "00544", message: {}, messageId: "m2" },
  ]);
  expect(body).toBe(
    '{"id":"00501","message":{"text":"a\\nb"},"messageId":"m1"}\n{"id":"00544","message":{},"messageId":"m2"}',
  );
});

function isInOrder(messages: readonly TimedMessage[]): boolean {
  return messages.every(({ atMs }, i) => i === 0 || messages[i - 1]!.atMs <= atMs);
}
