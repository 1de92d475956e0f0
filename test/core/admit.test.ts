/** Repeats where outcomes are still open: within a request, within a turn, behind a message that is refused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { InMessage } from "../../src/core/cell/requests.ts";
import { CellHost, act, add } from "../support/cell-host.ts";

const SEED = 20_261_123;

const bad = (id: string, identity: { messageId?: string; seq?: number }): InMessage => ({
  ...act(id, "throw"),
  ...identity,
});

describe("a seq", () => {
  test("below one that is refused is no repeat: it is processed in its place", () => {
    const host = new CellHost();
    const answer = host.send(
      bad("a", { seq: 7 }),
      add("a", 6, { seq: 6 }),
      add("a", 8, { seq: 8 }),
    );
    expect(answer).toMatchObject({
      accepted: 2,
      repeated: [],
      rejected: [[0, { code: "model/failed" }]],
    });
    expect(host.state("a")).toMatchObject({ values: [6, 8] });
  });

  test("below one that does not fit the schema is processed", () => {
    const host = new CellHost();
    const answer = host.send({ id: "a", message: { add: "x" }, seq: 7 }, add("a", 6, { seq: 6 }));
    expect(answer).toMatchObject({ accepted: 1, rejected: [[0, { code: "message/invalid" }]] });
  });

  test("below one that is accepted is a repeat, also where both came together", () => {
    const host = new CellHost();
    expect(
      host.send(add("a", 7, { seq: 7 }), add("a", 6, { seq: 6 }), add("a", 8, { seq: 8 })),
    ).toMatchObject({ accepted: 2, repeated: [1] });
    expect(host.state("a")).toMatchObject({ values: [7, 8] });
  });

  test("that is refused twice in one request is refused twice", () => {
    const host = new CellHost();
    const { rejected } = host.send(bad("a", { seq: 7 }), bad("a", { seq: 7 }));
    expect(rejected.map(([index]) => index)).toEqual([0, 1]);
    expect(host.send(add("a", 1, { seq: 7 }))).toMatchObject({ accepted: 1 });
  });

  test.each([
    [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [-5, -4],
    [-1, 0],
  ])("may be any integer that a number holds: %i, then %i", (first, second) => {
    const host = new CellHost();
    expect(host.send(add("a", 1, { seq: first }))).toMatchObject({ accepted: 1 });
    expect(host.send(add("a", 1, { seq: first }))).toMatchObject({ accepted: 0 });
    host.restart();
    expect(host.send(add("a", 1, { seq: second }))).toMatchObject({ accepted: 1 });
    host.cell.checkpoint();
    host.restart();
    expect(host.send(add("a", 1, { seq: second }))).toMatchObject({ repeated: [0] });
  });

  test.each([2 ** 53, 0.5, "1", null, true, {}])("is not %j", (seq) => {
    const host = new CellHost();
    expect(host.send(add("a", 1, { seq })).rejected).toMatchObject([
      [0, { code: "message/bad-message-id" }],
    ]);
  });

  test("in any order within a request gives what one message after the other gives", () => {
    const message = fc.record({
      seq: fc.nat(6),
      isBad: fc.boolean(),
      amount: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        // Two of the same seq share a refusal when they come together, and are tried one by one when they don't.
        const badSeqs = messages.filter(({ isBad }) => isBad).map(({ seq }) => seq);
        fc.pre(badSeqs.every((seq) => messages.filter((each) => each.seq === seq).length === 1));
        let last = -1;
        const values: number[] = [];
        const repeated: number[] = [];
        const refused: number[] = [];
        for (const [index, { seq, isBad, amount }] of messages.entries()) {
          if (seq <= last) repeated.push(index);
          else if (isBad) refused.push(index);
          else {
            last = seq;
            values.push(amount);
          }
        }
        const host = new CellHost();
        const answer = host.send(
          ...messages.map(({ seq, isBad, amount }) =>
            isBad ? bad("a", { seq }) : add("a", amount, { seq }),
          ),
        );
        expect(host.state("a")?.["values"] ?? []).toEqual(values);
        expect(answer.accepted).toBe(values.length);
        expect(answer.repeated.toSorted((a, b) => a - b)).toEqual(repeated);
        expect(answer.rejected.map(([index]) => index)).toEqual(refused);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe("a messageId", () => {
  test("wins over a seq: the same id is the same message, whatever its seq", () => {
    const host = new CellHost();
    expect(
      host.send(
        add("a", 1, { messageId: "m", seq: 5 }),
        add("a", 1, { messageId: "m", seq: 6 }),
        add("a", 1, { messageId: "n", seq: 5 }),
      ),
    ).toMatchObject({ accepted: 1, repeated: [1, 2] });
  });

  test("is a twin's own: two twins may have the same", () => {
    const host = new CellHost();
    expect(
      host.send(add("a", 1, { messageId: "m" }), add("b", 1, { messageId: "m" })),
    ).toMatchObject({ accepted: 2 });
  });

  test("of a twin that was removed is forgotten, as is its seq", () => {
    const host = new CellHost();
    host.send(add("a", 1, { messageId: "m", seq: 9 }));
    host.cell.remove("a", host.nowMs);
    expect(host.send(add("a", 1, { messageId: "m", seq: 1 }))).toMatchObject({ accepted: 1 });
    host.restart();
    expect(host.send(add("a", 1, { messageId: "m" }), add("a", 1, { seq: 1 }))).toMatchObject({
      repeated: [0, 1],
    });
  });
});
