import { describe, expect, test } from "vitest";
import {
  ALERT_HOLD_MS_MAX,
  ALERT_NOTE_LENGTH_MAX,
  ALERT_REPEAT_MS_MAX,
  ALERT_REPEAT_MS_MIN,
  ALERT_RULE_CHARS_MAX,
  ALERT_RULE_EVERY_MS_DEFAULT,
  ALERT_RULE_EVERY_MS_MAX,
  ALERT_RULE_EVERY_MS_MIN,
  ALERT_CHANNEL_TEXT_MAX,
  ALERT_TITLE_LENGTH_MAX,
  ALERTS_LIST_LIMIT_DEFAULT,
  ALERTS_LIST_LIMIT_MAX,
  SILENCE_MS_MAX,
} from "../../../src/core/limits.ts";
import {
  parseAlertList,
  parseHandling,
  parseRule,
  parseSilence,
} from "../../../src/wire/alert-v1.ts";
import { channelOf, parseChannel } from "../../../src/wire/channel-v1.ts";

const NOW_MS = 1_800_000_000_000;
const RULE = { title: "R", query: { sql: "SELECT count(*) FROM M" }, op: ">", threshold: 1 };

/** Whether each is taken. */
function taken(results: readonly { readonly ok: boolean }[]): readonly boolean[] {
  return results.map(({ ok }) => ok);
}

describe("a rule's body", () => {
  const rule = (more: object): { ok: boolean } => parseRule("r", { ...RULE, ...more });

  test("has defaults", () => {
    expect(parseRule("r", RULE)).toMatchObject({
      ok: true,
      value: { id: "r", everyMs: ALERT_RULE_EVERY_MS_DEFAULT, forMs: 0, notify: true },
    });
  });

  test("has bounds, each of which is taken and one past it is not", () => {
    expect(
      taken([
        rule({ everyMs: ALERT_RULE_EVERY_MS_MIN }),
        rule({ everyMs: ALERT_RULE_EVERY_MS_MAX }),
        rule({ forMs: ALERT_HOLD_MS_MAX }),
        rule({ repeatMs: ALERT_REPEAT_MS_MIN }),
        rule({ repeatMs: ALERT_REPEAT_MS_MAX }),
        rule({ title: "x".repeat(ALERT_TITLE_LENGTH_MAX) }),
        rule({ clearThreshold: 1 }),
        rule({ op: "<", clearThreshold: 2 }),
      ]),
    ).toEqual(Array(8).fill(true));
    expect(
      taken([
        rule({ everyMs: ALERT_RULE_EVERY_MS_MIN - 1 }),
        rule({ everyMs: ALERT_RULE_EVERY_MS_MAX + 1 }),
        rule({ forMs: ALERT_HOLD_MS_MAX + 1 }),
        rule({ repeatMs: ALERT_REPEAT_MS_MIN - 1 }),
        rule({ repeatMs: ALERT_REPEAT_MS_MAX + 1 }),
        rule({ title: "x".repeat(ALERT_TITLE_LENGTH_MAX + 1) }),
        rule({ clearThreshold: 1.5 }),
        rule({ op: "<", clearThreshold: 0.5 }),
        rule({ threshold: "1" }),
        rule({ unknown: 1 }),
      ]),
    ).toEqual(Array(10).fill(false));
  });

  test("is of a bounded length", () => {
    const values = (count: number): object => ({
      query: {
        model: "M",
        aggregates: [{ op: "count" }],
        where: { field: "a", op: "in", value: ["x".repeat(count)] },
      },
    });
    const made = parseRule("r", { ...RULE, ...values(0) });
    const chars = made.ok ? JSON.stringify(made.value).length : 0;
    expect(rule(values(ALERT_RULE_CHARS_MAX - chars)).ok).toBe(true);
    expect(rule(values(ALERT_RULE_CHARS_MAX - chars + 1)).ok).toBe(false);
  });
});

test("a silence ends within a year, at a time or after a while", () => {
  const until = (atMs: number): { ok: boolean } =>
    parseSilence("s", { until: new Date(atMs).toISOString() }, NOW_MS);
  expect(
    taken([
      until(NOW_MS + 1),
      until(NOW_MS + SILENCE_MS_MAX),
      parseSilence("s", { forMs: SILENCE_MS_MAX }, NOW_MS),
    ]),
  ).toEqual([true, true, true]);
  expect(
    taken([
      until(NOW_MS),
      until(NOW_MS + SILENCE_MS_MAX + 1),
      parseSilence("s", { forMs: SILENCE_MS_MAX + 1 }, NOW_MS),
      parseSilence("s", { forMs: 1, until: new Date(NOW_MS + 1).toISOString() }, NOW_MS),
      parseSilence("no id!", { forMs: 1 }, NOW_MS),
    ]),
  ).toEqual(Array(5).fill(false));
});

test("what an operator writes has a bound, and need not be", () => {
  const note = "x".repeat(ALERT_NOTE_LENGTH_MAX);
  expect(taken([parseHandling({ note }), parseHandling({ note: `${note}x` })])).toEqual([
    true,
    false,
  ]);
  expect(parseHandling(undefined)).toEqual({ ok: true, value: { by: "operator", note: "" } });
});

test("a list has a page's size, within bounds", () => {
  const limit = (text: string): { ok: boolean } => parseAlertList({ limit: text });
  expect(taken([limit("1"), limit(`${ALERTS_LIST_LIMIT_MAX}`)])).toEqual([true, true]);
  expect(taken([limit("0"), limit(`${ALERTS_LIST_LIMIT_MAX + 1}`), limit("1.5")])).toEqual([
    false,
    false,
    false,
  ]);
  expect(parseAlertList({})).toMatchObject({
    ok: true,
    value: { limit: ALERTS_LIST_LIMIT_DEFAULT, filter: { states: ["pending", "firing"] } },
  });
});

test("a channel's texts have a bound, and another kind does not get the keys of the one before", () => {
  const url = (chars: number): string => "http://x/".padEnd(chars, "y");
  expect(
    taken([
      parseChannel("c", { kind: "slack", url: url(ALERT_CHANNEL_TEXT_MAX) }),
      parseChannel("c", { kind: "slack", url: url(ALERT_CHANNEL_TEXT_MAX + 1) }),
    ]),
  ).toEqual([true, false]);
  const pd = parseChannel("c", { kind: "pagerduty", routingKey: "key" });
  const made = pd.ok ? channelOf("c", pd.value, undefined, NOW_MS) : pd;
  if (!made.ok) throw new Error(made.refusal.detail);
  const splunk = parseChannel("c", { kind: "splunk-on-call", apiKey: "a" });
  expect(splunk.ok && channelOf("c", splunk.value, made.value, NOW_MS + 1)).toMatchObject({
    ok: false,
    refusal: { detail: expect.stringContaining('"routingKey" is missing') },
  });
  const again = parseChannel("c", { kind: "pagerduty", title: "New" });
  expect(again.ok && channelOf("c", again.value, made.value, NOW_MS + 1)).toMatchObject({
    ok: true,
    value: { routingKey: "key", title: "New", createdAtMs: NOW_MS },
  });
});
