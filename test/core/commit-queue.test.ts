/** What waits for a busy twin counts in its cell's queue: many stuck twins must not fill the memory either. */
import { expect, test } from "vitest";
import {
  CELL_QUEUE_CHARS_MAX,
  MESSAGE_CHARS_MAX,
  OUTBOX_CHARS_MAX,
  OUTBOX_MAX,
  OUTBOX_RELAY_CHARS_MAX,
  OUTBOX_RELAY_MAX,
  STEPS_UNDER_WAY_MAX,
} from "../../src/core/limits.ts";
import { CommitQueue } from "../../src/twin/commit-queue.ts";
import { CellHost } from "../support/cell-host.ts";
import { lookerModel } from "../support/look-up-model.ts";
import { ManualLookups } from "../support/manual-lookups.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";

function queueOver(lookups: ManualLookups): { queue: CommitQueue; host: CellHost } {
  const host = new CellHost(lookerModel, new MemoryStore(), lookups);
  return { host, queue: queueOf(host, () => Promise.resolve()) };
}

function queueOf(host: CellHost, durable: () => Promise<void>): CommitQueue {
  const queue = new CommitQueue({
    cell: () => host.cell,
    nowMs: () => host.nowMs,
    windowMs: 0,
    durable,
    committed: () => undefined,
    reload: (error) => {
      throw error;
    },
  });
  host.wake = () => queue.schedule();
  return queue;
}

const element = (id: string, message: object): string => JSON.stringify({ id, message });

/** The queue's turns are timers of their own. */
async function untilTaken(queue: CommitQueue, host: CellHost): Promise<void> {
  while (queue.chars > host.cell.waitingChars) await new Promise((resume) => setTimeout(resume, 0));
}

test("messages that wait for busy twins count in the queue of their cell", async () => {
  const lookups = new ManualLookups();
  const { queue, host } = queueOver(lookups);
  const twins = 20;
  for (let i = 0; i < twins; i++) void queue.accept(element(`t${i}`, { do: "hang" }), 1, false);
  await untilTaken(queue, host);
  const large = { do: "nothing", key: "x".repeat(MESSAGE_CHARS_MAX - 1_000) };
  let refused: unknown;
  let taken = 0;
  for (let i = 0; refused === undefined; i++) {
    expect(taken).toBeLessThan(CELL_QUEUE_CHARS_MAX / MESSAGE_CHARS_MAX + 2);
    const answer = queue.accept(element(`t${i % twins}`, large), 1, false);
    await untilTaken(queue, host);
    refused = await Promise.race([answer, Promise.resolve(undefined)]);
    if (refused === undefined) taken++;
  }
  expect(refused).toMatchObject({ accepted: 0, rejected: [[0, { code: "cell/overloaded" }]] });
  expect(taken).toBeGreaterThan(CELL_QUEUE_CHARS_MAX / MESSAGE_CHARS_MAX - 2);
});

test("a cell in which as many steps wait as may takes no more from its queue, and goes on when one has ended", async () => {
  const lookups = new ManualLookups();
  const { queue, host } = queueOver(lookups);
  const slice = Array.from({ length: STEPS_UNDER_WAY_MAX }, (_, i) =>
    element(`t${i}`, { do: "query", sql: `q${i}` }),
  );
  void queue.accept(slice.join(","), slice.length, false);
  await untilTaken(queue, host);
  expect(host.cell.takesMore).toBe(false);
  const late = queue.accept(element("late", { do: "nothing" }), 1, false);
  await new Promise((resume) => setTimeout(resume, 0));
  await lookups.settle();
  expect(queue.chars).toBeGreaterThan(0);
  lookups.queries.get("q0")!.answer([]);
  expect(await late).toMatchObject({ accepted: 1 });
  expect(queue.chars).toBe(0);
});

test("an acknowledgement that came while the cell was full is taken when all its steps end at once", async () => {
  const lookups = new ManualLookups();
  const { queue, host } = queueOver(lookups);
  const slice = Array.from({ length: STEPS_UNDER_WAY_MAX }, (_, i) =>
    element(`t${i}`, { do: "query", sql: `q${i}` }),
  );
  const taken = queue.accept(slice.join(","), slice.length, false);
  await untilTaken(queue, host);
  const acknowledged = queue.acknowledge("t0", ["none"]);
  await new Promise((resume) => setTimeout(resume, 0));
  for (const query of lookups.queries.values()) query.answer([]);
  await taken;
  const late = new Promise((resume) => setTimeout(() => resume("no answer"), 200));
  expect(await Promise.race([acknowledged, late])).toEqual({ acknowledged: 0 });
});

