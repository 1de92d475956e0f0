/** The history of a cell in SQLite is what it is in memory. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Checkpoint, HistoryPage } from "../../src/core/cell/store.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";
import { readHistory } from "../../src/core/cell/history-view.ts";
import { seededRandom } from "../../src/core/random.ts";
import { SqliteStore } from "../../src/twin/sqlite-store.ts";
import { CellHost, add } from "../support/cell-host.ts";
import { recordedModel } from "../support/counter-model.ts";
import { bindings, objectOf } from "./deployment-under-test.ts";

const PAGES = [0, 1, 7];

/** Runs `act` with the storage of an object that has nothing yet. */
function withStorage(name: string, act: (storage: DurableObjectStorage) => void): Promise<void> {
  const stub = objectOf(bindings.ARCHIVER.getByName(name));
  return runInDurableObject(stub, (_, { storage }) => act(storage));
}

function checkpointOf(pages: readonly (readonly [number, HistoryPage])[]): Checkpoint {
  return { pages: new Map(), parts: new Map(), history: new Map(pages) };
}

test("checkpoints append rows and replace them by merged ones, page by page", () =>
  withStorage("history-store", (storage) => {
    const memory = new MemoryStore();
    let store = new SqliteStore(storage);
    const random = seededRandom(7);
    for (let step = 0; step < 120; step++) {
      const pages = PAGES.filter(() => random() < 0.6).map((page) => {
        const rows = Array.from({ length: Math.floor(random() * 4) }, (_, i) => `${step}/${i}`);
        return [page, { merges: random() < 0.2, rows }] as const;
      });
      store.checkpoint(checkpointOf(pages));
      memory.checkpoint(checkpointOf(pages));
      if (random() < 0.2) store = new SqliteStore(storage);
      for (const page of [...PAGES, 2]) {
        expect(store.readHistory(page)).toEqual(memory.readHistory(page));
        expect(store.historyRows(page)).toEqual(memory.historyRows(page));
      }
    }
    store.dropHistory();
    expect(PAGES.flatMap((page) => store.readHistory(page))).toEqual([]);
    store.checkpoint(checkpointOf([[0, { merges: false, rows: ["anew"] }]]));
    expect(store.readHistory(0)).toEqual(["anew"]);
  }));

test("a row of history is one row written, and a checkpoint that fails leaves it as it was", () =>
  withStorage("history-rows", (storage) => {
    const store = new SqliteStore(storage);
    store.checkpoint(checkpointOf([[0, { merges: false, rows: ["a", "b"] }]]));
    const before = store.rowsWritten;
    store.checkpoint(checkpointOf([[0, { merges: false, rows: ["c"] }]]));
    expect(store.rowsWritten - before).toBe(1);
    const parts = new Map([["broken", [Symbol("no value") as unknown as string]]]);
    const history = new Map([[0, { merges: true, rows: ["lost"] }]]);
    expect(() => store.checkpoint({ pages: new Map(), parts, history })).toThrow();
    expect(store.readHistory(0)).toEqual(["a", "b", "c"]);
  }));

test("a cell over it shows its twins' history over checkpoints and restarts", () =>
  withStorage("history-cell", (storage) => {
    const host = new CellHost(recordedModel, new SqliteStore(storage));
    for (let i = 1; i <= 40; i++) {
      host.send(add("a", i), add("b", 1));
      if (i % 2 === 0) host.cell.checkpoint();
      if (i % 5 === 0) host.restart();
    }
    const view = readHistory(host.cell, "a", { limit: 10 }, host.nowMs);
    const totals = view.ok && view.value.entries.map(({ changes }) => changes["values"]?.to);
    expect(totals).toHaveLength(5);
    expect(view).toMatchObject({
      value: { entries: [{ version: 40 }, { version: 39 }, {}, {}, {}] },
    });
    const store = new SqliteStore(storage);
    expect(store.historyRows(0).merged).toBe(1);
  }));
