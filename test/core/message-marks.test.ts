import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CELL_MESSAGE_IDS_MIN, TWIN_MESSAGE_IDS_MIN } from "../../src/core/limits.ts";
import {
  MessageMarks,
  markFromNumber,
  markOf,
  markToNumber,
} from "../../src/core/cell/message-marks.ts";
import { seededRandom } from "../../src/core/random.ts";

const SEED = 20_261_123;

interface Added {
  readonly slot: number;
  readonly id: string;
  removed: boolean;
}

/** What was added, told by plain lists: which ids a cell owes its twins. */
class Ledger {
  readonly marks = new MessageMarks();
  readonly #all: Added[] = [];
  readonly #bySlot = new Map<number, Added[]>();

  add(slot: number): void {
    const added = { slot, id: `m${this.#all.length}`, removed: false };
    this.marks.add(markOf(slot, added.id));
    this.#all.push(added);
    const ofSlot = this.#bySlot.get(slot);
    if (ofSlot === undefined) this.#bySlot.set(slot, [added]);
    else ofSlot.push(added);
  }

  forget(slot: number): void {
    this.marks.forgetSlot(slot);
    for (const added of this.#bySlot.get(slot) ?? []) added.removed = true;
    this.#bySlot.delete(slot);
  }

  /** Ids that are owed and not known. */
  missing(marks: MessageMarks = this.marks): string[] {
    const ofTwins = [...this.#bySlot.values()].flatMap((ids) => ids.slice(-TWIN_MESSAGE_IDS_MIN));
    const owed = [...this.#all.slice(-CELL_MESSAGE_IDS_MIN), ...ofTwins];
    return owed
      .filter(({ slot, id, removed }) => !removed && !marks.has(markOf(slot, id)))
      .map(({ slot, id }) => `${slot}/${id}`);
  }

  /** Ids of removed twins that are known all the same. */
  haunting(marks: MessageMarks = this.marks): string[] {
    return this.#all
      .filter(({ slot, id, removed }) => removed && marks.has(markOf(slot, id)))
      .map(({ slot, id }) => `${slot}/${id}`);
  }
}

describe("marks", () => {
  test("go into the journal's number and back, for every slot and id", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 17 - 1), fc.string({ unit: "binary" }), (slot, id) => {
        const mark = markOf(slot, id);
        const number = markToNumber(mark);
        expect(number).toBeLessThan(2 ** 47);
        expect(markFromNumber(slot, number)).toEqual(mark);
        expect(markToNumber(markOf(0, id))).toBe(number);
      }),
      { seed: SEED },
    );
  });

