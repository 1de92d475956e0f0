import { describe, expect, test, vi } from "vitest";
import * as fc from "fast-check";
import { Replica } from "../../src/aggregator/replica.ts";
import { checkQuery } from "../../src/core/query/check.ts";
import { mergePartials } from "../../src/core/query/merge.ts";
import type { Plan } from "../../src/core/query/plan.ts";
import type { ColumnDelta } from "../../src/core/columns/columns.ts";
import {
  CLOCK_SKEW_MS_MAX,
  CONFIRM_AGE_MS_MAX,
  LEASE_AFTER_MS,
  LEASE_MS,
  PULL_RETRY_MS,
  PULL_TIMEOUT_MS,
} from "../../src/core/limits.ts";
import type { DeployedModel, ShardAnswer } from "../../src/wire/internal-rpc.ts";
import { CellDouble, FIELDS, rowsOf } from "./cell-double.ts";

const COUNT = planOf({
  aggregates: [
    { op: "count", as: "n" },
    { op: "sum", field: "level", as: "total" },
  ],
});

function planOf(
  spec: Parameters<typeof checkQuery>[0] extends infer Spec ? Omit<Spec, "model"> : never,
): Plan {
  const plan = checkQuery({ model: "Grid", ...spec }, FIELDS);
  if (!plan.ok) throw new Error(plan.refusal.detail);
  return plan.value;
}

interface Call {
  readonly cell: number;
  readonly since: number;
  readonly leaseMs: number;
}

/** Cells in this process, a clock that only the test moves, and calls that can be held back or fail. */
class Bench {
  nowMs = 1_000_000;
  readonly calls: Call[] = [];
  readonly cells: CellDouble[];
  readonly replica: Replica;
  /** Cells whose calls fail. */
  readonly away = new Set<number>();
  /** When set, answers are made at once but wait here until released. */
  held: (() => void)[] | undefined;

  constructor(cells = 2, shards = 1, shard = 0) {
    this.cells = Array.from({ length: cells }, (_, cell) => new CellDouble(cell));
    const model: DeployedModel = {
      name: "Grid",
      placement: { version: 1, cells },
      shards,
      fields: FIELDS,
      deployedAtMs: 0,
    };
    this.replica = new Replica(model, shard, {
      changes: (cell, since, leaseMs) => this.#changes({ cell, since, leaseMs }),
      nowMs: () => this.nowMs,
    });
  }

  put(cell: number, slot: number, level: number): void {
    this.cells[cell]!.put(slot, `c${cell}s${slot}`, [level, "NW", null, null, null]);
  }

  async query(notBeforeMs = 0, plan = COUNT): Promise<ShardAnswer> {
    const answer = await this.replica.query(plan, notBeforeMs);
    if (!answer.ok) throw new Error(answer.refusal.detail);
    return answer.value;
  }

  async counted(notBeforeMs = 0): Promise<unknown> {
    const result = mergePartials(COUNT, [(await this.query(notBeforeMs)).partial]);
    return result.ok ? result.value.rows[0] : result.refusal;
  }

  async #changes(call: Call): Promise<ColumnDelta> {
    this.calls.push(call);
    if (this.away.has(call.cell)) throw new Error("the cell was reset");
    const delta = this.cells[call.cell]!.delta(call.since, this.nowMs);
    if (this.held !== undefined) await new Promise<void>((resolve) => this.held!.push(resolve));
    return delta;
  }
}

describe("a shard asks its cells", () => {
  test("for everything at first, and afterwards only for what changed", async () => {
    const bench = new Bench(2);
    bench.put(0, 0, 5);
    bench.put(1, 0, 7);
    expect(await bench.counted()).toEqual([2, 12]);
    expect(bench.calls).toEqual([
      { cell: 0, since: -1, leaseMs: 0 },
      { cell: 1, since: -1, leaseMs: 0 },
    ]);
    bench.calls.length = 0;
    bench.put(1, 0, 8);
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    expect(await bench.counted()).toEqual([2, 13]);
    expect(bench.calls).toEqual([
      { cell: 0, since: 1, leaseMs: 0 },
      { cell: 1, since: 1, leaseMs: 0 },
    ]);
  });

  test("not again within the age that an answer may have, and again one millisecond later", async () => {
    const bench = new Bench(1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX;
    await bench.query();
    expect(bench.calls.length).toBe(1);
    bench.nowMs += 1;
    await bench.query();
    expect(bench.calls.length).toBe(2);
  });

  test("only for its own cells", async () => {
    const bench = new Bench(5, 2, 1);
    await bench.query();
    expect(bench.calls.map((call) => call.cell)).toEqual([1, 3]);
    expect(bench.replica.publish(bench.cells[2]!.full(bench.nowMs))).toBe(false);
  });

  test("once for queries that come at the same time", async () => {
    const bench = new Bench(1);
    await Promise.all([bench.query(), bench.query(), bench.query()]);
    expect(bench.calls.length).toBe(1);
  });

  test("in full when a cell does not know the version that the shard has", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    bench.cells[0] = new CellDouble(0);
    bench.put(0, 3, 9);
    const full = bench.cells[0].full(bench.nowMs);
    bench.cells[0].delta = () => full;
    expect(await bench.counted()).toEqual([1, 9]);
  });

  test("again when the cell's own publication overtook the answer", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    bench.put(0, 1, 2);
    const published = bench.cells[0]!.delta(1, bench.nowMs);
    bench.put(0, 2, 4);
    bench.held = [];
    const counted = bench.counted();
    await Promise.resolve();
    expect(bench.replica.publish(published)).toBe(true);
    for (const release of bench.held) release();
    bench.held = undefined;
    expect(await counted).toEqual([3, 7]);
    expect(bench.calls.map((call) => call.since)).toEqual([-1, 1, 2]);
  });

  test("not again when what overtook the answer holds all of it", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    bench.put(0, 1, 2);
    bench.held = [];
    const asked = bench.query();
    await Promise.resolve();
    expect(bench.replica.publish(bench.cells[0]!.delta(1, bench.nowMs - 5))).toBe(true);
    for (const release of bench.held) release();
    const answer = await asked;
    expect(bench.calls.length).toBe(2);
    expect(answer.asOfMs).toBe(bench.nowMs - 1);
  });
});

