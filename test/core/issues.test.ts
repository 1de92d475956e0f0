import { describe, expect, test } from "vitest";
import type { Result } from "../../src/core/refusal.ts";
import { parseRule, parseSilence } from "../../src/wire/alert-v1.ts";
import { parseChannel } from "../../src/wire/channel-v1.ts";
import { parseLiveFrame } from "../../src/wire/live-v1.ts";
import { parseWidget } from "../../src/wire/widget-v1.ts";

const RULE = { title: "Hot", query: { sql: "SELECT count(*) AS n FROM A" }, op: ">", threshold: 1 };
const CHANNEL = { kind: "json", url: "https://example.com/hook" };

function detailOf(result: Result<unknown>): string | undefined {
  return result.ok ? undefined : result.refusal.detail;
}

describe("what is wrong with a body is said in one line", () => {
  test.each<[string, object]>([
    ['The rule: unknown key "foo".', { ...RULE, foo: 1, op: ">>" }],
    ['"title" in the rule: expected string, but it is missing.', { ...RULE, title: undefined }],
    ['"threshold" in the rule: expected number, received string.', { ...RULE, threshold: "5" }],
    ['"everyMs" in the rule: expected number to be >=5000, not 1.', { ...RULE, everyMs: 1 }],
    [
      '"op" in the rule: expected one of "="|"!="|"<"|"<="|">"|">=", not ">>".',
      { ...RULE, op: ">>" },
    ],
  ])("%s", (detail, body) => {
    expect(detailOf(parseRule("r1", body))).toBe(detail);
  });

  test("with the part that is wrong, in a channel, a silence, a widget and a frame", () => {
    expect(detailOf(parseChannel("c1", { ...CHANNEL, kind: "jso" }))).toBe(
      `"kind" in the channel: expected 'slack' | 'pagerduty' | 'splunk-on-call' | 'json'.`,
    );
    expect(detailOf(parseSilence("s1", { until: "tomorrow" }, 0))).toBe(
      '"until" in the silence: invalid ISO datetime.',
    );
    expect(detailOf(parseSilence("s1", {}, 0))).toBe(
      'The silence: needs one of "until" (a time) and "forMs" (milliseconds).',
    );
    expect(detailOf(parseWidget("w1", { model: "A", chart: "pie9" }))).toContain(', not "pie9".');
    const frame = parseLiveFrame('{"type":"nope"}');
    expect(detailOf(frame)).toMatch(/^"type" in the frame: expected 'subscribe' \|/);
  });

  test("and a value that may be a secret is not repeated", () => {
    const body = { ...CHANNEL, url: "hooks.example.com/T0/secret", secret: "" };
    const parsed = parseChannel("c1", body);
    expect(detailOf(parsed)).toBe('"url" in the channel: expected an http or https URL.');
    expect(detailOf(parseChannel("c1", { ...CHANNEL, secret: 12_345 }))).not.toContain("12345");
  });
});

describe("a channel's address", () => {
  test.each(["https://example.com", "http://10.0.0.7:8080/hook?key=a@b", "https://h/@x#y"])(
    "may be %s",
    (url) => {
      expect(parseChannel("c1", { ...CHANNEL, url })).toMatchObject({ ok: true });
    },
  );

  test.each(["example.com", "ftp://example.com", "https://", "https:// x", "https://h/a b"])(
    "is refused when it is %s",
    (url) => {
      expect(detailOf(parseChannel("c1", { ...CHANNEL, url }))).toContain("http or https URL");
    },
  );

  test("has no user and password, since they would not be sent", () => {
    const url = "https://ada:pass@example.com/hook";
    const detail = detailOf(parseChannel("c1", { ...CHANNEL, url }));
    expect(detail).toContain(
      '"url" in the channel: a user and password in a URL would not be sent',
    );
    expect(detail).not.toContain("pass@");
  });
});
