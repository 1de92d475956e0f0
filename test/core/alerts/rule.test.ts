import { describe, expect, test } from "vitest";
import { MemoryAlertStore } from "../../../src/core/alerts/alert-store.ts";
import { AlertBook } from "../../../src/core/alerts/book.ts";
import { applySamples, isBeyond, planRule, samplesOf } from "../../../src/core/alerts/rule.ts";
import type { AlertRule, PlannedRule } from "../../../src/core/alerts/rule.ts";
import { ALERT_RULE_GROUPS_MAX, ALERT_TITLE_LENGTH_MAX } from "../../../src/core/limits.ts";
import { checkQuery } from "../../../src/core/query/check.ts";
import type { QueryResult } from "../../../src/core/query/plan.ts";
import { parseSql } from "../../../src/core/query/sql.ts";

const START_MS = 1_800_000_000_000;
const FIELDS = [
  { name: "level", type: "number" },
  { name: "region", type: "string" },
] as const;

const RULE: Omit<AlertRule, "query"> = {
  id: "r",
  title: "Rule",
  severity: "warning",
  op: ">",
  threshold: 10,
  clearThreshold: 5,
  forMs: 0,
  everyMs: 15e3,
  repeatMs: null,
  notify: true,
};

function planned(sql: string, more: Partial<AlertRule> = {}): PlannedRule {
  const spec = parseSql(sql);
  if (!spec.ok) throw new Error(spec.refusal.detail);
  const plan = checkQuery(spec.value, FIELDS);
  if (!plan.ok) throw new Error(plan.refusal.detail);
  const rule = planRule({ ...RULE, query: spec.value, ...more }, plan.value);
  if (!rule.ok) throw new Error(rule.refusal.detail);
  return rule.value;
}

function answer(rows: QueryResult["rows"]): QueryResult {
  return {
    columns: [
      { name: "region", type: "string" },
      { name: "v", type: "number" },
    ],
    rows,
  };
}

/** What a rule has open after answers that come one a second. */
function openAfter(rule: PlannedRule, answers: readonly QueryResult["rows"][]): unknown {
  const book = new AlertBook(new MemoryAlertStore());
  for (const [i, rows] of answers.entries()) {
    const samples = samplesOf(rule, answer(rows));
    if (!samples.ok) throw new Error(samples.refusal.detail);
    applySamples(book, rule, samples.value, START_MS + i * 1_000);
    book.run(START_MS + i * 1_000);
  }
  return [...book.open()].map(({ key, state }) => `${key} ${state}`);
}

const MAX = "SELECT region, max(level) AS v FROM M GROUP BY region";
const COUNT = "SELECT region, count(*) AS v FROM M GROUP BY region";

describe("a rule", () => {
  test("has an alert for each group that is beyond its threshold, until it is well within", () => {
    const rule = planned(MAX);
    expect(
      openAfter(rule, [
        [
          ["n", 11],
          ["s", 10],
        ],
      ]),
    ).toEqual(['region="n" firing']);
    expect(openAfter(rule, [[["n", 11]], [["n", 6]]])).toEqual(['region="n" firing']);
    expect(openAfter(rule, [[["n", 11]], [["n", 5]]])).toEqual([]);
    expect(openAfter(rule, [[["n", 6]]])).toEqual([]);
  });

  test("waits for its time, and one value within its threshold begins it anew", () => {
    const rule = planned(MAX, { forMs: 2_000 });
    const hot = [["n", 11]] as const;
    expect(openAfter(rule, [hot, hot])).toEqual(['region="n" pending']);
    expect(openAfter(rule, [hot, hot, hot])).toEqual(['region="n" firing']);
    expect(openAfter(rule, [hot, [["n", 6]], hot, hot])).toEqual(['region="n" pending']);
  });

  test("does nothing about a group without a value, and ends one that is gone", () => {
    const rule = planned(MAX);
    expect(openAfter(rule, [[["n", 11]], [["n", null]]])).toEqual(['region="n" firing']);
    expect(openAfter(rule, [[["n", null]]])).toEqual([]);
    expect(openAfter(rule, [[["n", 11]], []])).toEqual([]);
  });

  test("on a count takes a group that is gone for 0", () => {
    const few = planned(COUNT, { op: "<", threshold: 3, clearThreshold: null });
    expect(openAfter(few, [[["n", 2]], []])).toEqual(['region="n" firing']);
    expect(openAfter(planned(COUNT), [[["n", 11]], []])).toEqual([]);
  });

  test("compares as its operator says, on both sides", () => {
    const beyond = (["=", "!=", "<", "<=", ">", ">="] as const).map((op) =>
      [9, 10, 11].map((value) => isBeyond(op, value, 10)),
    );
    expect(beyond).toEqual([
      [false, true, false],
      [true, false, true],
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [false, true, true],
    ]);
  });

  test("has so many groups and no more", () => {
    const rows = Array.from({ length: ALERT_RULE_GROUPS_MAX }, (_, i) => [`g${i}`, 1] as const);
    expect(samplesOf(planned(MAX), answer(rows)).ok).toBe(true);
    expect(samplesOf(planned(MAX), answer([...rows, ["more", 1]]))).toMatchObject({
      ok: false,
      refusal: { code: "query/too-many-groups" },
    });
  });

  test("keeps groups apart whose names are longer than a key may be", () => {
    const long = "x".repeat(ALERT_TITLE_LENGTH_MAX);
    const samples = samplesOf(
      planned(MAX),
      answer([
        [`${long}1`, 1],
        [`${long}2`, 1],
      ]),
    );
    const keys = samples.ok ? samples.value.map(({ key }) => key) : [];
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => key.length <= ALERT_TITLE_LENGTH_MAX)).toBe(true);
  });
});
