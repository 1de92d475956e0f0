/**
 * Both sides of the bounds that a cell keeps. Those of states, rows, ids, marks, columns, definitions and the
 * tokenizer are in the tests of these; those of ingest, delivery, aggregation and live connections are there.
 */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { CellLog } from "../../src/core/cell/log.ts";
import type { CellStore, JournalRow } from "../../src/core/cell/store.ts";
import {
  BUSY_TIMER_RETRY_MS,
  COMMIT_MODEL_MS_MAX,
  JOURNAL_CHARS_MIN,
  JOURNAL_STATE_RATIO,
  LOG_ENTRIES_MAX,
  LOG_ENTRY_CHARS_MAX,
  MESSAGE_CHARS_MAX,
  MESSAGE_ID_LENGTH_MAX,
  STEP_COMMANDS_MAX,
  STEP_MESSAGES_MAX,
  STEP_MS_MAX,
  STEP_SENDS_MAX,
  TIMERS_PER_COMMIT_MAX,
  TIMERS_PER_TWIN_MAX,
  TIMER_DELAY_MS_MAX,
  TIMER_NAME_LENGTH_MAX,
  TWINS_PER_CELL_MAX,
} from "../../src/core/limits.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";
import type { ModelDefinition } from "../../src/core/model.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { ProcessingContext } from "../../src/sdk/index.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { gate } from "../support/counter-model.ts";

type Doing = (context: ProcessingContext, twin: { count: number }) => void;

/** A model that does what a test says with each message and timer. */
function doing(onMessage: Doing, onTimer: Doing = () => undefined): ModelDefinition {
  class Doer extends DigitalTwin {
    count = 0;
    override processMessages(context: ProcessingContext, messages: unknown[]): void {
      for (const _message of messages) onMessage(context, this);
    }
    override onTimer(context: ProcessingContext): void {
      onTimer(context, this);
    }
  }
  return model(Doer, { name: "Counter", message: v.any() });
}

/** What the first rejection of one message says; undefined when it is accepted. */
function refusalOf(host: CellHost, id = "a"): string | undefined {
  return host.send({ id, message: 1 }).rejected[0]?.[1].detail;
}

const repeat = (times: number, action: () => void): void => {
  for (let i = 0; i < times; i++) action();
};

describe("twins of a cell", () => {
  test(`are ${TWINS_PER_CELL_MAX} at most; there is room again when one goes`, () => {
    const host = new CellHost();
    const stranger = host.cell.model.blank();
    for (let i = 0; i < TWINS_PER_CELL_MAX - 1; i++) host.cell.table.claim(`s${i}`, stranger);
    const { rejected } = host.send(add("last", 1), add("beyond", 1));
    expect(rejected).toEqual([
      [1, { code: "cell/full", detail: 'There is no room for twin "beyond": its cell is full.' }],
    ]);
    expect(host.cell.put("beyond", {}, host.nowMs)).toMatchObject({
      ok: false,
      refusal: { code: "cell/full" },
    });
    expect(host.view("beyond")).toBeNull();
    expect(host.send(add("last", 1))).toMatchObject({ accepted: 1 });
    host.cell.remove("last", host.nowMs);
    expect(host.cell.put("beyond", {}, host.nowMs)).toMatchObject({ ok: true });
    expect(host.cell.table.slotOf("beyond")).toBe(TWINS_PER_CELL_MAX - 1);
  });
});

describe("a message id", () => {
  test.each([
    [0, false],
    [1, true],
    [MESSAGE_ID_LENGTH_MAX, true],
    [MESSAGE_ID_LENGTH_MAX + 1, false],
  ])("of %i characters is taken: %s", (length, taken) => {
    const { accepted, rejected } = new CellHost().send(
      add("a", 1, { messageId: "x".repeat(length) }),
    );
    expect(accepted).toBe(taken ? 1 : 0);
    if (!taken) expect(rejected[0]![1].code).toBe("message/bad-message-id");
  });
});

