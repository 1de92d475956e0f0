import { describe, expect, test } from "vitest";
import { outcomeOfAnswer } from "../../src/aggregator/live-topic.ts";
import { LIVE_FRAME_CHARS_MAX } from "../../src/core/limits.ts";
import { errorFrame, parseLiveFrame, PING_FRAME, subscribeFrame } from "../../src/wire/live-v1.ts";
import type { LiveTarget } from "../../src/wire/live-v1.ts";

describe("a client's frame", () => {
  const targets: readonly (readonly [LiveTarget])[] = [
    [{ kind: "query", spec: { model: "Grid", select: ["level"], limit: 3 } }],
    [{ kind: "widget", id: "w-1" }],
    [{ kind: "twin", model: "Grid", id: "a b" }],
    [{ kind: "alerts", filter: {} }],
    [{ kind: "log", model: "Grid", filter: {} }],
    [
      {
        kind: "log",
        model: "Grid",
        filter: { id: "a", severities: ["error"], kinds: ["failure"] },
      },
    ],
    [{ kind: "alerts", filter: { model: "Grid", id: "a", severities: ["warning", "error"] } }],
  ];
  test.each(targets)("that subscribes to %j is read as it was written", (target) => {
    expect(parseLiveFrame(subscribeFrame("s1", target))).toEqual({
      ok: true,
      value: { type: "subscribe", subscription: "s1", target },
    });
  });

  test("may ask by SQL", () => {
    const parsed = parseLiveFrame(
      '{"type":"subscribe","subscription":"s1","query":{"sql":"SELECT count(*) AS n FROM Grid"}}',
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: { target: { kind: "query", spec: { model: "Grid", aggregates: [{ op: "count" }] } } },
    });
  });

  test("may be a ping, or end a subscription", () => {
    expect(parseLiveFrame(PING_FRAME)).toEqual({ ok: true, value: { type: "ping" } });
    expect(parseLiveFrame('{"type":"unsubscribe","subscription":"s1"}')).toEqual({
      ok: true,
      value: { type: "unsubscribe", subscription: "s1" },
    });
  });

  test("of the largest size is read", () => {
    const frame = PING_FRAME.padEnd(LIVE_FRAME_CHARS_MAX, " ");
    expect([parseLiveFrame(frame).ok, parseLiveFrame(`${frame} `).ok]).toEqual([true, false]);
  });

  const bad: readonly (readonly [string, string, string | undefined])[] = [
    ["no JSON", "{", undefined],
    ["no object", "7", undefined],
    ["an unknown type", '{"type":"dance","subscription":"s1"}', "s1"],
    ["no name", '{"type":"subscribe","widget":"w"}', undefined],
    ["an empty name", '{"type":"subscribe","subscription":"","widget":"w"}', undefined],
    [
      "a long name",
      `{"type":"subscribe","subscription":"${"x".repeat(65)}","widget":"w"}`,
      undefined,
    ],
    ["nothing to watch", '{"type":"subscribe","subscription":"s1"}', "s1"],
    [
      "two things to watch",
      '{"type":"subscribe","subscription":"s1","widget":"w","twin":{"model":"Grid","id":"a"}}',
      "s1",
    ],
    [
      "a bad twin id",
      '{"type":"subscribe","subscription":"s1","twin":{"model":"Grid","id":"a/b"}}',
      "s1",
    ],
    ["too many characters", `{"type":"ping","x":"${"x".repeat(LIVE_FRAME_CHARS_MAX)}"}`, undefined],
  ];
  test.each(bad)("with %s is refused", (_, text, subscription) => {
    expect(parseLiveFrame(text)).toMatchObject({
      ok: false,
      subscription,
      refusal: { code: "live/malformed" },
    });
  });

  test("with a query that nests deep is refused like any query", () => {
    const query = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
    const frame = `{"type":"subscribe","subscription":"s1","query":${query}}`;
    expect(parseLiveFrame(frame)).toMatchObject({
      ok: false,
      subscription: "s1",
      refusal: { code: "query/malformed" },
    });
  });
});

describe("the server's frame", () => {
  test("with a result carry it and its time, and equal results but for the time have equal signatures", () => {
    const answer = {
      columns: [{ name: "n", type: "number" as const }],
      rows: [[3]],
      asOf: "2026-01-01T00:00:00.000Z",
      twins: 3,
      partial: false,
      elapsedMs: 4,
    };
    const outcome = outcomeOfAnswer(answer);
    const { elapsedMs: _, ...result } = answer;
    expect(JSON.parse(outcome.frame('s"1'))).toEqual({
      type: "result",
      subscription: 's"1',
      result,
    });
    expect(
      outcomeOfAnswer({ ...answer, asOf: "2026-01-01T00:00:01.000Z", elapsedMs: 9 }).signature,
    ).toBe(outcome.signature);
  });

  test("with an error carries the refusal's data, which hides none of its own keys", () => {
    const data = { nearest: "level", type: "number" };
    const frame = errorFrame({ code: "query/unknown-field", detail: "No.", data }, "s1");
    expect(JSON.parse(frame)).toEqual({
      type: "error",
      subscription: "s1",
      code: "query/unknown-field",
      detail: "No.",
      nearest: "level",
    });
    expect(JSON.parse(errorFrame({ code: "live/malformed", detail: "No." }))).toEqual({
      type: "error",
      code: "live/malformed",
      detail: "No.",
    });
  });
});
