/** What a cell sends to the archive, and what becomes of it when nothing takes it. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { batchesOf } from "../../src/core/archive/batches.ts";
import { archiveLine, archivedRecord } from "../../src/core/archive/record.ts";
import { hourOf, objectKey, writeDueAtMs } from "../../src/core/archive/schedule.ts";
import {
  ARCHIVE_AGE_MS_MAX,
  ARCHIVE_LATE_MS,
  ARCHIVE_LOG_MS,
  ARCHIVE_OBJECT_CHARS_MAX,
  ARCHIVE_WAITING_CHARS_MAX,
  ARCHIVE_WAITING_MAX,
  MESSAGE_CHARS_MAX,
  ROW_CHARS_MAX,
  STEP_ARCHIVED_MAX,
} from "../../src/core/limits.ts";
import { Cell } from "../../src/core/cell/cell.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";
import { StepContext } from "../../src/core/step-context.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { Json, ProcessingContext } from "../../src/sdk/index.ts";
import { CellHost } from "../support/cell-host.ts";

const HOUR_MS = 3_600_000;

/** Archives what a message says, so many times. */
class Archiving extends DigitalTwin<{ record?: unknown; times: number; spoil?: boolean }> {
  override processMessages(
    context: ProcessingContext,
    messages: { record?: unknown; times: number; spoil?: boolean }[],
  ): void {
    for (const message of messages) {
      for (let i = 0; i < message.times; i++) context.archive(message.record as Json);
      message.spoil = true;
    }
  }
}

const archivingModel = model(Archiving, {
  name: "Counter",
  message: v.any(),
  archive: ({ times }) => times === 0,
});

function send(host: CellHost, times: number, record: unknown = 1): string | undefined {
  return host.send({ id: "a", message: { record, times } }).rejected[0]?.[1].detail;
}

/** The records that wait, as they would be in the archive. */
function waiting({ cell }: CellHost): unknown[] {
  const entries = [...cell.outbox.entries()].filter(({ lane }) => lane === "archive");
  return entries.map(({ message }) => JSON.parse(archivedRecord(message).text) as unknown);
}

describe("a record for the archive", () => {
  test("waits in the outbox, as it was when the step ended, also after a restart", () => {
    const host = new CellHost(archivingModel);
    send(host, 2, { a: [1] });
    send(host, 0, "raw");
    const records = [
      { a: [1] },
      { a: [1] },
      { kind: "message", message: { record: "raw", times: 0 } },
    ];
    expect(waiting(host)).toEqual(records);
    host.restart();
    expect(waiting(host)).toEqual(records);
    expect(host.cell.outbox.archiveSize).toBe(3);
    host.cell.checkpoint();
    host.restart();
    expect(waiting(host)).toEqual(records);
    const [first] = host.cell.outbox.entries();
    expect(JSON.parse(archiveLine("M", "a", archivedRecord(first!.message)))).toEqual({
      model: "M",
      id: "a",
      at: new Date(host.nowMs).toISOString(),
      record: { a: [1] },
    });
  });

  test("is one of so many that a step may archive, of the size of a message", () => {
    const host = new CellHost(archivingModel);
    expect(send(host, STEP_ARCHIVED_MAX)).toBeUndefined();
    expect(send(host, STEP_ARCHIVED_MAX + 1)).toContain(`may archive ${STEP_ARCHIVED_MAX} records`);
    const step = new StepContext(archivingModel, "a", 1, 0, { models: new Map() });
    expect(() => step.archive("x".repeat(MESSAGE_CHARS_MAX - 2))).not.toThrow();
    expect(() => step.archive("x".repeat(MESSAGE_CHARS_MAX - 1))).toThrow(
      `archive: ${MESSAGE_CHARS_MAX + 1} characters`,
    );
    expect(() => step.archive(undefined as unknown as Json)).toThrow(
      "archive: undefined is no JSON value",
    );
  });

  test("is dropped where there is no archive, which the log says once in a while", () => {
    const store = new MemoryStore();
    const world = { models: new Map([["Counter", archivingModel]]), hasArchive: false };
    const cell = new Cell({
      model: archivingModel,
      world,
      store,
      monotonicMs: () => 0,
      wake: () => undefined,
      incarnation: "x",
    });
    const take = (nowMs: number): void => {
      cell.submit({
        elements: [{ id: "a", message: { record: 1, times: 3 } }],
        wantCommands: false,
        settle: () => undefined,
      });
      cell.turn(nowMs);
    };
    const lines = (): number =>
      cell.log.newest(100, {}).filter(({ text }) => text.includes("no archive")).length;
    take(0);
    take(ARCHIVE_LOG_MS - 1);
    expect(lines()).toBe(1);
    take(ARCHIVE_LOG_MS);
    expect(lines()).toBe(2);
    expect(cell.outbox.size).toBe(0);
    expect(cell.counts.archived).toBe(0);
  });
});

