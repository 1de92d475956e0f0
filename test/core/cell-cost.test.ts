/** What a cell does not do: rows that say nothing, reads that were made before, writing the same again. */
import { describe, expect, test } from "vitest";
import { JOURNAL_CHARS_MIN, TWINS_PER_PAGE } from "../../src/core/limits.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";

/** Counts the pages that are read one by one. */
class ReadingStore extends CheckedStore {
  pagesRead = 0;

  override readPage(page: number): readonly string[] {
    this.pagesRead++;
    return super.readPage(page);
  }
}

/** A host whose twins are in pages, read from there after a restart. */
function storedHost(twins: number): { host: CellHost; store: ReadingStore } {
  const store = new ReadingStore();
  const host = new CellHost(undefined, store);
  host.send(...Array.from({ length: twins }, (_, i) => add(`t${i}`, i)));
  host.cell.checkpoint();
  host.restart();
  store.rowsWritten = 0;
  return { host, store };
}

describe("rows", () => {
  test("are none for messages that change nothing and bear no id", () => {
    const { host, store } = storedHost(3);
    const before = host.view("t1");
    host.nowMs += 1_000;
    expect(host.send(act("t1", "no-update"), act("t2", "no-update"))).toMatchObject({
      accepted: 2,
    });
    expect(store.rowsWritten).toBe(0);
    // What is not stored is not shown either: a restart would take it back.
    expect(host.view("t1")).toEqual(before);
    host.restart();
    expect(host.view("t1")).toEqual(before);
  });

  test("are one for a message that changes nothing and bears an id, which counts as the last message", () => {
    const { host, store } = storedHost(3);
    host.nowMs += 1_000;
    host.send({ ...act("t1", "no-update"), messageId: "m" });
    expect(store.rowsWritten).toBe(1);
    const view = host.view("t1");
    expect(view).toMatchObject({
      version: 1,
      updatedAtMs: host.nowMs - 1_000,
      lastMessageAtMs: host.nowMs,
    });
    host.restart();
    expect(host.view("t1")).toEqual(view);
  });

  test("are none for refused messages, repeats and redeliveries", () => {
    const { host, store } = storedHost(1);
    host.send(add("t0", 1, { messageId: "m" }));
    const deliver = (): number | undefined => {
      let upTo: number | undefined;
      host.cell.submitDelivery({
        sender: "Other:0/x",
        entries: [[1, "t0", { add: 1 }]],
        settle: (n) => (upTo = n),
      });
      host.run();
      return upTo;
    };
    expect(deliver()).toBe(1);
    const { rowsWritten } = store;
    host.send(add("t0", 1, { messageId: "m" }), act("t0", "throw"), { id: "t0", message: 7 });
    expect(deliver()).toBe(1);
    expect(host.state("t0")).toMatchObject({ total: 2 });
    expect(store.rowsWritten).toBe(rowsWritten);
  });

  test("are one for a thousand messages to a thousand twins", () => {
    const { host, store } = storedHost(1_000);
    host.send(...Array.from({ length: 1_000 }, (_, i) => add(`t${i}`, 1, { messageId: `m${i}` })));
    expect(store.rowsWritten).toBe(1);
  });
});

describe("a twin that is put back again and again", () => {
  test.each(["throw", "no-update", "store-undefined"])(
    "by %s is read from its page once",
    (action) => {
      const { host, store } = storedHost(64);
      for (let i = 0; i < 10; i++) host.send(act("t5", action, { add: 1 }));
      expect(store.pagesRead).toBe(1);
      expect(host.state("t5")).toMatchObject({ total: 5, steps: 1 });
      host.cell.checkpoint();
      host.restart();
      expect(host.state("t5")).toMatchObject({ total: 5, steps: 1 });
    },
  );
});

describe("a checkpoint", () => {
  test("reads nothing back, whether states have dates or not", () => {
    const { host, store } = storedHost(200);
    host.send(add("t0", 1), add(`t${TWINS_PER_PAGE - 1}`, 1));
    host.cell.checkpoint();
    // The commit, a page, and what belongs to the whole cell.
    expect(store.rowsWritten).toBe(1 + 1 + 1);
    host.send(add("t0", 1), add(`t${TWINS_PER_PAGE}`, 1));
    host.cell.checkpoint();
    expect(store.rowsWritten).toBe(3 + 1 + 2 + 1);
    expect(store.pagesRead).toBe(0);
    const before = Array.from({ length: 200 }, (_, i) => host.view(`t${i}`));
    host.restart();
    expect(Array.from({ length: 200 }, (_, i) => host.view(`t${i}`))).toEqual(before);
  });

  test("is not due again and again for what waits to be delivered, which it would write each time", () => {
    const host = new CellHost();
    for (let i = 0; i < 100; i++)
      host.send(act("a", "send", { to: "elsewhere", body: "x".repeat(100_000) }));
    expect(host.cell.journalChars).toBeGreaterThan(2 * JOURNAL_CHARS_MIN);
    expect(host.cell.counts.checkpoints).toBeLessThan(2);
  });

  test("while a step is under way writes its twin as it was before, though nobody looked at it", () => {
    const { host } = storedHost(2);
    // The step changes the twin, then waits; its page is written since a neighbour changed.
    host.submit(add("t0", 100), act("t0", "wait", { to: "never" }));
    host.run();
    host.send(add("t1", 1));
    host.cell.checkpoint();
    host.restart();
    expect(host.state("t0")).toMatchObject({ total: 0, values: [0] });
    expect(host.state("t1")).toMatchObject({ total: 2 });
  });
});

describe("one bad message in a batch", () => {
  test("does not write its twin's state once for each good one", () => {
    const host = new CellHost();
    host.send(act("a", "grow", { ms: 100_000 }));
    const { journalChars } = host.cell;
    const batch = Array.from({ length: 200 }, (_, i) => add("a", i, { messageId: `m${i}` }));
    const answer = host.send(...batch, act("a", "throw"));
    expect(answer).toMatchObject({ accepted: 200, rejected: [[200, { code: "model/failed" }]] });
    expect(host.cell.journalChars - journalChars).toBeLessThan(120_000);
    const before = host.view("a");
    host.restart();
    expect(host.view("a")).toEqual(before);
    expect(host.send(...batch)).toMatchObject({ accepted: 0 });
  });
});
