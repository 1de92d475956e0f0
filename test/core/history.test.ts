/** The history of a cell's twins: what an entry says, what it leaves out, and what is kept of it. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  JOURNAL_STATE_RATIO,
  TWIN_HISTORY_FIELDS_MAX,
  TWIN_HISTORY_JOURNAL_CHARS,
  TWIN_HISTORY_LIST_MAX,
  TWIN_HISTORY_VALUE_CHARS_MAX,
  TWINS_PER_PAGE,
} from "../../src/core/limits.ts";
import type { HistoryEntry } from "../../src/core/history/entry.ts";
import { readHistory } from "../../src/core/cell/history-view.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { ModelDefinition, ProcessingContext } from "../../src/sdk/index.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";
import { counterModel } from "../support/counter-model.ts";

type Bounds = NonNullable<ModelDefinition["history"]>;

const BOUNDS: Bounds = { count: 100, ageMs: 86_400_000, messages: true };

function keeping(bounds: Partial<Bounds> = {}): ModelDefinition {
  return { ...counterModel, history: { ...BOUNDS, ...bounds } };
}

function historyIn(
  host: CellHost,
  id: string,
  query: { limit?: number; before?: number; field?: string } = {},
): readonly HistoryEntry[] {
  return pageIn(host, id, query).entries;
}

function pageIn(
  host: CellHost,
  id: string,
  query: { limit?: number; before?: number; field?: string } = {},
): { entries: readonly HistoryEntry[]; before: number | null } {
  const view = readHistory(host.cell, id, { limit: 1_000, ...query }, host.nowMs);
  if (!view.ok) throw new Error(view.refusal.detail);
  return view.value;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** A model whose messages say what becomes of its fields. */
class Free extends DigitalTwin<Record<string, unknown>> {
  override processMessages(context: ProcessingContext, messages: Record<string, unknown>[]): void {
    for (const message of messages) {
      Object.assign(this, message["set"]);
      const times = Number(message["times"] ?? 0);
      for (let i = 0; i < times; i++) {
        context.sendToDataSource(i);
        context.sendToTwin("Free", `t${i}`, i);
        context.startTimer(`timer ${i}`, 1_000_000);
      }
      message["spoilt"] = true;
    }
  }
}

const freeModel: ModelDefinition = {
  ...model(Free, { name: "Free", message: v.any(), history: true }),
};