describe("a consistent query", () => {
  test("waits for a pull that began after it, not for the one under way", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    bench.held = [];
    const first = bench.counted();
    await Promise.resolve();
    bench.put(0, 1, 2);
    const second = bench.counted(bench.nowMs);
    const third = bench.counted(bench.nowMs);
    const { held } = bench;
    bench.held = undefined;
    for (const release of held) release();
    expect(await first).toEqual([1, 1]);
    expect([await second, await third]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(bench.calls.length).toBe(3);
  });

  test("asks again although the block was confirmed just now, for clocks differ", async () => {
    const bench = new Bench(1);
    await bench.query();
    bench.put(0, 0, 1);
    expect(await bench.counted(bench.nowMs - CLOCK_SKEW_MS_MAX)).toEqual([1, 1]);
  });

  test("trusts a block that was confirmed later than any clock may be wrong", async () => {
    const bench = new Bench(1);
    await bench.query();
    await bench.query(bench.nowMs - CLOCK_SKEW_MS_MAX - 1);
    expect(bench.calls.length).toBe(1);
  });
});

describe("publications", () => {
  test("are taken when they join on, and refused when one before them was lost", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    await bench.query();
    bench.put(0, 1, 2);
    const lost = bench.cells[0]!.version;
    bench.put(0, 2, 4);
    expect(bench.replica.publish(bench.cells[0]!.delta(lost, bench.nowMs))).toBe(false);
    expect(await bench.counted()).toEqual([1, 1]);
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    expect(await bench.counted()).toEqual([3, 7]);
  });

  test("that come twice are taken once, and the repeat is answered like the first", async () => {
    const bench = new Bench(1);
    await bench.query();
    bench.put(0, 0, 1);
    const delta = bench.cells[0]!.delta(0, bench.nowMs);
    expect([bench.replica.publish(delta), bench.replica.publish(delta)]).toEqual([true, true]);
    expect(await bench.counted()).toEqual([1, 1]);
    bench.put(0, 1, 2);
    expect(bench.replica.publish(bench.cells[0]!.delta(1, bench.nowMs))).toBe(true);
    expect(bench.replica.publish(delta)).toBe(false);
  });

  test("keep a block fresh, so that a query asks nobody", async () => {
    const bench = new Bench(1);
    await bench.query();
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    bench.put(0, 0, 3);
    bench.replica.publish(bench.cells[0]!.delta(0, bench.nowMs));
    expect(await bench.counted()).toEqual([1, 3]);
    expect(bench.calls.length).toBe(1);
  });
});

describe("a lease", () => {
  test("is not asked for by one query, nor by a round over widgets each minute", async () => {
    const bench = new Bench(1);
    for (let minute = 0; minute < 5; minute++) {
      for (let widget = 0; widget < 3; widget++) await bench.query();
      bench.nowMs += LEASE_MS;
    }
    expect(bench.calls.map((call) => call.leaseMs)).toEqual([0, 0, 0, 0, 0]);
  });

  test("is asked for when reading goes on, and renewed at half its time though the block is fresh", async () => {
    const bench = new Bench(1);
    await bench.query();
    bench.nowMs += LEASE_AFTER_MS;
    await bench.query();
    expect(bench.calls.at(-1)).toEqual({ cell: 0, since: 0, leaseMs: LEASE_MS });
    const asked = bench.calls.length;
    const leasedAtMs = bench.nowMs;
    while (bench.nowMs <= leasedAtMs + LEASE_MS / 2) {
      bench.nowMs += 500;
      bench.put(0, 0, bench.nowMs);
      bench.replica.publish(bench.cells[0]!.delta(bench.cells[0]!.version - 1, bench.nowMs));
      await bench.query();
    }
    expect(bench.calls.length).toBe(asked + 1);
    expect(bench.calls.at(-1)!.leaseMs).toBe(LEASE_MS);
  });
});

