import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ROW_BYTES_PLATFORM_MAX,
  ROW_CHARS_MAX,
  STATE_BYTES_MAX,
  STEP_MESSAGES_MAX,
  TIMERS_PER_TWIN_MAX,
  TIMER_NAME_LENGTH_MAX,
} from "../../src/core/limits.ts";
import { CommitRows, joinRows, parseRow } from "../../src/core/cell/records.ts";
import type { RecordExtra, StoredSend, StoredTwin } from "../../src/core/cell/records.ts";
import { CellHost, act } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";

const SEED = 20_261_123;

type Operation =
  | {
      do: "twin";
      slot: number;
      version: number;
      state: Record<string, unknown> | null;
      extra: RecordExtra | undefined;
    }
  | { do: "remove"; slot: number }
  | { do: "send"; n: number; chars: number };

function build(
  operations: readonly Operation[],
  delivered: readonly number[] = [],
  received?: Record<string, number>,
): readonly string[] {
  const rows = new CommitRows(7, 1_000);
  for (const operation of operations) {
    switch (operation.do) {
      case "twin": {
        const { slot, version, state, extra } = operation;
        // A record owns its extra: what is built of it later must not change what is compared.
        rows.twin(
          slot,
          version,
          state === null ? null : JSON.stringify(state),
          structuredClone(extra),
        );
        break;
      }
      case "remove":
        rows.removed(operation.slot);
        break;
      case "send":
        rows.send({ n: operation.n, lane: "twin", ...sendOf(operation) });
    }
  }
  return rows.finish(delivered, received);
}

function sendOf({ n, chars }: { n: number; chars: number }): {
  model: string;
  id: string;
  message: string;
} {
  return { model: "M", id: `t${n}`, message: "水".repeat(chars) };
}

interface SlotMemory {
  version: number;
  state: unknown;
  dated: boolean;
  byMessage: boolean;
  id?: string | undefined;
  seq?: number | undefined;
  marks: number[];
  timers?: unknown;
}

/** What reading records in turn leaves in memory, slot by slot: told apart from how recovery tells it. */
function memoryAfter(records: readonly StoredTwin[]): Map<number, SlotMemory> {
  const memory = new Map<number, SlotMemory>();
  for (const [slot, version, state, extra] of records) {
    if (version === undefined) {
      memory.delete(slot);
      continue;
    }
    const known = memory.get(slot) ?? {
      version: 0,
      state: undefined,
      dated: false,
      byMessage: false,
      marks: [],
    };
    if (state !== null) Object.assign(known, { version, state, dated: extra?.dated === 1 });
    known.byMessage ||= extra?.put !== 1;
    known.id = extra?.id ?? known.id;
    known.seq = extra?.seq ?? known.seq;
    known.marks = [...known.marks, ...(extra?.marks ?? [])];
    known.timers = extra?.timers ?? known.timers;
    memory.set(slot, known);
  }
  return memory;
}

function recordOf(operation: Operation): StoredTwin[] {
  if (operation.do === "remove") return [[operation.slot]];
  if (operation.do === "send") return [];
  const { slot, version, state, extra } = operation;
  return [extra === undefined ? [slot, version, state] : [slot, version, state, extra]];
}

const extra = fc.option(
  fc.record(
    {
      id: fc.string({ maxLength: 4 }),
      put: fc.constant(1 as const),
      dated: fc.constant(1 as const),
      seq: fc.nat(),
      marks: fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 3 }),
      timers: fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat(), fc.constant(null)), {
        maxLength: 2,
      }),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("twin" as const),
      slot: fc.nat(2),
      version: fc.nat(9),
      state: fc.option(fc.record({ v: fc.nat(9) })),
      extra,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), slot: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      n: fc.nat(99),
      chars: fc.constantFrom(1, 100_000, 262_000),
    }),
  },
);

describe("the stored form, version 1", () => {
  test("of a commit is this, to the letter", () => {
    const rows = new CommitRows(7, 1_000);
    rows.twin(0, 1, '{"total":1}', { id: "a", marks: [5], seq: 3, timers: [["t", 9, null]] });
    rows.twin(1, 4, null, { put: 1 });
    rows.twin(2, 2, '{"at":{"$date":1}}', { dated: 1 });
    rows.twin(3, 2, "{}", undefined);
    rows.removed(3);
    rows.send({ n: 8, lane: "twin", model: "M", id: "b", message: { x: 1 } });
    expect(rows.finish([1, 2], { "N:0/x": 4 })).toEqual([
      '{"v":1,"c":7,"at":1000,"t":[' +
        '[0,1,{"total":1},{"id":"a","marks":[5],"seq":3,"timers":[["t",9,null]]}],[1,4,null,{"put":1}],' +
        '[2,2,{"at":{"$date":1}},{"dated":1}],[3,2,{}],[3]],"o":[[8,"M","b",{"x":1}]],"d":[1,2],"i":{"N:0/x":4}}',
    ]);
  });

  test("of a later version is refused as what it is", () => {
    expect(() => parseRow('{"v":2}')).toThrow("a journal row has version 2, known is 1");
  });
});