describe("an entry says", () => {
  test("which messages changed which fields, from what to what", () => {
    const host = new CellHost(keeping());
    host.send(add("a", 1, { messageId: "m1" }), add("a", 2, { seq: 7 }));
    host.nowMs += 10;
    host.send(act("a", "date"));
    expect(historyIn(host, "a")).toEqual([
      {
        version: 2,
        at: iso(1_000_010),
        cause: { kind: "message", messages: [{ body: { do: "date" } }] },
        changes: {
          steps: { from: 1, to: 2 },
          lastAt: { from: iso(0), to: iso(1_000_010) },
        },
      },
      {
        version: 1,
        at: iso(1_000_000),
        created: true,
        cause: {
          kind: "message",
          messages: [
            { messageId: "m1", body: { add: 1 } },
            { seq: 7, body: { add: 2 } },
          ],
        },
        changes: {
          total: { from: 0, to: 3 },
          steps: { from: 0, to: 1 },
          values: { from: [], to: [1, 2] },
        },
      },
    ]);
  });

  test("what went out: commands, alerts, messages to twins, timers", () => {
    const host = new CellHost(keeping());
    host.send(
      act("a", "command", { body: { Code: 7 } }),
      act("a", "alert", { to: "too hot" }),
      act("a", "send", { to: "b", body: { add: 1 } }),
      act("a", "timer", { to: "wake" }),
      act("a", "stop", { to: "sleep" }),
    );
    const [entry] = historyIn(host, "a");
    expect(entry).toMatchObject({
      commands: [{ commandId: expect.any(String), body: { Code: 7 } }],
      alerts: [{ key: "too hot", state: "raised", title: "too hot", severity: "warning" }],
      sends: [{ model: "Counter", id: "b" }],
      timers: { started: ["wake"], stopped: ["sleep"] },
    });
  });

  test("that a timer fired, that fields were put, and which twin a message came from", () => {
    const host = new CellHost(keeping());
    host.cell.put("a", { total: 5 }, host.nowMs);
    host.send(act("a", "timer", { to: "wake", ms: 10 }));
    host.nowMs += 10;
    host.run();
    host.cell.submitDelivery({
      sender: "Other:3/ab12",
      entries: [
        [1, "a", { add: 1 }, "twin", "b"],
        [2, "a", { add: 1 }],
      ],
      settle: () => undefined,
    });
    host.run();
    expect(historyIn(host, "a").map(({ cause }) => cause)).toEqual([
      {
        kind: "message",
        messages: [
          { from: { model: "Other", id: "b" }, body: { add: 1 } },
          { from: { model: "Other" }, body: { add: 1 } },
        ],
      },
      { kind: "timer", timer: "wake" },
      { kind: "message", messages: [{ body: { do: "timer", to: "wake", ms: 10 } }] },
      { kind: "put" },
    ]);
  });

  test("which twin sent a message, though the sender's cell was restarted before it went", () => {
    const host = new CellHost(keeping());
    host.send(act("a", "send", { to: "b", body: { add: 1 } }));
    for (const act of [(): void => host.restart(), (): void => host.cell.checkpoint()]) {
      act();
      host.restart();
      expect([...host.cell.outbox.entries()]).toMatchObject([{ id: "b", from: "a" }]);
    }
    const unkept = new CellHost();
    unkept.send(act("a", "send", { to: "b", body: { add: 1 } }));
    expect([...unkept.cell.outbox.entries()][0]).not.toHaveProperty("from");
  });

  test("what a step did that left the state as it was, under the same version", () => {
    const host = new CellHost(keeping());
    host.send(add("a", 1));
    host.send(act("a", "command", { body: 1 }), act("a", "no-update"));
    const [entry, first] = historyIn(host, "a");
    expect(entry).toMatchObject({ version: 1, changes: {}, commands: [{ body: 1 }] });
    expect(first!.version).toBe(1);
    expect(pageIn(host, "a", { limit: 1 })).toMatchObject({
      entries: [{ version: 1 }, { version: 1 }],
      before: null,
    });
  });

  test("nothing of a message that changed nothing, was refused, or repeats another", () => {
    const host = new CellHost(keeping());
    host.send(add("a", 1, { messageId: "m" }));
    host.send(add("a", 1, { messageId: "m" }), act("a", "throw"), { id: "a", message: 7 });
    host.send({ ...act("a", "no-update"), messageId: "n" });
    expect(historyIn(host, "a")).toHaveLength(1);
  });

  test("which message was taken, where others of its batch failed", () => {
    const host = new CellHost(keeping());
    host.send(add("a", 1), act("a", "throw"), add("a", 2));
    expect(historyIn(host, "a").map(({ cause }) => cause.messages)).toEqual([
      [{ body: { add: 2 } }],
      [{ body: { add: 1 } }],
    ]);
  });

  test("what came, and not what the model made of it", () => {
    const host = new CellHost(freeModel);
    host.send({ id: "a", message: { set: { x: 1 } } });
    expect(historyIn(host, "a")[0]!.cause.messages).toEqual([{ body: { set: { x: 1 } } }]);
  });

  test("no bodies of messages where the model keeps none", () => {
    const host = new CellHost(keeping({ messages: false }));
    host.send(add("a", 1, { messageId: "m1" }), add("a", 1, { seq: 1 }), add("a", 1));
    expect(historyIn(host, "a")[0]!.cause.messages).toEqual([{ messageId: "m1" }, { seq: 1 }, {}]);
  });

  test("fields that come and go", () => {
    const host = new CellHost(freeModel);
    host.send({ id: "a", message: { set: { x: { y: [1, null] } } } });
    host.send({ id: "a", message: { set: { x: null, "odd \u2028\n\t": "\ud800" } } });
    expect(historyIn(host, "a").map(({ changes }) => changes)).toEqual([
      { x: { from: { y: [1, null] }, to: null }, "odd \u2028\n\t": { to: "\ud800" } },
      { x: { to: { y: [1, null] } } },
    ]);
  });
});

