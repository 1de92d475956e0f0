/** The bounds of history, by count and age, against a list that knows everything: over checkpoints, merges and restarts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TWIN_HISTORY_ROWS_APPENDED } from "../../src/core/limits.ts";
import { readHistory } from "../../src/core/cell/history-view.ts";
import { mergeRows } from "../../src/core/history/lines.ts";
import { CellHost, add } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";
import { counterModel } from "../support/counter-model.ts";

const IDS = ["a", 'quote"\\', "a,b", "ab", "t"];
/** So many twins come first that those of the test are on two pages. */
const OTHERS = 61;

interface Known {
  readonly version: number;
  readonly atMs: number;
  readonly total: number;
}

type Step =
  | { readonly do: "add" | "remove" | "put"; readonly ids: readonly number[] }
  | { readonly do: "checkpoint" | "restart" }
  | { readonly do: "wait"; readonly ms: number };

const ids = fc.array(fc.nat({ max: IDS.length - 1 }), { minLength: 1, maxLength: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("add" as const), ids }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("put" as const, "remove"), ids }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("wait" as const), ms: fc.nat({ max: 700 }) }),
  },
);

class Life {
  readonly store = new CheckedStore();
  readonly host: CellHost;
  readonly known = new Map<string, Known[]>();
  readonly versions = new Map<string, number>();
  readonly #bounds: { count: number; ageMs: number };

  constructor(bounds: { count: number; ageMs: number }) {
    this.#bounds = bounds;
    this.host = new CellHost(
      { ...counterModel, history: { ...bounds, messages: true } },
      this.store,
    );
    this.host.send(...Array.from({ length: OTHERS }, (_, i) => add(`other-${i}`, 1)));
  }

  take(each: Step): void {
    if (each.do === "wait") this.host.nowMs += each.ms;
    else if (each.do === "checkpoint") this.host.cell.checkpoint();
    else if (each.do === "restart") this.host.restart();
    else if ("ids" in each) for (const i of each.ids) this.#change(each.do, IDS[i]!);
  }

  #change(what: "add" | "remove" | "put", id: string): void {
    const { host } = this;
    if (what === "remove") {
      host.cell.remove(id, host.nowMs);
      this.known.delete(id);
      this.versions.delete(id);
      return;
    }
    const before = (host.state(id)?.["total"] ?? 0) as number;
    const total = before + 1;
    if (what === "put") host.cell.put(id, { total }, host.nowMs);
    else host.send(add(id, 1));
    const version = (this.versions.get(id) ?? 0) + 1;
    this.versions.set(id, version);
    const list = this.known.get(id) ?? [];
    list.push({ version, atMs: host.nowMs, total });
    this.known.set(id, list);
  }

  /** Every twin's history is what the list has within the bounds. */
  check(): void {
    const { host } = this;
    const { count, ageMs } = this.#bounds;
    for (const id of IDS) {
      const expected = (this.known.get(id) ?? [])
        .slice(-count)
        .filter(({ atMs }) => atMs >= host.nowMs - ageMs)
        .toReversed();
      const view = readHistory(host.cell, id, { limit: 1_000 }, host.nowMs);
      if (!this.versions.has(id)) {
        expect(view.ok).toBe(false);
        continue;
      }
      if (!view.ok) throw new Error(view.refusal.detail);
      const entries = view.value.entries.map(({ version, at, changes }) => {
        return { version, atMs: Date.parse(at), total: changes["total"]?.to };
      });
      expect([id, entries]).toEqual([id, expected]);
    }
  }
}

describe("history", () => {
  test("is the newest entries of each twin, none too old, whatever came between", () => {
    let merges = 0;
    const property = fc.property(
      fc.array(step, { minLength: 40, maxLength: 160, size: "max" }),
      fc.constantFrom(
        { count: 1, ageMs: 5_000 },
        { count: 3, ageMs: 2_000 },
        { count: 50, ageMs: 300 },
      ),
      (steps, bounds) => {
        const life = new Life(bounds);
        for (const each of steps) {
          life.take(each);
          life.check();
        }
        for (const page of [0, 1]) if (life.store.historyRows(page).merged > 0) merges++;
      },
    );
    fc.assert(property, { numRuns: 150 });
    expect(merges).toBeGreaterThan(10);
  });

  test("takes no more rows of a page than its merge and as many again, and some", () => {
    const life = new Life({ count: 4, ageMs: 1_000_000 });
    let most = 0;
    for (let i = 0; i < 200; i++) {
      life.take({ do: "add", ids: [0, 1, 2] });
      life.take({ do: "checkpoint" });
      const { merged, appended } = life.store.historyRows(0);
      expect(merged).toBeLessThanOrEqual(1);
      most = Math.max(most, appended);
    }
    expect(most).toBe(TWIN_HISTORY_ROWS_APPENDED);
    const chars = life.store.readHistory(0).reduce((sum, row) => sum + row.length, 0);
    expect(chars).toBeLessThan(30_000);
  });

  test("in memory has no more entries of a twin than twice its count, however late the checkpoint", () => {
    const life = new Life({ count: 5, ageMs: 1_000_000 });
    for (let i = 0; i < 100; i++) life.take({ do: "add", ids: [0] });
    life.check();
    life.host.cell.checkpoint();
    const lines = life.store.readHistory(0).join("\n").split("\n");
    expect(lines.filter((line) => line.startsWith("a\t")).length).toBeLessThan(10);
  });

  test("merged again is as it was", () => {
    const line = fc
      .record({ id: fc.constantFrom("a", "b", "c"), atMs: fc.nat({ max: 9 }), version: fc.nat() })
      .map(({ id, atMs, version }) => `${id}\t${atMs}\t${version}\t{"changes":{}}`);
    const rows = fc.array(fc.array(fc.oneof(line, fc.constantFrom("a", "b")), { minLength: 1 }));
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 5 }), (lists, count) => {
        const bounds = { count, ageMs: 5, messages: true };
        const once = mergeRows(
          lists.map((list) => list.join("\n")),
          bounds,
          10,
        );
        expect(mergeRows(once, bounds, 10)).toEqual(once);
      }),
    );
  });
});