describe("a twin's own limit of state", () => {
  const note = model(
    class Note extends DigitalTwin<string> {
      text = "";
      override processMessages(_context: ProcessingContext, messages: string[]): void {
        this.text = messages.at(-1)!;
      }
    },
    { name: "Note", message: v.string(), stateBytesMax: 100 },
  );

  test("holds to the byte for messages and for put", () => {
    const text = "x".repeat(100 - '{"text":""}'.length);
    const host = new CellHost(note);
    const refusal = {
      code: "twin/state-too-large",
      data: { bytes: 101, bytesMax: 100, largestField: "text" },
    };
    expect(host.send({ id: "a", message: text })).toMatchObject({ accepted: 1 });
    expect(host.send({ id: "a", message: `${text}x` }).rejected).toMatchObject([[0, refusal]]);
    expect(host.cell.put("b", { text }, host.nowMs)).toMatchObject({ ok: true });
    expect(host.cell.put("b", { text: `${text}x` }, host.nowMs)).toMatchObject({
      ok: false,
      refusal,
    });
    expect(host.cell.put("c", { text: `${text}x` }, host.nowMs)).toMatchObject({
      ok: false,
      refusal,
    });
    expect([host.state("a"), host.state("b"), host.state("c")]).toEqual([{ text }, { text }, null]);
    host.restart();
    expect([host.state("a"), host.state("b"), host.state("c")]).toEqual([{ text }, { text }, null]);
  });
});

describe("the journal", () => {
  /** Notes the characters of each commit and of the last checkpoint's journal. */
  class WeighingStore extends MemoryStore implements CellStore {
    journalChars = 0;
    override appendJournal(rows: readonly JournalRow[]): void {
      for (const { body } of rows) this.journalChars += body.length;
      super.appendJournal(rows);
    }
  }

  test.each([
    ["1 MiB where states are small", 1_000],
    ["four times the state where it is large", 400_000],
  ])("is cleared by the commit that makes it longer than %s", (_name, chars) => {
    const store = new WeighingStore();
    const host = new CellHost(undefined, store);
    let dueAbove = 0;
    let before = 0;
    for (let i = 0; host.cell.counts.checkpoints === 0; i++) {
      before = store.journalChars;
      expect(before).toBeLessThanOrEqual(Math.max(dueAbove, JOURNAL_CHARS_MIN));
      host.send(act(i < 2 ? `t${i}` : "t0", "grow", { ms: chars }));
      dueAbove = Math.max(JOURNAL_CHARS_MIN, JOURNAL_STATE_RATIO * host.cell.table.stateChars);
    }
    expect(store.journalChars).toBeGreaterThan(dueAbove);
    expect(before).toBeLessThanOrEqual(dueAbove);
    expect(host.cell.journalChars).toBe(0);
    expect([...store.readJournal()]).toEqual([]);
  });
});