describe("an entry is bounded:", () => {
  test("a value is whole up to the limit, and cut and marked beyond it", () => {
    const host = new CellHost(freeModel);
    const chars = TWIN_HISTORY_VALUE_CHARS_MAX;
    const fits = "x".repeat(chars - 2);
    host.send({ id: "a", message: { set: { fits, long: `${fits}y` } } });
    const { changes } = historyIn(host, "a")[0]!;
    expect(changes["fits"]).toEqual({ to: fits });
    expect(changes["long"]).toEqual({ to: { cut: `"${fits}y`, chars: chars + 1 } });
  });

  test("lists and fields up to the limit, and how many more there were", () => {
    const host = new CellHost(freeModel);
    const fields = (n: number): Record<string, number> =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, i]));
    host.send({
      id: "fits",
      message: { set: fields(TWIN_HISTORY_FIELDS_MAX), times: TWIN_HISTORY_LIST_MAX },
    });
    host.send(
      ...Array.from({ length: TWIN_HISTORY_LIST_MAX + 1 }, () => ({
        id: "more",
        message: { set: fields(TWIN_HISTORY_FIELDS_MAX + 2), times: 2 },
      })),
    );
    const [fits, more] = [historyIn(host, "fits")[0]!, historyIn(host, "more")[0]!];
    expect(fits.omitted).toBeUndefined();
    expect(Object.keys(fits.changes)).toHaveLength(TWIN_HISTORY_FIELDS_MAX);
    expect(fits.sends).toHaveLength(TWIN_HISTORY_LIST_MAX);
    expect(more.omitted).toEqual({ changes: 2, messages: 1, commands: 22, sends: 22, started: 22 });
    expect(more.timers!.started).toHaveLength(TWIN_HISTORY_LIST_MAX);
  });

  test("the largest one fits a row", () => {
    const store = new CheckedStore();
    const host = new CellHost(freeModel, store);
    const worst = "\u0000".repeat(TWIN_HISTORY_VALUE_CHARS_MAX * 2);
    const fields = Object.fromEntries(
      Array.from({ length: TWIN_HISTORY_FIELDS_MAX }, (_, i) => [`${i}${worst}`, worst]),
    );
    const set = (rest: object): object => ({ set: rest, times: 20 });
    host.send({ id: "a", message: set(fields), messageId: "\u0000".repeat(256) });
    host.cell.checkpoint();
    expect(historyIn(host, "a")).toHaveLength(1);
    expect(store.rowBytesMax).toBeLessThan(2_000_000);
  });
});

