import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertIdOf, parseAlertId } from "../../../src/core/alerts/alert.ts";
import type { Alert, AlertSource, Raise } from "../../../src/core/alerts/alert.ts";
import { MemoryAlertStore } from "../../../src/core/alerts/alert-store.ts";
import { AlertBook } from "../../../src/core/alerts/book.ts";
import { listAlerts } from "../../../src/core/alerts/view.ts";
import {
  ALERTS_OPEN_MAX,
  ALERTS_OPEN_PER_MODEL_MAX,
  ALERTS_RESOLVED_MS_MAX,
  ALERTS_RESOLVED_PER_MODEL_MAX,
} from "../../../src/core/limits.ts";
import { ReferenceBook } from "./book-reference.ts";

const START_MS = 1_800_000_000_000;
const ALL = { states: ["firing", "pending", "resolved"] } as const;

const saying = (key: string, more: Partial<Raise> = {}): Raise => ({
  key,
  title: key,
  severity: "warning",
  detail: "",
  data: null,
  holdMs: 0,
  repeatMs: null,
  notify: true,
  ...more,
});
const twin = (id: string, model = "M"): AlertSource => ({ model, id, rule: null });
const sourceOf = fc.constantFrom("a", "b").map((id) => twin(id));
const key = fc.constantFrom("k", "l");
const severity = fc.constantFrom("info" as const, "warning" as const, "error" as const);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("raise" as const),
      source: sourceOf,
      said: fc
        .record({
          key,
          severity,
          detail: fc.constantFrom("", "new"),
          holdMs: fc.constantFrom(0, 0, 5, 20),
          repeatMs: fc.constantFrom(null, null, 7),
          notify: fc.constantFrom(true, true, true, false),
        })
        .map(({ key: of, ...more }) => saying(of, more)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("resolve" as const), source: sourceOf, key }),
  },
  fc.record({ do: fc.constant("gone" as const), source: sourceOf }),
  { weight: 5, arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.nat(12) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("acknowledge" as const, "by hand" as const),
      which: fc.nat(1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("silence" as const),
      id: fc.constantFrom("s1", "s2"),
      twin: fc.constantFrom(null, "a"),
      key: fc.constantFrom(null, "k"),
      severity: fc.option(severity),
      ms: fc.integer({ min: 1, max: 25 }),
    }),
  },
  fc.record({ do: fc.constant("hear" as const), id: fc.constantFrom("s1", "s2") }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

test("a book does what a naive one does, whatever happens in it, restarts between", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new MemoryAlertStore();
      let book = new AlertBook(store);
      const reference = new ReferenceBook();
      let nowMs = START_MS;
      for (const each of steps) {
        act(book, reference, each, nowMs);
        if (each.do === "time") nowMs += each.ms;
        book.run(nowMs);
        reference.run(nowMs);
        book.flush();
        const told = book
          .takeNotices()
          .map(
            ({ kind, alert }) =>
              `${kind} ${alert.model}/${alert.id}/${alert.key} ${alert.severity} ${alert.detail}`,
          );
        expect(told).toEqual(reference.notices);
        for (const notice of told) seen.add(notice.split(" ")[0]!);
        reference.notices = [];
        if (each.do === "restart") book = new AlertBook(store);
        expect(shownOf(book)).toEqual(expectedOf(reference));
        expect(book.nextDueAtMs()).toBeGreaterThan(nowMs);
      }
    }),
    { numRuns: 600 },
  );
  expect(seen).toEqual(new Set(["firing", "escalated", "repeated", "acknowledged", "resolved"]));
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function act(book: AlertBook, reference: ReferenceBook, each: Step, nowMs: number): void {
  if (each.do === "raise") {
    book.raise(each.source, each.said, nowMs, nowMs);
    reference.raise("M", each.source.id, each.said, nowMs);
  } else if (each.do === "resolve") {
    book.resolve(each.source, each.key, nowMs, nowMs, "twin");
    reference.resolve("M", each.source.id, each.key, nowMs, "twin");
  } else if (each.do === "gone") {
    book.resolveAll(each.source, nowMs, nowMs, "gone");
    reference.resolve("M", each.source.id, undefined, nowMs, "gone");
  } else if (each.do === "silence") {
    const { id, twin: of, severity: to, ms } = each;
    const silence = { id, model: null, twin: of, rule: null, key: each.key, severity: to };
    const whole = { ...silence, createdAtMs: nowMs, untilMs: nowMs + ms, by: "", comment: "" };
    book.silences.put(whole);
    book.silencesChanged(nowMs);
    reference.silences.set(id, whole);
    reference.tellUntold(nowMs);
  } else if (each.do === "hear") {
    if (!book.silences.remove(each.id)) return;
    book.silencesChanged(nowMs);
    reference.silences.delete(each.id);
    reference.tellUntold(nowMs);
  } else if (each.do === "acknowledge" || each.do === "by hand") {
    const [alert, episode] = [[...book.open()][each.which], reference.open()[each.which]];
    expect(alert === undefined).toBe(episode === undefined);
    if (alert === undefined || episode === undefined) return;
    const handled = { by: "hand", atMs: nowMs, note: "" };
    const result =
      each.do === "by hand"
        ? book.resolveByHand(alert.n, handled)
        : book.acknowledge(alert.n, handled);
    expect(result.ok).toBe(true);
    if (each.do === "by hand") reference.end(episode, nowMs, "hand");
    else reference.acknowledge(episode);
  }
}