describe("model time", () => {
  /** A cell whose model takes `step.ms` for each message and timer, and the twins in the order of their steps. */
  function slow(ms: number): { host: CellHost; step: { ms: number }; order: string[] } {
    const order: string[] = [];
    const step = { ms };
    const spend: Doing = (context) => {
      host.clockMs += step.ms;
      order.push(context.id);
    };
    const host: CellHost = new CellHost(
      doing((context, twin) => {
        spend(context, twin);
        context.startTimer("t", 10);
      }, spend),
    );
    return { host, step, order };
  }

  const five = ["a", "b", "c", "d", "e"].map((id) => ({ id, message: 1 }));

  test.each([
    [COMMIT_MODEL_MS_MAX / 2, 3],
    [COMMIT_MODEL_MS_MAX, 2],
    [COMMIT_MODEL_MS_MAX + 1, 1],
  ])(
    "of %i ms a step lets a commit have %i of five steps; the rest come in the next",
    (stepMs, count) => {
      const { host, order } = slow(stepMs);
      const answer = host.submit(...five);
      host.cell.turn(host.nowMs);
      expect(order).toEqual(["a", "b", "c", "d", "e"].slice(0, count));
      expect(answer.value).toBeUndefined();
      expect(host.cell.hasWork(host.nowMs)).toBe(true);
      host.run();
      expect(answer.value).toMatchObject({ accepted: 5, rejected: [] });
    },
  );

  test.each([
    [COMMIT_MODEL_MS_MAX / 2, 3],
    [COMMIT_MODEL_MS_MAX + 1, 1],
  ])(
    "of %i ms a timer lets a commit fire %i of five; messages have their turn all the same",
    (stepMs, count) => {
      const { host, step, order } = slow(0);
      host.send(...five);
      step.ms = stepMs;
      host.nowMs += 10;
      const answer = host.submit({ id: "z", message: 1 });
      host.cell.turn(host.nowMs);
      expect(host.cell.counts.timersFired).toBe(count);
      expect(order.at(-1)).toBe("z");
      expect(answer.value).toMatchObject({ accepted: 1 });
      host.run();
      expect(host.cell.counts.timersFired).toBe(5);
    },
  );

  test.each([
    [STEP_MS_MAX, undefined],
    [STEP_MS_MAX + 1, `The step took ${STEP_MS_MAX + 1} ms; the limit is ${STEP_MS_MAX} ms.`],
  ])("of %i ms for one step is refused with %j", (stepMs, refusal) => {
    const { host } = slow(stepMs);
    const detail = refusalOf(host);
    if (refusal === undefined) expect(detail).toBeUndefined();
    else expect(detail).toContain(refusal);
    expect(host.view("a") === null).toBe(refusal !== undefined);
  });

  test("of timers is not counted against the message that comes after them", () => {
    const host: CellHost = new CellHost(
      doing(
        (context) => context.startTimer("t", 10),
        () => void (host.clockMs += STEP_MS_MAX),
      ),
    );
    host.send({ id: "a", message: 1 }, { id: "b", message: 1 });
    host.nowMs += 10;
    expect(host.send({ id: "c", message: 1 })).toMatchObject({ accepted: 1, rejected: [] });
    expect(host.cell.counts).toMatchObject({ timersFired: 2, failures: 0 });
  });

  test("of a timer beyond the limit puts its twin back, and the timer has fired", () => {
    const host: CellHost = new CellHost(
      doing(
        (context) => context.startTimer("t", 10),
        (_context, twin) => {
          host.clockMs += STEP_MS_MAX + 1;
          twin.count++;
        },
      ),
    );
    host.send({ id: "a", message: 1 });
    host.nowMs += 10;
    host.run();
    expect(host.view("a")).toMatchObject({ state: '{"count":0}', timers: [] });
    expect(host.cell.log.newest(1)[0]!.text).toContain("The step took 1001 ms");
  });
});

describe("a step that waits", () => {
  const stalling = (ms: number): CellHost => {
    const host: CellHost = new CellHost(
      model(
        class Stalls extends DigitalTwin {
          count = 0;
          override processMessages(): Promise<void> {
            host.clockMs += ms;
            this.count++;
            return Promise.resolve();
          }
        },
        { name: "Stalls", message: v.any() },
      ),
    );
    return host;
  };
  const settled = async (host: CellHost): Promise<unknown> => {
    const box = host.submit({ id: "a", message: 1 });
    while (box.value === undefined) {
      host.run();
      await Promise.resolve();
    }
    return box.value;
  };

  test("may stall its cell for as long before as one that does not", async () => {
    expect(await settled(stalling(STEP_MS_MAX))).toMatchObject({ accepted: 1 });
  });

  test("and stalled its cell for longer before has failed, and is named with its time", async () => {
    const host = stalling(STEP_MS_MAX + 1);
    expect(await settled(host)).toMatchObject({
      accepted: 0,
      rejected: [[0, { code: "model/failed" }]],
    });
    expect(host.view("a")).toBeNull();
    expect(host.cell.log.newest(1)[0]!.text).toContain("The step took 1001 ms");
  });
});