describe("the rows of a commit", () => {
  test("are none when there is nothing to say", () => {
    expect(build([])).toEqual([]);
  });

  test("say all that was said, in its order, whatever it was", () => {
    const numbers = fc.uniqueArray(fc.nat(1_000_000), { maxLength: 50 });
    const received = fc.option(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.nat(), {
        minKeys: 1,
        noNullPrototype: true,
      }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 30 }),
        numbers,
        received,
        (operations, delivered, received) => {
          const rows = build(operations, delivered, received).map(parseRow);
          expect(rows.every(({ c, at }) => c === 7 && at === 1_000)).toBe(true);
          expect(memoryAfter(rows.flatMap(({ t }) => t))).toEqual(
            memoryAfter(operations.flatMap(recordOf)),
          );
          const sends = operations.filter((operation) => operation.do === "send");
          expect(rows.flatMap(({ o = [] }) => o)).toEqual(
            sends.map((send): StoredSend => [send.n, "M", `t${send.n}`, sendOf(send).message]),
          );
          expect(rows.flatMap(({ d = [] }) => d)).toEqual(delivered);
          expect(Object.assign({}, ...rows.map(({ i = {} }) => i))).toEqual(received ?? {});
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("are full but not over-full: more than ROW_CHARS_MAX is one record alone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 10, max: 300_000 }), { minLength: 1, maxLength: 15 }),
        (sizes) => {
          const operations = sizes.map((size, slot): Operation => ({
            do: "twin",
            slot,
            version: 1,
            state: { text: "x".repeat(size) },
            extra: undefined,
          }));
          const bodies = build(operations);
          const rows = bodies.map(parseRow);
          expect(rows.flatMap(({ t }) => t.map(([slot]) => slot))).toEqual(
            sizes.map((_, slot) => slot),
          );
          for (const [i, { t }] of rows.entries()) {
            if (t.length > 1) expect(bodies[i]!.length).toBeLessThanOrEqual(ROW_CHARS_MAX + 100);
            const next = rows[i + 1]?.t[0];
            if (next !== undefined)
              expect(bodies[i]!.length + JSON.stringify(next).length).toBeGreaterThan(
                ROW_CHARS_MAX,
              );
          }
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });

  test("join what one twin went through without another between, and nothing across a removal", () => {
    const twin = (slot: number, version: number, extra?: RecordExtra): Operation => ({
      do: "twin",
      slot,
      version,
      state: { version },
      extra,
    });
    const records = (...operations: Operation[]): unknown =>
      build(operations)
        .map(parseRow)
        .flatMap(({ t }) => t);
    expect(
      records(twin(0, 1, { id: "a", marks: [1] }), twin(0, 2, { marks: [2] }), twin(0, 3)),
    ).toEqual([[0, 3, { version: 3 }, { id: "a", marks: [1, 2] }]]);
    expect(records(twin(0, 1), twin(1, 1), twin(0, 2))).toHaveLength(3);
    expect(records(twin(0, 1), { do: "remove", slot: 0 }, twin(0, 1, { id: "b" }))).toHaveLength(3);
  });

  test("join marks up to as many as one step has", () => {
    const marks = (count: number): Operation => ({
      do: "twin",
      slot: 0,
      version: 1,
      state: {},
      extra: { marks: Array<number>(count).fill(1) },
    });
    const records = (...counts: number[]): number =>
      build(counts.map(marks))
        .map(parseRow)
        .flatMap(({ t }) => t).length;
    expect(records(STEP_MESSAGES_MAX - 1, 1)).toBe(1);
    expect(records(STEP_MESSAGES_MAX, 1)).toBe(2);
  });
});

describe("the platform's limit of a row", () => {
  const wide = '{"text":""}';
  const largestState = { text: "水".repeat(Math.floor((STATE_BYTES_MAX - wide.length) / 3)) };
  const worstExtra = (): RecordExtra => ({
    id: '"'.repeat(128),
    dated: 1,
    seq: Number.MAX_SAFE_INTEGER,
    marks: Array<number>(STEP_MESSAGES_MAX).fill(2 ** 47 - 1),
    timers: Array.from({ length: TIMERS_PER_TWIN_MAX }, () => [
      "\u0001".repeat(TIMER_NAME_LENGTH_MAX),
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
    ]),
  });

  test("is kept by the largest states, ids, marks and timers that there can be, and all of it survives", () => {
    expect(Buffer.byteLength(JSON.stringify(largestState))).toBeGreaterThan(STATE_BYTES_MAX - 3);
    const rows = new CommitRows(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const slots = [131_066, 131_067, 131_068, 131_069, 131_070];
    // A row that is as full as a row can be, before the largest record comes.
    for (let slot = 0; slot < 400; slot++)
      rows.twin(slot, 1, JSON.stringify({ t: "水".repeat(1_000) }), undefined);
    for (const slot of slots) rows.twin(slot, 2 ** 40, JSON.stringify(largestState), worstExtra());
    const bodies = rows.finish([], undefined);
    for (const body of bodies)
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(ROW_BYTES_PLATFORM_MAX);
    const back = bodies.flatMap((body) => parseRow(body).t).filter(([slot]) => slot >= 131_066);
    expect(back).toEqual(slots.map((slot) => [slot, 2 ** 40, largestState, worstExtra()]));
  });

  test("is kept by what was delivered and received, however much it is", () => {
    const delivered = Array.from({ length: 300_000 }, (_, i) => Number.MAX_SAFE_INTEGER - i);
    const received = Object.fromEntries(
      Array.from({ length: 4_000 }, (_, i) => [`${"M".repeat(64)}:${i}/12345678`, i]),
    );
    const bodies = build(
      [{ do: "twin", slot: 0, version: 1, state: largestState, extra: undefined }],
      delivered,
      received,
    );
    for (const body of bodies)
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(ROW_BYTES_PLATFORM_MAX);
    expect(bodies.flatMap((body) => parseRow(body).d ?? [])).toEqual(delivered);
    expect(bodies.flatMap((body) => Object.entries(parseRow(body).i ?? {}))).toHaveLength(4_000);
  });

  test("is kept by joined records of every size, which come out in order", () => {
    const record = fc
      .integer({ min: 0, max: 262_144 })
      .map((chars) => JSON.stringify("水".repeat(chars)));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        const rows = joinRows(records);
        expect(rows.flatMap((row) => JSON.parse(row) as string[])).toEqual(
          records.map((text) => JSON.parse(text) as string),
        );
        for (const row of rows)
          expect(Buffer.byteLength(row)).toBeLessThanOrEqual(ROW_BYTES_PLATFORM_MAX);
      }),
      { seed: SEED, numRuns: 60 },
    );
    const [third, most] = [136_000, 262_140].map((chars) => JSON.stringify("水".repeat(chars)));
    expect(joinRows([third!, third!, third!, most!])).toHaveLength(2);
    expect(joinRows([])).toEqual(["[]"]);
  });

  test("is kept by a cell: wide states, many timers, large messages between twins, and all of it survives", () => {
    const store = new CheckedStore();
    const host = new CellHost(undefined, store);
    const overhead = 400;
    for (let i = 0; i < 6; i++) {
      host.send(act(`twin-${i}`, "store", { body: "水".repeat((STATE_BYTES_MAX - overhead) / 3) }));
      for (let t = 0; t < TIMERS_PER_TWIN_MAX; t++)
        host.send(
          act(`twin-${i}`, "timer", {
            to: `${t}`.padEnd(TIMER_NAME_LENGTH_MAX, "\u0001"),
            ms: 1_000_000_000,
          }),
        );
    }
    // Three fill a row, so that the fourth must not join them.
    for (const chars of [130_000, 130_000, 130_000, 131_000]) {
      host.send(act("sender", "send", { to: "nobody", body: "水".repeat(chars) }));
    }
    const before = ["twin-0", "twin-5", "sender"].map((id) => host.view(id));
    const outbox = [...host.cell.outbox.entries()];
    expect(outbox).toHaveLength(4);
    for (let i = 0; i < 2; i++) {
      host.restart();
      expect(["twin-0", "twin-5", "sender"].map((id) => host.view(id))).toEqual(before);
      expect([...host.cell.outbox.entries()]).toEqual(outbox);
      host.cell.checkpoint();
    }
    expect(store.rowBytesMax).toBeGreaterThan(STATE_BYTES_MAX);
    expect(store.rowBytesMax).toBeLessThanOrEqual(ROW_BYTES_PLATFORM_MAX);
  });
});