function shownOf(book: AlertBook): unknown {
  return listAlerts(book, ALL, 1_000)
    .alerts.toReversed()
    .map(({ id, key: of, severity: s, detail, state, raised, updates, acknowledged, resolved }) => [
      id,
      of,
      s,
      detail,
      state,
      raised,
      updates,
      acknowledged !== null,
      resolved?.by,
    ]);
}

function expectedOf(reference: ReferenceBook): unknown {
  return reference.episodes
    .filter(({ state }) => state !== "gone")
    .map(({ id, key: of, said, state, raised, updates, isAcknowledged, by }) => [
      id,
      of,
      said.severity,
      said.detail,
      state,
      raised,
      updates,
      isAcknowledged,
      by,
    ]);
}

describe("a book", () => {
  const fill = (book: AlertBook, count: number, model: string, more: Partial<Raise> = {}): void => {
    for (let i = 0; i < count; i++)
      book.raise(twin(`t${i}`, model), saying("k", more), START_MS, START_MS);
  };
  const openOf = (book: AlertBook, model: string): readonly Alert[] =>
    [...book.open()].filter((alert) => alert.model === model && alert.id !== "");

  test("refuses what is too much for a model, or puts it in the place of what is less severe", () => {
    const book = new AlertBook(new MemoryAlertStore());
    fill(book, ALERTS_OPEN_PER_MODEL_MAX, "M");
    expect([book.counts.refused, [...book.open()].length]).toEqual([0, ALERTS_OPEN_PER_MODEL_MAX]);
    book.raise(twin("late"), saying("k"), START_MS, START_MS);
    expect(book.counts.refused).toBe(1);
    book.raise(twin("worse"), saying("k", { severity: "error" }), START_MS, START_MS);
    expect(book.counts).toMatchObject({ refused: 1, displaced: 1 });
    expect(openOf(book, "M").map(({ id }) => id)).toEqual(
      expect.not.arrayContaining(["t0", "late"]),
    );
    expect(openOf(book, "M")).toHaveLength(ALERTS_OPEN_PER_MODEL_MAX);
    // Another model is not touched by it, and the first one is told of, until it is well again.
    book.raise(twin("x", "N"), saying("k"), START_MS, START_MS);
    expect(openOf(book, "N")).toHaveLength(1);
    const own = (): unknown[] => [...book.open()].filter(({ id }) => id === "");
    expect(own()).toMatchObject([{ title: "Too many alerts", severity: "error", model: "M" }]);
    for (let i = 1; i <= ALERTS_OPEN_PER_MODEL_MAX / 10; i++)
      book.resolve(twin(`t${i}`), "k", START_MS, START_MS, "twin");
    expect(own()).toEqual([]);
    book.flush();
    expect(listAlerts(book, { states: ["resolved"], id: "t0" }, 1).alerts).toMatchObject([
      { resolved: { by: "livetwin", note: expect.stringContaining("took its place") } },
    ]);
  });

  test("has an end for all models together", () => {
    const book = new AlertBook(new MemoryAlertStore());
    const models = ALERTS_OPEN_MAX / ALERTS_OPEN_PER_MODEL_MAX;
    for (let i = 0; i < models; i++) fill(book, ALERTS_OPEN_PER_MODEL_MAX, `M${i}`);
    expect(book.openCount).toBe(ALERTS_OPEN_MAX);
    book.raise(twin("x", "New"), saying("k"), START_MS, START_MS);
    expect([book.counts.refused, openOf(book, "New")]).toEqual([1, []]);
    book.raise(twin("x", "New"), saying("k", { severity: "error" }), START_MS, START_MS);
    expect([book.openCount, openOf(book, "New").length]).toEqual([ALERTS_OPEN_MAX, 1]);
  });

  test("keeps so many resolved alerts of a model, and for so long", () => {
    const store = new MemoryAlertStore();
    const book = new AlertBook(store);
    const resolved = (model: string): number => {
      book.flush();
      return listAlerts(book, { states: ["resolved"], model }, 10_000).alerts.length;
    };
    for (let i = 0; i <= ALERTS_RESOLVED_PER_MODEL_MAX; i++) {
      book.raise(twin(`t${i}`), saying("k"), START_MS, START_MS + i);
      book.resolve(twin(`t${i}`), "k", START_MS + i, START_MS + i, "twin");
      if (i === ALERTS_RESOLVED_PER_MODEL_MAX - 1)
        expect(resolved("M")).toBe(ALERTS_RESOLVED_PER_MODEL_MAX);
    }
    expect(resolved("M")).toBe(ALERTS_RESOLVED_PER_MODEL_MAX);
    expect(listAlerts(book, { ...ALL, id: "t0" }, 1).alerts).toEqual([]);
    const lastMs = START_MS + ALERTS_RESOLVED_PER_MODEL_MAX;
    const reopened = new AlertBook(store);
    reopened.run(lastMs + ALERTS_RESOLVED_MS_MAX);
    reopened.flush();
    expect(resolved("M")).toBe(1);
    reopened.run(lastMs + ALERTS_RESOLVED_MS_MAX + 1);
    reopened.flush();
    expect(resolved("M")).toBe(0);
  });

  test("decides about holds by the time at which twins asked, however late it hears of it", () => {
    const book = new AlertBook(new MemoryAlertStore());
    const lateMs = START_MS + 60_000;
    const held = saying("k", { holdMs: 10_000 });
    book.raise(twin("short"), held, START_MS, lateMs);
    book.resolve(twin("short"), "k", START_MS + 9_999, lateMs, "twin");
    book.raise(twin("long"), held, START_MS, lateMs);
    book.resolve(twin("long"), "k", START_MS + 10_000, lateMs, "twin");
    book.run(lateMs);
    book.flush();
    expect(book.takeNotices().map(({ kind, alert }) => `${kind} ${alert.id}`)).toEqual([
      "firing long",
      "resolved long",
    ]);
    expect(listAlerts(book, ALL, 10).alerts).toMatchObject([
      { id: "long", state: "resolved", firedAt: new Date(START_MS + 10_000).toISOString() },
    ]);
  });

  test("writes an alert once for all that a delivery says of it, and one that was not held out never", () => {
    const store = new MemoryAlertStore();
    const writes: number[] = [];
    const write = store.write.bind(store);
    store.write = (alert) => {
      writes.push(alert.n);
      write(alert);
    };
    const book = new AlertBook(store);
    for (let i = 0; i < 100; i++)
      book.raise(twin("a"), saying("k", { detail: `${i}` }), START_MS + i, START_MS + 100);
    book.raise(twin("b"), saying("k", { holdMs: 5_000 }), START_MS, START_MS + 100);
    book.resolve(twin("b"), "k", START_MS + 1, START_MS + 100, "twin");
    book.flush();
    expect(writes).toHaveLength(1);
  });

  test("tells after a silence that an alert got worse under it", () => {
    const book = new AlertBook(new MemoryAlertStore());
    book.raise(twin("a"), saying("k"), START_MS, START_MS);
    const silence = { id: "s", model: null, twin: null, rule: null, key: null, severity: null };
    const untilMs = START_MS + 1_000;
    book.silences.put({ ...silence, createdAtMs: START_MS, untilMs, by: "", comment: "" });
    book.raise(twin("a"), saying("k", { severity: "error" }), START_MS, START_MS);
    expect(book.takeNotices().map(({ kind }) => kind)).toEqual(["firing"]);
    expect(book.nextDueAtMs()).toBe(untilMs);
    book.run(untilMs);
    expect(book.takeNotices().map(({ kind }) => kind)).toEqual(["escalated"]);
  });

  test("has ids that are read as they were written", () => {
    expect(parseAlertId(alertIdOf(START_MS * 1_000))).toBe(START_MS * 1_000);
    for (const text of ["", "A", "-1", "zzzzzzzzzzzz", "1.5"])
      expect(parseAlertId(text)).toBeUndefined();
  });
});