  test("of the same id differ from slot to slot", () => {
    const marks = new MessageMarks();
    marks.add(markOf(0, "m"));
    expect([0, 1, 131_071].map((slot) => marks.has(markOf(slot, "m")))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("message marks", () => {
  test("know nothing at first", () => {
    const marks = new MessageMarks();
    expect(marks.has(markOf(0, ""))).toBe(false);
    expect([marks.count, marks.bytes, marks.toWords()]).toEqual([0, 0, new Uint32Array(0)]);
    marks.forgetSlot(3);
    expect(marks.count).toBe(0);
  });

  test("remember the cell's last 100,000 and each twin's last 32, whatever the order of arrival", () => {
    const load = fc.record({
      seed: fc.integer(),
      // A few busy twins among many quiet ones: what is owed to a quiet one is soon older than 100,000.
      busyTwins: fc.integer({ min: 1, max: 50 }),
      quietTwins: fc.integer({ min: 1, max: 8_000 }),
      busyShare: fc.double({ min: 0, max: 0.99, noNaN: true }),
      adds: fc.integer({ min: 90_000, max: 300_000 }),
      removals: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(load, ({ seed, busyTwins, quietTwins, busyShare, adds, removals }) => {
        const random = seededRandom(seed);
        const ledger = new Ledger();
        for (let i = 0; i < adds; i++) {
          const busy = random() < busyShare;
          const slot = Math.floor(random() * (busy ? busyTwins : quietTwins));
          ledger.add(busy ? slot : busyTwins + slot);
          if (random() * adds < removals) ledger.forget(slot);
        }
        expect(ledger.missing()).toEqual([]);
        expect(ledger.haunting()).toEqual([]);
        const restored = MessageMarks.fromWords(ledger.marks.toWords());
        expect(ledger.missing(restored)).toEqual([]);
        expect(ledger.haunting(restored)).toEqual([]);
      }),
      { seed: SEED, numRuns: 6 },
    );
  });

  test("remember 100,000 in order and drop what is older, but for a twin's last 32", () => {
    const marks = new MessageMarks();
    for (let i = 0; i < 40; i++) marks.add(markOf(7, `quiet${i}`));
    for (let i = 0; i < 350_000; i++) marks.add(markOf(1, `busy${i}`));
    const known = (id: string): boolean => marks.has(markOf(1, id));
    expect([known("busy349999"), known("busy250000")]).toEqual([true, true]);
    // Room is 15 %: what is older than that is gone for good.
    expect([known("busy234000"), known("busy0")]).toEqual([false, false]);
    const quiet = Array.from({ length: 40 }, (_, i) => marks.has(markOf(7, `quiet${i}`)));
    expect(quiet.slice(0, 8)).toEqual(Array(8).fill(false));
    expect(quiet.slice(8)).toEqual(Array(32).fill(true));
  });

  test("go into words and back, in order, and from there on behave the same", () => {
    const slots = fc.array(fc.nat(40), { maxLength: 3_000 });
    fc.assert(
      fc.property(slots, slots, fc.nat(40), (before, after, removed) => {
        const ledger = new Ledger();
        for (const slot of before) ledger.add(slot);
        ledger.forget(removed);
        const words = ledger.marks.toWords();
        const restored = MessageMarks.fromWords(words);
        expect(restored.toWords()).toEqual(words);
        expect(restored.count * 2).toBe(words.length);
        for (const [i, slot] of after.entries()) {
          const mark = markOf(slot, `later${i}`);
          expect(restored.has(mark)).toBe(false);
          restored.add(mark);
          expect(restored.has(mark)).toBe(true);
        }
        expect(ledger.missing(restored)).toEqual([]);
      }),
      { seed: SEED, numRuns: 50 },
    );
  });

  test("are a copy as words: what is added later does not show in them", () => {
    const marks = new MessageMarks();
    marks.add(markOf(1, "a"));
    const words = marks.toWords();
    for (let i = 0; i < 5_000; i++) marks.add(markOf(1, `b${i}`));
    expect(MessageMarks.fromWords(words).has(markOf(1, "a"))).toBe(true);
    expect(words).toHaveLength(2);
  });
});

describe("a removed twin's marks", () => {
  test("are forgotten at once, its neighbours' stay, and the next twin of the slot has its own", () => {
    const marks = new MessageMarks();
    for (const slot of [4, 5, 6]) for (const id of ["a", "b"]) marks.add(markOf(slot, id));
    marks.forgetSlot(5);
    const known = (): boolean[] =>
      [4, 5, 6].flatMap((slot) => ["a", "b"].map((id) => marks.has(markOf(slot, id))));
    expect(known()).toEqual([true, true, false, false, true, true]);
    marks.add(markOf(5, "b"));
    expect(known()).toEqual([true, true, false, true, true, true]);
    marks.forgetSlot(5);
    expect(known()).toEqual([true, true, false, false, true, true]);
  });

  test("take no room for ever, however often the slot changes hands", () => {
    const marks = new MessageMarks();
    for (let i = 0; i < 20_000; i++) {
      marks.add(markOf(3, "same"));
      marks.forgetSlot(3);
    }
    expect(marks.has(markOf(3, "same"))).toBe(false);
    expect(marks.count).toBeLessThanOrEqual(1_024);
  });

  test("cost little to forget, also among 100,000 others", () => {
    const marks = new MessageMarks();
    for (let i = 0; i < CELL_MESSAGE_IDS_MIN; i++) marks.add(markOf(i % 20_000, `m${i}`));
    const words = marks.toWords();
    const startMs = performance.now();
    MessageMarks.fromWords(words);
    const rebuildMs = performance.now() - startMs;
    const removalsStartMs = performance.now();
    for (let slot = 0; slot < 10_000; slot++) marks.forgetSlot(slot);
    // A rebuild for each of them would take 10,000 times as long as one.
    expect(performance.now() - removalsStartMs).toBeLessThan(200 * rebuildMs + 50);
  });
});

describe("the memory of marks", () => {
  const bytesPerMark = (count: number, twins: number): number => {
    const marks = new MessageMarks();
    for (let i = 0; i < count; i++) marks.add(markOf(i % twins, `m${i}`));
    return marks.bytes / marks.count;
  };

  test.each([
    [100_000, 16],
    [115_000, 16],
    [115_001, 16],
    [200_000, 16],
    [1_000_000, 16],
    // Smaller lists double, so they may be half empty.
    [1_025, 27],
    [5_000, 27],
    [49_999, 27],
    [50_001, 30],
  ])("is at most what was planned: %i marks at %i bytes each", (count, bytesMax) => {
    expect(bytesPerMark(count, 100)).toBeLessThanOrEqual(bytesMax);
  });

  test("is 16 bytes a mark at most also where many twins have their last 32", () => {
    expect(bytesPerMark(600_000, 15_625)).toBeLessThanOrEqual(16);
  });
});

describe("false positives", () => {
  const uuid = (random: () => number): string => {
    const hex = (): string =>
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return `${hex()}-${hex()}-${hex()}-${hex()}`;
  };

  test("do not come up among a million random ids of one twin that has 100,000", () => {
    const random = seededRandom(SEED);
    const marks = new MessageMarks();
    for (let i = 0; i < CELL_MESSAGE_IDS_MIN; i++) marks.add(markOf(9, uuid(random)));
    let found = 0;
    for (let i = 0; i < 1_000_000; i++) if (marks.has(markOf(9, uuid(random)))) found++;
    expect(found).toBe(0);
  });

  // Two hashes of one family could agree on ids that differ in a few places only.
  test.each<[string, (i: number) => string]>([
    ["counted up", (i) => String(i)],
    ["padded", (i) => String(i).padStart(20, "0")],
    ["timed", (i) => new Date(i).toISOString()],
    ["numbered per cell", (i) => `Airport:${i % 64}/1a2b3c4d/${Math.floor(i / 64)}`],
    ["ending alike", (i) => `${i.toString(36)}-the-same-end-of-every-id`],
  ])("do not come up among 200,000 ids that are %s", (_name, idOf) => {
    const numbers = new Set<number>();
    for (let i = 0; i < 200_000; i++) numbers.add(markToNumber(markOf(0, idOf(i))));
    expect(numbers.size).toBe(200_000);
  });
});