describe("the history of a twin", () => {
  test("begins anew with a twin of the same id, also over restarts and checkpoints", () => {
    for (const between of [
      (_host: CellHost): void => undefined,
      (host: CellHost): void => host.restart(),
      (host: CellHost): void => host.cell.checkpoint(),
    ]) {
      const host = new CellHost(keeping());
      host.send(add("a", 1), add("b", 1));
      between(host);
      host.send(act("a", "remove"));
      between(host);
      expect(readHistory(host.cell, "a", { limit: 10 }, host.nowMs)).toMatchObject({
        refusal: { code: "twin/unknown" },
      });
      host.send(add("a", 5));
      between(host);
      expect(historyIn(host, "a")).toMatchObject([{ version: 1, changes: { total: { to: 5 } } }]);
      expect(historyIn(host, "b")).toHaveLength(1);
    }
  });

  test("is that of its own, where a slot is used again", () => {
    const host = new CellHost(keeping());
    host.send(add("a", 1));
    host.cell.checkpoint();
    host.cell.remove("a", host.nowMs);
    host.send(add("b", 2));
    host.cell.checkpoint();
    host.restart();
    expect(historyIn(host, "b")).toMatchObject([{ changes: { total: { to: 2 } } }]);
  });

  test("comes page by page, newest first, and for one field alone", () => {
    const host = new CellHost(keeping());
    for (let i = 1; i <= 7; i++) host.send(i % 2 === 0 ? act("a", "no-such") : add("a", i));
    host.send(act("a", "grow", { ms: 3 }));
    host.cell.checkpoint();
    host.send(add("a", 9));
    const first = pageIn(host, "a", { limit: 2 });
    expect(first.entries.map(({ version }) => version)).toEqual([6, 5]);
    expect(first.before).toBe(5);
    const second = pageIn(host, "a", { limit: 4, before: first.before! });
    expect(second.entries.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    expect(second.before).toBeNull();
    expect(historyIn(host, "a", { field: "label" })).toEqual([
      {
        version: 5,
        at: iso(host.nowMs),
        cause: { kind: "message", messages: [{ body: { do: "grow", ms: 3 } }] },
        changes: { label: { from: "", to: "xxx" } },
      },
    ]);
    expect(historyIn(host, "a", { field: "nothing" })).toEqual([]);
  });

  test("of a model without the option is refused, and of one that had it is forgotten", () => {
    const store = new CheckedStore();
    const host = new CellHost(keeping(), store);
    host.send(add("a", 1));
    host.cell.checkpoint();
    const without = new CellHost(counterModel, store);
    expect(readHistory(without.cell, "a", { limit: 10 }, 0)).toMatchObject({
      refusal: { code: "history/off" },
    });
    const again = new CellHost(keeping(), store);
    expect(historyIn(again, "a")).toEqual([]);
  });
});

describe("what history costs", () => {
  test("is no row for a message, and at a checkpoint one for a page", () => {
    const rowsOf = (definition: ModelDefinition): { messages: number; checkpoint: number } => {
      const store = new CheckedStore();
      const host = new CellHost(definition, store);
      const ids = Array.from({ length: TWINS_PER_PAGE * 4 }, (_, i) => `t${i}`);
      host.send(...ids.map((id) => add(id, 0)));
      host.cell.checkpoint();
      store.rowsWritten = 0;
      for (let i = 0; i < 3; i++) host.send(...ids.map((id) => add(id, 1)));
      const messages = store.rowsWritten;
      host.cell.checkpoint();
      return { messages, checkpoint: store.rowsWritten - messages };
    };
    const [off, on] = [rowsOf(counterModel), rowsOf(keeping())];
    expect(on.messages).toBe(3);
    expect(off.messages).toBe(3);
    expect(on.checkpoint - off.checkpoint).toBe(4);
  });

  test("is no checkpoint for itself, up to so much of it in the journal", () => {
    const host = new CellHost(keeping());
    host.send(act("large", "grow", { ms: 300_000 }));
    const message = { body: "x".repeat(TWIN_HISTORY_VALUE_CHARS_MAX), add: 1 };
    let before = 0;
    let commitChars = 0;
    let limit = 0;
    while (host.cell.counts.checkpoints === 0) {
      limit = host.cell.table.stateChars * JOURNAL_STATE_RATIO + TWIN_HISTORY_JOURNAL_CHARS;
      commitChars = host.cell.journalChars - before;
      before = host.cell.journalChars;
      expect(before).toBeLessThanOrEqual(limit);
      host.send(...Array.from({ length: 20 }, () => ({ id: "a", message })));
    }
    expect(limit - before).toBeLessThan(commitChars * 1.1);
  });

  test("is no reading of pages, whatever changes after a checkpoint", () => {
    let pagesRead = 0;
    class ReadingStore extends CheckedStore {
      override readPage(page: number): readonly string[] {
        pagesRead++;
        return super.readPage(page);
      }
      override readHistory(page: number): readonly string[] {
        pagesRead++;
        return super.readHistory(page);
      }
    }
    const host = new CellHost(keeping(), new ReadingStore());
    host.send(add("a", 1), act("a", "timer", { to: "wake", ms: 5 }), add("b", 1));
    for (const change of [
      (): unknown => host.send(add("a", 1)),
      (): unknown => host.cell.put("b", { label: "x" }, host.nowMs),
      (): unknown => {
        host.nowMs += 5;
        return host.run();
      },
    ]) {
      host.cell.checkpoint();
      host.restart();
      change();
    }
    expect(pagesRead).toBe(0);
  });
});
