import { describe, expect, test } from "vitest";
import { parseAnswer, settle } from "../../../tools/replay/batch-answer.ts";
import type { Outgoing } from "../../../tools/replay/outgoing.ts";

const BATCH: readonly Outgoing[] = ["a", "b", "a", "c"].map((id, i) => ({
  id,
  message: { i },
  messageId: `m${i}`,
}));

const TAKEN = { accepted: 4, duplicates: 0, rejected: [] };
const NOTHING = {
  accepted: 0,
  duplicates: 0,
  rejected: [],
  open: [],
  reason: undefined,
  retryAfterMs: undefined,
};

function problem(code: string, detail = "So it is."): string {
  return JSON.stringify({ type: "about:blank", title: "?", code, detail });
}

describe("an answer", () => {
  test("of 200 says what became of the messages", () => {
    expect(parseAnswer(200, null, JSON.stringify({ ...TAKEN, more: 1 }))).toEqual({
      kind: "taken",
      ...TAKEN,
    });
  });

  test("of another status that counts messages says the same", () => {
    expect(parseAnswer(422, null, JSON.stringify(TAKEN))).toEqual({ kind: "taken", ...TAKEN });
  });

  test("that was cut off says nothing", () => {
    expect(parseAnswer(200, null, '{"accepted":4,"dupl')).toEqual({
      kind: "unavailable",
      reason: "http/200: The answer is cut off.",
      retryAfterMs: undefined,
    });
  });

  test.each([
    [503, "1", 1_000],
    [503, "0", 0],
    [503, null, undefined],
    [503, "Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    [500, null, undefined],
    [502, null, undefined],
    [429, "7", 7_000],
    [408, null, undefined],
  ])("of %i may be asked for again (Retry-After: %s)", (status, retryAfter, retryAfterMs) => {
    expect(parseAnswer(status, retryAfter, problem("cell/overloaded"))).toEqual({
      kind: "unavailable",
      reason: "cell/overloaded: So it is.",
      retryAfterMs,
    });
  });

  test("of a proxy's page is known by its status", () => {
    expect(parseAnswer(502, null, "<h1>Bad gateway</h1>")).toMatchObject({
      kind: "unavailable",
      reason: "http/502: The answer is no problem document.",
    });
  });

  test.each([400, 413, 415, 422])("of %i refuses the batch for good", (status) => {
    expect(parseAnswer(status, null, problem("body/too-large"))).toEqual({
      kind: "refused",
      code: "body/too-large",
      detail: "So it is.",
    });
  });

  test.each([401, 403, 404])("of %i ends the replay", (status) => {
    expect(() => parseAnswer(status, null, problem("model/unknown"))).toThrow(
      "model/unknown: So it is.",
    );
  });
});

describe("a batch is settled", () => {
  test("when all of it was accepted or known", () => {
    expect(settle(BATCH, { kind: "taken", accepted: 3, duplicates: 1, rejected: [] })).toEqual({
      ...NOTHING,
      accepted: 3,
      duplicates: 1,
    });
  });

  test("but for messages that may be sent again, which keep their order", () => {
    const overloaded = { code: "cell/overloaded", detail: "Later.", retry: true };
    const rejected = [
      { index: 2, ...overloaded },
      { index: 1, code: "message/invalid", detail: "No.", retry: false },
      { index: 0, ...overloaded },
    ];
    expect(settle(BATCH, { kind: "taken", accepted: 1, duplicates: 0, rejected })).toEqual({
      ...NOTHING,
      accepted: 1,
      rejected: [{ id: "b", code: "message/invalid", detail: "No." }],
      open: [BATCH[0], BATCH[2]],
      reason: "cell/overloaded: Later.",
    });
  });

  test("not at all when nothing is known of it", () => {
    expect(settle(BATCH, { kind: "unavailable", reason: "ECONNRESET", retryAfterMs: 5 })).toEqual({
      ...NOTHING,
      open: BATCH,
      reason: "ECONNRESET",
      retryAfterMs: 5,
    });
  });

  test("when it was refused: every message of it is rejected", () => {
    const refusal = { code: "body/malformed", detail: "No JSON." };
    expect(settle(BATCH, { kind: "refused", ...refusal })).toEqual({
      ...NOTHING,
      rejected: ["a", "b", "a", "c"].map((id) => ({ id, ...refusal })),
    });
  });

  test.each([
    ["too few", { accepted: 3, duplicates: 0, rejected: [] }, "3 of 4"],
    ["too many", { accepted: 5, duplicates: 0, rejected: [] }, "5 of 4"],
    ["an index twice", { accepted: 2, duplicates: 0, rejected: [0, 0] }, "3 of 4"],
    ["an index that is none", { accepted: 3, duplicates: 0, rejected: [4] }, "4 of 4"],
  ])("never by an answer for %s", (_, answer, said) => {
    const rejected = answer.rejected.map((index) => ({ index, code: "x/y", detail: "" }));
    expect(() => settle(BATCH, { kind: "taken", ...answer, rejected })).toThrow(
      `The server answered for ${said} messages.`,
    );
  });
});