describe("one step", () => {
  test(`has ${STEP_MESSAGES_MAX} messages at most; more come in the next, in order`, () => {
    const sizes: number[] = [];
    const host = new CellHost(
      model(
        class Sizes extends DigitalTwin {
          last = -1;
          ordered = true;
          override processMessages(_context: ProcessingContext, messages: unknown[]): void {
            sizes.push(messages.length);
            for (const message of messages as number[]) {
              this.ordered &&= message === this.last + 1;
              this.last = message;
            }
          }
        },
        { name: "Counter", message: v.any() },
      ),
    );
    const messages = (count: number): { id: string; message: number }[] =>
      Array.from({ length: count }, (_, i) => ({ id: `of${count}`, message: i }));
    host.send(...messages(STEP_MESSAGES_MAX));
    host.send(...messages(STEP_MESSAGES_MAX + 1));
    expect(sizes).toEqual([STEP_MESSAGES_MAX, STEP_MESSAGES_MAX, 1]);
    expect(host.state(`of${STEP_MESSAGES_MAX + 1}`)).toEqual({
      last: STEP_MESSAGES_MAX,
      ordered: true,
    });
  });

  test.each([
    [
      "commands",
      STEP_COMMANDS_MAX,
      (context: ProcessingContext) => context.sendToDataSource(1),
      "A step may send 1000 commands.",
    ],
    [
      "messages to twins",
      STEP_SENDS_MAX,
      (context: ProcessingContext) => context.sendToTwin("Counter", "b", 1),
      "A step may send 1000 messages to twins.",
    ],
  ])("sends so many %s: %i", (_name, max, send, refusal) => {
    expect(
      refusalOf(new CellHost(doing((context) => repeat(max, () => send(context))))),
    ).toBeUndefined();
    const host = new CellHost(doing((context) => repeat(max + 1, () => send(context))));
    expect(refusalOf(host)).toContain(refusal);
    expect(host.cell.outbox.size).toBe(0);
  });

  test.each([
    [
      "sendToDataSource",
      (context: ProcessingContext, text: string) => context.sendToDataSource(text),
    ],
    [
      "sendToTwin",
      (context: ProcessingContext, text: string) => context.sendToTwin("Counter", "b", text),
    ],
  ])("sends messages of MESSAGE_CHARS_MAX with %s, and none longer", (method, send) => {
    const text = "x".repeat(MESSAGE_CHARS_MAX - 2);
    expect(refusalOf(new CellHost(doing((context) => send(context, text))))).toBeUndefined();
    expect(refusalOf(new CellHost(doing((context) => send(context, `${text}x`))))).toContain(
      `${method}: ${MESSAGE_CHARS_MAX + 1} characters of JSON; the limit is ${MESSAGE_CHARS_MAX}.`,
    );
  });
});