test("a cell whose outbox is full takes nothing of devices, and still what other cells deliver: each may wait for the other", async () => {
  const { queue, host } = queueOver(new ManualLookups());
  const { outbox } = host.cell;
  const fillTo = (size: number): void => {
    while (outbox.size < size) outbox.add({ lane: "twin", model: "M", id: "a", message: 1 });
  };
  const delivery = (n: number): string => JSON.stringify([[n, "t", { do: "nothing" }]]);
  fillTo(OUTBOX_MAX);
  expect(await queue.accept(element("t", { do: "nothing" }), 1, false)).toMatchObject({
    accepted: 1,
  });
  fillTo(OUTBOX_MAX + 1);
  expect(await queue.accept(element("t", { do: "nothing" }), 1, false)).toMatchObject({
    rejected: [[0, { code: "cell/overloaded" }]],
  });
  fillTo(OUTBOX_RELAY_MAX);
  expect(await queue.deliver("M:0/x", delivery(1))).toEqual({ deliveredUpTo: 1 });
  fillTo(OUTBOX_RELAY_MAX + 1);
  expect(await queue.deliver("M:0/x", delivery(2))).toMatchObject({ code: "cell/overloaded" });
});

test("a cell whose outbox has too many characters takes nothing of devices: what can't be delivered must not fill the memory", async () => {
  const lookups = new ManualLookups();
  const { queue, host } = queueOver(lookups);
  const text = "x".repeat(100_000);
  const fillBeyond = (chars: number): void => {
    while (host.cell.outbox.charsWithoutArchive <= chars)
      host.cell.sendOut({ lane: "shared", model: "M", id: "a", message: text });
  };
  const isRefused = async (): Promise<boolean> =>
    (await queue.accept(element("t", { do: "nothing" }), 1, false)).accepted === 0;
  const delivery = (n: number): string => JSON.stringify([[n, "t", { do: "nothing" }]]);
  fillBeyond(OUTBOX_CHARS_MAX - 200_000);
  expect(await isRefused()).toBe(false);
  fillBeyond(OUTBOX_CHARS_MAX);
  expect(await isRefused()).toBe(true);
  expect(await queue.deliver("M:0/x", delivery(1))).toEqual({ deliveredUpTo: 1 });
  fillBeyond(OUTBOX_RELAY_CHARS_MAX);
  expect(await queue.deliver("M:0/x", delivery(2))).toMatchObject({ code: "cell/overloaded" });
  // It is known after a restart, and there is room again when it is delivered.
  host.cell.checkpoint();
  host.restart();
  expect(await isRefused()).toBe(true);
  for (const { n } of host.cell.outbox.entries()) host.cell.outbox.delivered(n);
  expect(host.cell.outbox.charsWithoutArchive).toBe(0);
  expect(await isRefused()).toBe(false);
});

const counted = (id: string): string => element(id, { add: 1 });

test("what comes while a commit is on its way to the disk is taken in one turn when that is durable", async () => {
  const syncs: (() => void)[] = [];
  const host = new CellHost();
  const queue = queueOf(host, () => new Promise((durable) => syncs.push(durable)));
  const first = queue.accept(counted("a"), 1, false);
  syncs.shift()!();
  await first;
  expect(host.cell.version).toBe(1);
  const later = [queue.accept(counted("b"), 1, false), queue.accept(counted("c"), 1, false)];
  // The queue has grown since it was looked at: it is looked at once more.
  syncs.shift()!();
  await new Promise((resume) => setTimeout(resume, 0));
  later.push(queue.accept(counted("d"), 1, false));
  expect(host.cell.version).toBe(1);
  while (syncs.length > 0) {
    syncs.shift()!();
    await new Promise((resume) => setTimeout(resume, 0));
  }
  expect(await Promise.all(later)).toMatchObject([
    { accepted: 1 },
    { accepted: 1 },
    { accepted: 1 },
  ]);
  expect(host.cell.version).toBe(2);
});

test("a queue that never stops growing has its turn all the same", async () => {
  let looks = 0;
  const host = new CellHost();
  const queue = queueOf(host, () => {
    looks++;
    if (host.cell.version === 0) void queue.accept(counted(`t${looks}`), 1, false);
    return Promise.resolve();
  });
  await queue.accept(counted("first"), 1, false);
  expect([looks, host.cell.table.size]).toEqual([8, 9]);
});

test("a commit that failed on its way to the disk does not hold the next turn back", async () => {
  const queue = queueOf(new CellHost(), () => Promise.reject(new Error("disk")));
  expect(await queue.accept(counted("a"), 1, false)).toMatchObject({ accepted: 1 });
});
