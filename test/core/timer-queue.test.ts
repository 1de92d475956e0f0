import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import { TimerQueue, nextDue } from "../../src/core/cell/timer-queue.ts";
import type { Timer } from "../../src/core/cell/timer-queue.ts";

const SEED = 20_261_123;

const once = (name: string, dueAtMs: number): Timer => ({ name, dueAtMs, everyMs: null });

/** The same as the queue, as a list that is searched and sorted each time. */
class NaiveTimers {
  #running: { slot: number; timer: Timer; atMs: number; order: number }[] = [];
  #started = 0;

  start(slot: number, timer: Timer): void {
    this.stop(slot, timer.name);
    this.#running.push({ slot, timer, atMs: timer.dueAtMs, order: this.#started++ });
  }

  stop(slot: number, name: string): void {
    this.#running = this.#running.filter((one) => one.slot !== slot || one.timer.name !== name);
  }

  clear(slot: number): void {
    this.#running = this.#running.filter((one) => one.slot !== slot);
  }

  postpone(slot: number, name: string, atMs: number): void {
    for (const one of this.#running)
      if (one.slot === slot && one.timer.name === name) one.atMs = atMs;
  }

  of(slot: number): Timer[] {
    return this.#running.filter((one) => one.slot === slot).map(({ timer }) => timer);
  }

  first(): { slot: number; timer: Timer; atMs: number } | undefined {
    return this.#running.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }
}

type Operation =
  | { do: "start"; slot: number; name: string; dueAtMs: number; everyMs: number | null }
  | { do: "stop"; slot: number; name: string }
  | { do: "postpone"; slot: number; name: string; atMs: number }
  | { do: "clear"; slot: number }
  | { do: "take" };

const slot = fc.nat(4);
const name = fc.constantFrom("a", "b", "c");
const atMs = fc.nat(20);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("start" as const),
      slot,
      name,
      dueAtMs: atMs,
      everyMs: fc.option(fc.integer({ min: 1, max: 9 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stop" as const), slot, name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("postpone" as const), slot, name, atMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
);

function carryOut(
  timers: TimerQueue | NaiveTimers,
  operation: Exclude<Operation, { do: "take" }>,
): void {
  switch (operation.do) {
    case "start": {
      const { name, dueAtMs, everyMs } = operation;
      return timers.start(operation.slot, { name, dueAtMs, everyMs });
    }
    case "stop":
      return timers.stop(operation.slot, operation.name);
    case "postpone":
      return timers.postpone(operation.slot, operation.name, operation.atMs);
    case "clear":
      return timers.clear(operation.slot);
  }
}

describe("the timer queue", () => {
  test("does what a sorted list does, whatever is started, stopped, postponed, cleared and taken", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const queue = new TimerQueue();
        const naive = new NaiveTimers();
        for (const operation of operations) {
          const first = naive.first();
          expect(queue.nextDueAtMs()).toBe(first?.atMs ?? null);
          if (operation.do === "take") {
            if (first === undefined) continue;
            expect(queue.firstDue(first.atMs - 1)).toBeUndefined();
            expect(queue.firstDue(first.atMs)).toEqual({ slot: first.slot, timer: first.timer });
            queue.stop(first.slot, first.timer.name);
            naive.stop(first.slot, first.timer.name);
          } else {
            carryOut(queue, operation);
            carryOut(naive, operation);
          }
          for (let slot = 0; slot <= 4; slot++) {
            const expected = naive.of(slot);
            expect(queue.of(slot)).toEqual(expected);
            expect(queue.countOf(slot)).toBe(expected.length);
            expect(queue.has(slot, "a")).toBe(expected.some((timer) => timer.name === "a"));
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("gives 20,000 timers in order, also after most were stopped", () => {
    const random = seededRandom(SEED);
    const queue = new TimerQueue();
    const expected: number[] = [];
    for (let slot = 0; slot < 20_000; slot++) {
      const dueAtMs = Math.floor(random() * 1_000_000);
      queue.start(slot, once("t", dueAtMs));
      if (slot % 10 === 0) expected.push(dueAtMs);
    }
    for (let slot = 0; slot < 20_000; slot++) if (slot % 10 !== 0) queue.clear(slot);
    const taken: number[] = [];
    for (let due = queue.firstDue(Infinity); due !== undefined; due = queue.firstDue(Infinity)) {
      taken.push(due.timer.dueAtMs);
      queue.stop(due.slot, due.timer.name);
    }
    expect(taken).toEqual(expected.toSorted((a, b) => a - b));
  });

  test("breaks ties in the order of starting, a restart being a start", () => {
    const queue = new TimerQueue();
    for (const name of ["a", "b", "c"]) queue.start(1, once(name, 10));
    queue.start(1, once("a", 10));
    expect(queue.of(1).map(({ name }) => name)).toEqual(["b", "c", "a"]);
    const taken: string[] = [];
    for (let due = queue.firstDue(10); due !== undefined; due = queue.firstDue(10)) {
      taken.push(due.timer.name);
      queue.stop(due.slot, due.timer.name);
    }
    expect(taken).toEqual(["b", "c", "a"]);
  });

  test("keeps when a timer is due that it postpones", () => {
    const queue = new TimerQueue();
    queue.start(1, { name: "tick", dueAtMs: 10, everyMs: 5 });
    queue.postpone(1, "tick", 17);
    queue.postpone(1, "unknown", 1);
    queue.postpone(2, "tick", 1);
    expect(queue.firstDue(16)).toBeUndefined();
    const timer = { name: "tick", dueAtMs: 10, everyMs: 5 };
    expect(queue.firstDue(17)).toEqual({ slot: 1, timer });
    expect(queue.of(1)).toEqual([timer]);
  });

  test("does not grow when the same timer is restarted without end", () => {
    const entriesAfter = (restarts: number): number => {
      const queue = new TimerQueue();
      for (let i = 0; i < restarts; i++) queue.start(i % 10, once("watchdog", 1_000_000 + i));
      expect(queue.nextDueAtMs()).toBe(1_000_000 + restarts - 10);
      return queue.entryCount;
    };
    expect(entriesAfter(100_000)).toBeLessThanOrEqual(1_024 + 2 * 10);
  });
});

describe("a recurring timer", () => {
  test("is due at the first multiple of its period after now, counted from when it was due", () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(1_000_000),
        (dueAtMs, everyMs, lateMs) => {
          const nowMs = dueAtMs + lateMs;
          const next = nextDue({ name: "t", dueAtMs, everyMs }, nowMs)!;
          expect(next).toBeGreaterThan(nowMs);
          expect(next - everyMs).toBeLessThanOrEqual(nowMs);
          expect((next - dueAtMs) % everyMs).toBe(0);
        },
      ),
      { seed: SEED },
    );
  });

  test("goes on from its due time where the clock went back", () => {
    expect(nextDue({ name: "t", dueAtMs: 100, everyMs: 10 }, 50)).toBe(110);
  });

  test("is told from one that fires once", () => {
    expect(nextDue(once("t", 5), 5)).toBeNull();
  });
});