describe("timers", () => {
  const starting = (name: string, delayMs: number): CellHost =>
    new CellHost(doing((context) => context.startTimer(name, delayMs)));

  test.each<[string, number, string | undefined]>([
    ["t".repeat(TIMER_NAME_LENGTH_MAX), 1, undefined],
    [
      "t".repeat(TIMER_NAME_LENGTH_MAX + 1),
      1,
      "startTimer: a name of 129 characters; the limit is 128.",
    ],
    ["", 1, "startTimer: a timer needs a name."],
    ["t", TIMER_DELAY_MS_MAX, undefined],
    [
      "t",
      TIMER_DELAY_MS_MAX + 1,
      `startTimer "t": the delay is ${TIMER_DELAY_MS_MAX + 1} ms; it must be from 1 to ${TIMER_DELAY_MS_MAX}.`,
    ],
    ["t", 0.999, 'startTimer "t": the delay is 0.999 ms; it must be from 1'],
    ["t", 0, 'startTimer "t": the delay is 0 ms; it must be from 1'],
    ["t", Number.NaN, 'startTimer "t": the delay is NaN ms; it must be from 1'],
    ["t", Infinity, 'startTimer "t": the delay is Infinity ms; it must be from 1'],
  ])("by the name %j in %d ms: %j", (name, delayMs, refusal) => {
    const detail = refusalOf(starting(name, delayMs));
    if (refusal === undefined) expect(detail).toBeUndefined();
    else expect(detail).toContain(refusal);
  });

  test("are due on whole milliseconds, never before their delay", () => {
    const host = starting("t", 1.2);
    host.send({ id: "a", message: 1 });
    expect(host.cell.timers.nextDueAtMs()).toBe(host.nowMs + 2);
    expect(new Date(host.nowMs + TIMER_DELAY_MS_MAX).getUTCFullYear()).toBe(1979);
  });

  test(`of one twin are ${TIMERS_PER_TWIN_MAX}, counted when the step has ended`, () => {
    const start = (count: number, stopped: number) =>
      new CellHost(
        doing((context) => {
          for (let i = 0; i < count; i++) context.startTimer(`t${i}`, 5);
          for (let i = 0; i < stopped; i++) context.stopTimer(`t${i}`);
        }),
      );
    expect(refusalOf(start(TIMERS_PER_TWIN_MAX, 0))).toBeUndefined();
    expect(refusalOf(start(TIMERS_PER_TWIN_MAX + 1, 0))).toBe(
      'Twin "a" would have 101 timers; the limit is 100.',
    );
    expect(refusalOf(start(TIMERS_PER_TWIN_MAX + 1, 1))).toBeUndefined();
  });

  test(`fire ${TIMERS_PER_COMMIT_MAX} in one commit, the others in the next`, () => {
    const host = new CellHost(doing((context) => context.startTimer("t", 10)));
    host.send(
      ...Array.from({ length: TIMERS_PER_COMMIT_MAX + 1 }, (_, i) => ({ id: `t${i}`, message: 1 })),
    );
    host.nowMs += 10;
    host.cell.turn(host.nowMs);
    expect(host.cell.counts.timersFired).toBe(TIMERS_PER_COMMIT_MAX);
    expect(host.cell.hasWork(host.nowMs)).toBe(true);
    host.cell.turn(host.nowMs);
    expect(host.cell.counts.timersFired).toBe(TIMERS_PER_COMMIT_MAX + 1);
    expect(host.cell.hasWork(host.nowMs)).toBe(false);
  });

  test(`of a twin in an asynchronous step wait for it, looked at every ${BUSY_TIMER_RETRY_MS} ms, and keep their beat`, async () => {
    const host = new CellHost();
    host.send(act("a", "recurring", { to: "beat", ms: 1_000 }));
    const startMs = host.nowMs;
    host.submit(act("a", "wait", { to: "busy-timer" }));
    host.run();
    host.nowMs = startMs + 1_000;
    expect(host.run()).toBe(1);
    expect(host.cell.timers.nextDueAtMs()).toBe(host.nowMs + BUSY_TIMER_RETRY_MS);
    expect(host.view("a")!.timers).toEqual([
      { name: "beat", dueAtMs: startMs + 1_000, everyMs: 1_000 },
    ]);
    host.nowMs += BUSY_TIMER_RETRY_MS - 1;
    expect(host.cell.hasWork(host.nowMs)).toBe(false);
    gate.open("busy-timer");
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(host.run()).toBe(1);
    expect(host.state("a")).toMatchObject({ fired: [] });
    host.nowMs += 1;
    host.run();
    expect(host.state("a")).toMatchObject({ fired: ["beat"] });
    expect(host.cell.timers.nextDueAtMs()).toBe(startMs + 2_000);
  });
});

describe("the log", () => {
  const log = (entries: number): CellLog => {
    const log = new CellLog();
    for (let i = 0; i < entries; i++) log.add(i, "info", "log", "a", `entry ${i}`);
    return log;
  };

  test(`keeps its newest ${LOG_ENTRIES_MAX} entries, newest first`, () => {
    for (const entries of [LOG_ENTRIES_MAX, LOG_ENTRIES_MAX + 1, LOG_ENTRIES_MAX * 2 + 1, 12_345]) {
      const newest = log(entries).newest(Number.MAX_SAFE_INTEGER);
      expect(newest).toHaveLength(LOG_ENTRIES_MAX);
      expect(newest[0]!.text).toBe(`entry ${entries - 1}`);
      expect(newest.at(-1)!.text).toBe(`entry ${entries - LOG_ENTRIES_MAX}`);
    }
  });

  test.each([
    [0, []],
    [2, ["entry 4", "entry 3"]],
    [9, ["entry 4", "entry 3", "entry 2", "entry 1", "entry 0"]],
  ])("shows %i at most when asked for so many", (limit, texts) => {
    expect(
      log(5)
        .newest(limit)
        .map(({ text }) => text),
    ).toEqual(texts);
  });

  test.each([
    [LOG_ENTRY_CHARS_MAX, "x".repeat(LOG_ENTRY_CHARS_MAX)],
    [LOG_ENTRY_CHARS_MAX + 1, `${"x".repeat(LOG_ENTRY_CHARS_MAX)}…`],
  ])("cuts and marks a text of more than its limit: %i", (chars, kept) => {
    const log = new CellLog();
    log.add(1, "info", "log", "a", "x".repeat(chars));
    expect(log.newest(1)[0]!.text).toBe(kept);
  });
});