describe("a cell that can't be had", () => {
  test("is counted, and its block stays as old as asOf says", async () => {
    const bench = new Bench(2);
    bench.put(0, 0, 1);
    bench.put(1, 0, 2);
    await bench.query();
    const before = bench.nowMs;
    bench.away.add(1);
    bench.put(0, 1, 10);
    bench.put(1, 1, 20);
    bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    const answer = await bench.query();
    expect({
      asOfMs: answer.asOfMs,
      twins: answer.twins,
      cellsMissing: answer.cellsMissing,
    }).toEqual({
      asOfMs: before - 1,
      twins: 3,
      cellsMissing: 1,
    });
  });

  test("is left alone for a while, then asked again without anybody waiting", async () => {
    const bench = new Bench(1);
    bench.away.add(0);
    expect((await bench.query()).cellsMissing).toBe(1);
    bench.nowMs += PULL_RETRY_MS - 1;
    await bench.query();
    expect(bench.calls.length).toBe(1);
    bench.nowMs += 1;
    bench.away.delete(0);
    bench.put(0, 0, 1);
    expect((await bench.query()).cellsMissing).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await bench.query()).toMatchObject({
      cellsMissing: 0,
      twins: 1,
      asOfMs: bench.nowMs - 1,
    });
  });

  test("because it hangs is given up after the time-out, and its late answer is not taken", async () => {
    vi.useFakeTimers();
    try {
      const bench = new Bench(1);
      bench.put(0, 0, 1);
      bench.held = [];
      let answer: ShardAnswer | undefined;
      const asked = bench.query().then((given) => (answer = given));
      await vi.advanceTimersByTimeAsync(PULL_TIMEOUT_MS - 1);
      expect(answer).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await asked;
      expect(answer).toMatchObject({ cellsMissing: 1, twins: 0 });
      for (const release of bench.held) release();
      await vi.advanceTimersByTimeAsync(0);
      expect(bench.replica.table.twins).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("gives no time when there never was a block", async () => {
    const bench = new Bench(1);
    bench.away.add(0);
    expect(await bench.query()).toMatchObject({ asOfMs: 0, twins: 0, cellsMissing: 1 });
  });

  test("counts as missing when it runs the model with other fields", async () => {
    const bench = new Bench(1);
    bench.cells[0] = new CellDouble(0, FIELDS.slice(1));
    expect((await bench.query()).cellsMissing).toBe(1);
    expect(bench.calls.length).toBe(1);
  });
});

describe("results", () => {
  test("are evaluated once while nothing changes, for each plan", async () => {
    const bench = new Bench(1);
    bench.put(0, 0, 1);
    const other = planOf({ select: ["level"] });
    for (let i = 0; i < 3; i++) {
      await bench.query();
      await bench.query(0, other);
      bench.nowMs += CONFIRM_AGE_MS_MAX + 1;
    }
    expect(bench.replica.counters()).toMatchObject({ queries: 6, evaluations: 2, pulls: 3 });
    bench.put(0, 0, 2);
    expect(await bench.counted()).toEqual([1, 2]);
    expect(bench.replica.counters()).toMatchObject({ evaluations: 3 });
  });
});

test("whatever is lost, repeated or restarted, everything up to asOf is in the answer", async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("put" as const), cell: fc.nat(2), slot: fc.nat(4) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("publish" as const),
        cell: fc.nat(2),
        back: fc.nat(3),
        repeat: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_500) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("query" as const), consistent: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("away" as const), cell: fc.nat(2) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const bench = new Bench(3);
      const puts: {
        readonly atMs: number;
        readonly cell: number;
        readonly slot: number;
        readonly level: number;
      }[] = [];
      let level = 0;
      for (const s of steps) {
        bench.nowMs += 1;
        if (s.kind === "wait") bench.nowMs += s.ms;
        if (s.kind === "away" && !bench.away.delete(s.cell)) bench.away.add(s.cell);
        if (s.kind === "put") {
          level++;
          bench.put(s.cell, s.slot, level);
          puts.push({ atMs: bench.nowMs, cell: s.cell, slot: s.slot, level });
        }
        if (s.kind === "publish") {
          const cell = bench.cells[s.cell]!;
          const delta = cell.delta(Math.max(0, cell.version - s.back), bench.nowMs);
          bench.replica.publish(delta);
          if (s.repeat) bench.replica.publish(delta);
        }
        if (s.kind !== "query") continue;
        bench.nowMs += 1;
        const { asOfMs, cellsMissing } = await bench.query(s.consistent ? bench.nowMs : 0);
        const isTrusted = cellsMissing === 0;
        if (s.consistent && isTrusted)
          expect(asOfMs).toBeGreaterThanOrEqual(puts.at(-1)?.atMs ?? 0);
        const known = new Set(bench.replica.table.blocks.map((block) => block.cell));
        const rows = rowsOf(bench.replica.table);
        for (const put of puts) {
          if (put.atMs > asOfMs || !known.has(put.cell)) continue;
          const row = rows.find(
            (candidate) => candidate.cell === put.cell && candidate.slot === put.slot,
          );
          expect(Number(row?.values[0])).toBeGreaterThanOrEqual(put.level);
        }
      }
    }),
    { seed: 411, numRuns: 300 },
  );
});
