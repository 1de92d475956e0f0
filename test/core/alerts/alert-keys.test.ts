/** What a cell sends of what its twins ask: only news, bounded, and the same after a restart. */
import { describe, expect, test } from "vitest";
import { AlertKeys } from "../../../src/core/cell/alert-keys.ts";
import { raiseOf } from "../../../src/core/alerts/ask.ts";
import type { AlertMessage } from "../../../src/core/alerts/ask.ts";
import {
  ALERTS_PER_TWIN_MAX,
  ALERT_DETAIL_CHARS_MAX,
  ALERT_HOLD_MS_MAX,
  ALERT_PLACE_MS,
  ALERT_REPEAT_MS_MAX,
  ALERT_REPEAT_MS_MIN,
  ALERT_RESEND_MS,
  ALERT_TITLE_LENGTH_MAX,
  STEP_ALERTS_MAX,
} from "../../../src/core/limits.ts";
import type { Alert } from "../../../src/core/model.ts";
import { StepContext } from "../../../src/core/step-context.ts";
import { MODELS } from "../../support/models.ts";

/** The keys of a cell, with what it was sent and what it has written. */
class Bench {
  nowMs = 1_000_000;
  readonly sent: string[] = [];
  readonly logged: string[] = [];
  keys = this.#open();
  readonly #written: string[] = [];

  raise(id: string, alert: Alert): boolean {
    return this.keys.ask(id, { do: "raise", raise: raiseOf(alert) });
  }

  resolve(id: string, key: string): boolean {
    return this.keys.ask(id, { do: "resolve", key });
  }

  /** As after a crash, or after a checkpoint and a crash. */
  restart(from: "journal" | "checkpoint"): void {
    const records = from === "journal" ? this.#written : [...this.keys.records()];
    const keys = this.#open();
    for (const record of records) keys.restore(JSON.parse(record) as unknown);
    expect([...keys.records()].toSorted()).toEqual([...this.keys.records()].toSorted());
    expect(keys.chars).toBe(this.keys.chars);
    this.keys = keys;
  }

  #open(): AlertKeys {
    // eslint-disable-next-line typescript/no-this-alias -- the getter below has a `this` of its own
    const bench = this;
    const cell = {
      get nowMs() {
        return bench.nowMs;
      },
      model: { name: "M" },
      rows: { part: (_name: string, record: string) => void bench.#written.push(record) },
      sendOut: ({ id, message }: { id: string; message: unknown }) => {
        const ask = message as AlertMessage;
        const what = ask.do === "raise" ? ask.raise.key : ask.do === "resolve" ? ask.key : "";
        bench.sent.push(`${id} ${ask.do} ${what}`.trim());
      },
      log: {
        add: (_atMs: number, _severity: string, kind: string, _id: string, text: string) =>
          void bench.logged.push(`${kind} ${text}`),
      },
    };
    return new AlertKeys(cell as never);
  }
}

describe("what twins ask of alerts", () => {
  test("is sent when it is news: said first, said otherwise, or said again after a while", () => {
    const bench = new Bench();
    expect(bench.raise("a", { title: "Hot" })).toBe(true);
    bench.nowMs += ALERT_RESEND_MS - 1;
    expect(bench.raise("a", { title: "Hot" })).toBe(false);
    bench.restart("journal");
    expect(bench.raise("a", { title: "Hot" })).toBe(false);
    bench.nowMs += 1;
    expect(bench.raise("a", { title: "Hot" })).toBe(true);
    expect(bench.raise("a", { title: "Hot", detail: "91" })).toBe(true);
    expect(bench.raise("b", { title: "Hot" })).toBe(true);
    expect(bench.logged).toHaveLength(6);
  });

  test("is not sent when nothing is open that it could resolve", () => {
    const bench = new Bench();
    expect(bench.resolve("a", "Hot")).toBe(false);
    bench.raise("a", { title: "Hot" });
    bench.restart("checkpoint");
    expect([bench.resolve("a", "Cold"), bench.resolve("a", "Hot")]).toEqual([false, true]);
    expect(bench.resolve("a", "Hot")).toBe(false);
    bench.restart("journal");
    bench.keys.removed("a");
    expect(bench.sent).toEqual(["a raise Hot", "a resolve Hot"]);
    expect(bench.keys.chars).toBe(0);
  });

  test("is resolved as a whole when its twin goes", () => {
    const bench = new Bench();
    bench.raise("a", { title: "Hot" });
    bench.raise("a", { title: "Wet" });
    bench.restart("checkpoint");
    bench.keys.removed("a");
    bench.keys.removed("a");
    bench.keys.removed("b");
    expect(bench.sent.slice(2)).toEqual(["a gone"]);
    bench.restart("journal");
    expect([...bench.keys.records()]).toEqual([]);
  });

  test("has room for so many conditions of a twin; one that is a day old gives way", () => {
    const bench = new Bench();
    for (let i = 0; i < ALERTS_PER_TWIN_MAX; i++)
      expect(bench.raise("a", { title: `k${i}` })).toBe(true);
    expect(bench.raise("a", { title: "more" })).toBe(false);
    expect(bench.logged.at(-1)).toContain(`"more" was not raised: ${ALERTS_PER_TWIN_MAX}`);
    expect(bench.raise("b", { title: "more" })).toBe(true);
    bench.nowMs += ALERT_PLACE_MS - 1;
    expect(bench.raise("a", { title: "more" })).toBe(false);
    bench.nowMs += 1;
    expect(bench.raise("a", { title: "more" })).toBe(true);
    for (const from of ["journal", "checkpoint"] as const) {
      bench.restart(from);
      // It gave its place away, and may be open all the same: its end is sent on.
      expect(bench.resolve("a", "k0")).toBe(true);
    }
  });

  test("whose place was given away is resolved once, not with every good message from then on", () => {
    const bench = new Bench();
    for (let i = 0; i < ALERTS_PER_TWIN_MAX; i++) bench.raise("a", { title: `k${i}` });
    bench.nowMs += ALERT_PLACE_MS;
    bench.raise("a", { title: "more" });
    expect(bench.resolve("a", "k0")).toBe(true);
    expect(bench.resolve("a", "k0")).toBe(false);
    // Raised anew it has a place, and may lose that anew.
    for (let i = 1; i < ALERTS_PER_TWIN_MAX; i++) bench.resolve("a", `k${i}`);
    for (let i = 0; i < ALERTS_PER_TWIN_MAX - 1; i++) bench.raise("a", { title: `k${i}` });
    bench.nowMs += ALERT_PLACE_MS;
    bench.raise("a", { title: "m1" });
    bench.raise("a", { title: "m2" });
    expect(bench.resolve("a", "k0")).toBe(true);
    expect(bench.resolve("a", "k0")).toBe(false);
    // Others may be open all the same; so many are remembered.
    for (let i = 0; i < STEP_ALERTS_MAX; i++) expect(bench.resolve("a", `other${i}`)).toBe(true);
    expect(bench.resolve("a", "k0")).toBe(true);
  });
});

