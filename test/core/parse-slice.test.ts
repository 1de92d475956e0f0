import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseElements, parseSlices } from "../../src/core/json/parse-slice.ts";
import type { Slice } from "../../src/core/json/parse-slice.ts";

const SEED = 20_261_123;

const GOOD = '{"id":"a","message":{"x":1}}';
const good = { id: "a", message: { x: 1 } };

function slice(...elements: string[]): Slice {
  return { text: elements.join(","), count: elements.length };
}

const refused = { refusal: { code: "message/malformed", detail: expect.any(String) } };

describe("a slice", () => {
  test("of good elements gives their messages as they are", () => {
    expect(
      parseSlices([
        slice(
          GOOD,
          '{"id":"b","message":null,"messageId":"m","seq":-1}',
          ' {"id" : "c", "message":[ ] }\n',
        ),
      ]),
    ).toEqual([
      [good, { id: "b", message: null, messageId: "m", seq: -1 }, { id: "c", message: [] }],
    ]);
  });

  test("without elements has no messages", () => {
    expect(parseSlices([{ text: "", count: 0 }])).toEqual([[]]);
    expect(parseSlices([])).toEqual([]);
  });

  test.each([
    ["a literal that is none", '{"id":"b","message":tru}'],
    ["a number that is none", '{"id":"b","message":01}'],
    ["a comma too many", '{"id":"b","message":[1,]}'],
    ["an escape that is none", '{"id":"b","message":"\\x"}'],
    ["a control character", '{"id":"b","message":"\u0001"}'],
    ["a bracket of the wrong kind", '{"id":"b","message":[1}}'],
    ["no message", '{"id":"b"}'],
    ["a message of its prototype only", '{"id":"b","__proto__":{"message":1}}'],
  ])("with %s refuses that element alone, in its place", (_name, bad) => {
    const parsed = parseSlices([slice(GOOD, bad, GOOD, bad)])[0]!;
    expect(parsed.map((element) => ("refusal" in element ? element : { ...element }))).toEqual([
      good,
      refused,
      good,
      refused,
    ]);
  });

  test.each(["null", "5", '"text"', "true", "[]", '[{"id":"a","message":1}]'])(
    "with %s for an element refuses it and throws nothing",
    (bad) => {
      expect(parseSlices([slice(GOOD, bad, GOOD)])).toEqual([[good, refused, good]]);
      expect(parseSlices([slice(bad)])).toEqual([[refused]]);
    },
  );

  test("names what is wrong", () => {
    const details = parseSlices([slice('{"id":"b","message":tru}', '{"id":"b"}')])[0]!.map(
      (element) => ("refusal" in element ? element.refusal.detail : ""),
    );
    expect(details[0]).toMatch(/^The message is no JSON: .*token/);
    expect(details[1]).toBe('The element has no "message".');
  });
});

describe("slices that are parsed together", () => {
  test("keep their own messages", () => {
    expect(parseSlices([slice(GOOD), slice(GOOD, GOOD), slice(GOOD)])).toEqual([
      [good],
      [good, good],
      [good],
    ]);
  });

  test("don't suffer from a bad element in one of them", () => {
    const bad = '{"id":"b","message":nope}';
    expect(parseSlices([slice(GOOD), slice(bad, GOOD), slice(GOOD, GOOD)])).toEqual([
      [good],
      [refused, good],
      [good, good],
    ]);
  });

  test("can't reach into each other, even where their brackets would match", () => {
    // Whoever cuts slices never cuts these; a cell that got them must still not mix them up.
    const parsed = parseSlices([slice('{"id":"a","message":['), slice("]}"), slice(GOOD)]);
    expect(parsed.at(-1)).toEqual([good]);
    for (const element of parsed.slice(0, 2).flat()) expect(element).toEqual(refused);
  });

  test("give what each gives alone, whatever is good and bad in them", () => {
    const element = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .record({ id: fc.constantFrom("a", "b"), message: fc.jsonValue({ maxDepth: 2 }) })
          .map((value) => JSON.stringify(value)),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '{"id":"a"}',
          '{"id":"a","message":nul}',
          '{"id":"a","message":"\\u12"}',
          "null",
          "7",
        ),
      },
    );
    const slices = fc.array(fc.array(element, { minLength: 1, maxLength: 5 }), { maxLength: 5 });
    // What a refusal says may depend on the way; what is refused may not.
    const coded = (parsed: ReturnType<typeof parseSlices>): unknown =>
      parsed.map((each) => each.map((one) => ("refusal" in one ? one.refusal.code : one)));
    fc.assert(
      fc.property(slices, (elements) => {
        const together = coded(parseSlices(elements.map((each) => slice(...each))));
        const bySlice = elements.map((each) => parseSlices([slice(...each)])[0]!);
        const byElement = elements.map((each) =>
          each.map((one) => parseSlices([slice(one)])[0]![0]!),
        );
        expect(together).toEqual(coded(bySlice));
        expect(together).toEqual(coded(byElement));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe("elements at once", () => {
  test.each<[string, number, unknown]>([
    [`${GOOD},${GOOD}`, 2, [good, good]],
    ["1,null", 2, [1, null]],
    ["", 0, []],
    [GOOD, 2, undefined],
    [`${GOOD},${GOOD}`, 1, undefined],
    ["[", 1, undefined],
    ["1],[2", 1, undefined],
  ])("of %j, %i of them, are %j", (text, count, values) => {
    expect(parseElements(text, count)).toEqual(values);
  });
});