describe("records that the archive does not take", () => {
  test("wait up to their number; then the oldest is lost for each one more, counted and logged", () => {
    const host = new CellHost(archivingModel);
    for (let i = 0; i < ARCHIVE_WAITING_MAX / STEP_ARCHIVED_MAX; i++)
      send(host, STEP_ARCHIVED_MAX, i);
    expect(host.cell.outbox.archiveSize).toBe(ARCHIVE_WAITING_MAX);
    expect(host.cell.counts.archiveDropped).toBe(0);
    send(host, 3, "newest");
    expect(host.cell.outbox.archiveSize).toBe(ARCHIVE_WAITING_MAX);
    expect(host.cell.counts).toMatchObject({ archiveDropped: 3 });
    expect(waiting(host).slice(-4)).toEqual([99, "newest", "newest", "newest"]);
    expect(host.cell.log.newest(10, {})[0]!.text).toContain("3 records were lost");
    // They count for nothing else: messages come in as ever.
    expect(host.cell.outbox.sizeWithoutArchive).toBe(0);
    host.restart();
    expect(host.cell.outbox.archiveSize).toBe(ARCHIVE_WAITING_MAX);
  });

  test("wait up to their characters", () => {
    const host = new CellHost(archivingModel);
    const chars = 65_536;
    const fits = ARCHIVE_WAITING_CHARS_MAX / chars;
    const record = "x".repeat(chars - 2);
    for (let i = 0; i < fits; i++) send(host, 1, record);
    expect(host.cell.outbox.archiveChars).toBe(ARCHIVE_WAITING_CHARS_MAX);
    expect(host.cell.counts.archiveDropped).toBe(0);
    send(host, 1, 7);
    expect(host.cell.counts.archiveDropped).toBe(1);
    expect(host.cell.outbox.archiveSize).toBe(fits);
    const [first] = host.cell.outbox.entries();
    host.cell.outbox.delivered(first!.n);
    expect(host.cell.outbox.archiveChars).toBe(ARCHIVE_WAITING_CHARS_MAX - 2 * chars + 1);
  });
});

describe("delivered records", () => {
  const delivered = (n: number, atMs: number, text: string): [number, string, string, Json] => {
    return [n, "M", "a", [atMs, text]];
  };

  test("are rows by hour, numbered after the last, each record in one", () => {
    const entries = [
      delivered(7, HOUR_MS, "1"),
      delivered(8, HOUR_MS - 1, "2"),
      delivered(9, HOUR_MS, "3"),
    ];
    const batches = batchesOf(entries, 10);
    expect(batches.map(({ hour, n, lines }) => [hour, n, lines.length])).toEqual([
      [0, 11, 1],
      [1, 12, 2],
    ]);
    expect(batchesOf([], 10)).toEqual([]);
  });

  test("of many characters are several rows, none too large", () => {
    const text = JSON.stringify("x".repeat(100_000));
    const batches = batchesOf(
      Array.from({ length: 9 }, (_, n) => delivered(n, 0, text)),
      0,
    );
    expect(batches.map(({ n, lines }) => [n, lines.length])).toEqual([
      [1, 4],
      [5, 4],
      [9, 1],
    ]);
    for (const { lines, chars } of batches) {
      expect(lines.join("\n").length).toBe(chars - 1);
      expect(chars).toBeLessThanOrEqual(ROW_CHARS_MAX + 1);
    }
  });
});

describe("gathered records are written", () => {
  const gathering = { hour: 10, records: 1, chars: 1, takenAtMs: 10 * HOUR_MS };

  test("when they are old enough, or their hour has ended a while ago, or they are many", () => {
    expect(writeDueAtMs(gathering)).toBe(10 * HOUR_MS + ARCHIVE_AGE_MS_MAX);
    const takenAtMs = 11 * HOUR_MS - 1_000;
    expect(writeDueAtMs({ ...gathering, takenAtMs })).toBe(11 * HOUR_MS + ARCHIVE_LATE_MS);
    const late = 15 * HOUR_MS;
    expect(writeDueAtMs({ ...gathering, takenAtMs: late })).toBe(late + ARCHIVE_LATE_MS);
    const chars = ARCHIVE_OBJECT_CHARS_MAX;
    expect(writeDueAtMs({ ...gathering, chars: chars - 1 })).toBeGreaterThan(11);
    expect(writeDueAtMs({ ...gathering, chars })).toBe(gathering.takenAtMs);
  });

  test("under a key that partitions by model, date and hour, and sorts by number", () => {
    const hour = hourOf(Date.UTC(2026, 10, 23, 5, 59, 59, 999));
    const range = { hour, first: 1, last: 12_345, token: "0a1b2c3d" };
    expect(objectKey("Wind-Turbine", range)).toBe(
      "model=Wind-Turbine/date=2026-11-23/hour=05/000000000001-000000012345-0a1b2c3d.ndjson.gz",
    );
  });
});