test("an alert that can't be is refused with its part and the rule", () => {
  const fine: Alert[] = [
    { title: "x".repeat(ALERT_TITLE_LENGTH_MAX), detail: "x".repeat(ALERT_DETAIL_CHARS_MAX) },
    { title: "", key: "k", holdMs: ALERT_HOLD_MS_MAX, repeatMs: ALERT_REPEAT_MS_MIN },
    { title: "t", repeatMs: ALERT_REPEAT_MS_MAX, data: "x".repeat(ALERT_DETAIL_CHARS_MAX - 2) },
  ];
  for (const alert of fine) expect(raiseOf(alert).notify).toBe(true);
  const bad: readonly (readonly [unknown, string])[] = [
    [{ title: "x".repeat(ALERT_TITLE_LENGTH_MAX + 1) }, "the title has 201"],
    [{ title: "t", key: "x".repeat(ALERT_TITLE_LENGTH_MAX + 1) }, "the key has 201"],
    [{ title: "t", key: 7 }, "the key is a string, not number"],
    [{ title: "t", detail: "x".repeat(ALERT_DETAIL_CHARS_MAX + 1) }, "the detail has 2001"],
    [{ title: "t", data: "x".repeat(ALERT_DETAIL_CHARS_MAX - 1) }, "the data has 2001"],
    [{ title: "t", data: () => 1 }, "the data is function, no JSON value"],
    [{ title: "t", severity: "fatal" }, 'the severity is "fatal"'],
    [{ title: "t", holdMs: -1 }, "holdMs is -1"],
    [{ title: "t", holdMs: ALERT_HOLD_MS_MAX + 1 }, "holdMs is"],
    [{ title: "t", repeatMs: ALERT_REPEAT_MS_MIN - 1 }, "repeatMs is 59999"],
    [{ title: "t", repeatMs: ALERT_REPEAT_MS_MAX + 1 }, "repeatMs is"],
  ];
  for (const [alert, words] of bad) expect(() => raiseOf(alert as Alert)).toThrow(words);
});

test("what a step asks again and again of one condition is asked once, the last of it", () => {
  const context = new StepContext(MODELS[0]!, "t", 1, 0, { models: new Map() });
  for (let i = 0; i <= STEP_ALERTS_MAX; i++) context.resolveAlert("leak");
  for (let i = 0; i <= STEP_ALERTS_MAX; i++)
    context.alert({ title: "Leak", key: "leak", detail: `${i}` });
  context.resolveAlert("leak");
  expect(context.effects?.alerts).toMatchObject([
    { do: "resolve", key: "leak" },
    { do: "raise", raise: { key: "leak", detail: `${STEP_ALERTS_MAX}` } },
    { do: "resolve", key: "leak" },
  ]);
});

test("a step asks so much of alerts and no more", () => {
  const context = new StepContext(MODELS[0]!, "t", 1, 0, { models: new Map() });
  for (let i = 0; i < STEP_ALERTS_MAX; i++)
    if (i % 2 === 0) context.alert({ title: `a${i}` });
    else context.resolveAlert(`a${i}`);
  expect(() => context.alert({ title: "more" })).toThrow(`${STEP_ALERTS_MAX} alerts`);
  expect(() => context.resolveAlert("more")).toThrow(`${STEP_ALERTS_MAX} alerts`);
});
