import { describe, expect, test } from "vitest";
import { NESTING_MAX } from "../../src/core/limits.ts";
import { singleValue, splitArray, splitLines, splitValues } from "../../src/core/json/tokenizer.ts";

/** What a split reports, one entry an element: its text, and its id or fault. */
type Seen = { text: string; id: string } | { text: string; fault: string };

interface Split {
  readonly seen: readonly Seen[];
  readonly elements: number;
  readonly refusedAt: unknown;
}

/** Splits, and checks on the way that indices count from 0. */
function splitBy(how: "array" | "lines", text: string): Split {
  const seen: Seen[] = [];
  const sink = {
    element(index: number, start: number, end: number, id: string): void {
      expect(index).toBe(seen.length);
      seen.push({ text: text.slice(start, end), id });
    },
    fault(index: number, start: number, end: number, fault: string): void {
      expect(index).toBe(seen.length);
      seen.push({ text: text.slice(start, end), fault });
    },
  };
  if (how === "lines") return { seen, elements: splitLines(text, sink), refusedAt: null };
  const result = splitArray(text, sink);
  if (result.ok) return { seen, elements: result.value, refusedAt: null };
  expect(result.refusal.code).toBe("body/malformed");
  return { seen, elements: -1, refusedAt: result.refusal.data?.["position"] };
}

const arrayOf = (text: string): Split => splitBy("array", text);
const linesOf = (text: string): Split => splitBy("lines", text);

function valuesOf(text: string): { texts: string[]; result: ReturnType<typeof splitValues> } {
  const texts: string[] = [];
  const result = splitValues(text, (index, start, end) => {
    expect(index).toBe(texts.length);
    texts.push(text.slice(start, end));
  });
  return { texts, result };
}

/** What one object in an array is reported as: its id or fault. */
function verdictOn(element: string): string {
  const { seen, elements } = arrayOf(`[${element}]`);
  expect(elements).toBe(1);
  const only = seen[0];
  if (only === undefined) throw new Error("nothing was reported");
  expect(only.text).toBe(element);
  expect(linesOf(element).seen).toEqual([only]);
  return "id" in only ? `id ${only.id}` : only.fault;
}

const brackets = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

describe("the id of an element", () => {
  test("is found wherever it stands on the first level", () => {
    expect(verdictOn('{"id":"a","message":{"n":1}}')).toBe("id a");
    expect(verdictOn('{"message":{"n":1},"id":"a"}')).toBe("id a");
    expect(verdictOn('{ "message" : [1] ,\r\t"id" \t: "a" , "seq" : 1 }')).toBe("id a");
  });

  test("is not taken from deeper levels, from values, or from text in strings", () => {
    expect(verdictOn('{"message":{"id":"x"},"id":"a"}')).toBe("id a");
    expect(verdictOn('{"id":"a","message":[{"id":"x"},["id","x"]]}')).toBe("id a");
    expect(verdictOn('{"id":"a","x":"id","y":"\\"id\\":\\"x\\""}')).toBe("id a");
    expect(verdictOn('{"id":"a","x":"}],{[\\"id\\":"}')).toBe("id a");
    expect(verdictOn('{"message":{"id":"x"}}')).toBe("no-id");
  });

  test("is that of the last key `id`, whatever the earlier ones were", () => {
    expect(verdictOn('{"id":"a","id":"b"}')).toBe("id b");
    expect(verdictOn('{"id":1,"id":"b"}')).toBe("id b");
    expect(verdictOn('{"id":"a","\\u0069d":"b"}')).toBe("id b");
    expect(verdictOn('{"id":"a","id":null}')).toBe("bad-id-type");
  });

  test("is found under an escaped key", () => {
    for (const key of ["\\u0069d", "i\\u0064", "\\u0069\\u0064"]) {
      expect(JSON.parse(`"${key}"`)).toBe("id");
      expect(verdictOn(`{"${key}":"a"}`)).toBe("id a");
    }
    for (const key of [
      "\\u0069D",
      "\\u0049d",
      "\\u0069dd",
      "i\\u00640",
      "\\\\u0069",
      "ID",
      "i",
      "idx",
    ]) {
      expect(verdictOn(`{"${key}":"a"}`)).toBe("no-id");
    }
  });

  test("has its escapes decoded", () => {
    expect(verdictOn('{"id":"\\u0061\\"\\\\\\n\\/"}')).toBe('id a"\\\n/');
    expect(verdictOn('{"id":"\\ud83d\\ude00 \\ud83d"}')).toBe("id \ud83d\ude00 \ud83d");
    expect(verdictOn('{"id":"\ud83d"}')).toBe("id \ud83d");
    expect(verdictOn('{"id":""}')).toBe("id ");
    expect(verdictOn('{"id":"0123456789abcde\\"0123456789\\\\"}')).toBe(
      'id 0123456789abcde"0123456789\\',
    );
  });

  test("with a bad escape makes the element malformed", () => {
    for (const id of ["\\x", "\\u12", "\\u123", "\\u12g4", "a\\\\\\q", "\\n\n", "\\'"]) {
      expect(() => JSON.parse(`"${id}"`)).toThrow(SyntaxError);
      const { seen } = arrayOf(`[{"id":"${id}"},{"id":"b"}]`);
      expect(seen).toEqual([
        { text: `{"id":"${id}"}`, fault: "malformed" },
        { text: '{"id":"b"}', id: "b" },
      ]);
    }
  });

  test("of another type, or none, is a fault", () => {
    for (const value of ["1", "null", "true", "{}", '["a"]', '{"id":"a"}']) {
      expect(verdictOn(`{"x":1,"id": ${value}}`)).toBe("bad-id-type");
    }
    expect(verdictOn("{}")).toBe("no-id");
    expect(verdictOn('{"x":"id"}')).toBe("no-id");
  });

  test("is found behind strings of any length that end in quotes and backslashes", () => {
    for (let chars = 0; chars < 80; chars++) {
      for (const tail of ["", '\\"', "\\\\", '\\\\\\"', "\\\\\\\\", '\\",\\"id\\":\\"x']) {
        const text = "x".repeat(chars) + tail;
        expect(verdictOn(`{"${text}":"${text}","id":"a${text}"}`)).toBe(
          `id a${String(JSON.parse(`"${text}"`))}`,
        );
      }
    }
  });

  test("is not disturbed by the names of Object.prototype", () => {
    expect(verdictOn('{"__proto__":{"id":"x"}}')).toBe("no-id");
    expect(verdictOn('{"__proto__":{"id":"x"},"constructor":1,"id":"toString"}')).toBe(
      "id toString",
    );
  });
});

describe("an array", () => {
  test("is split at its own commas, white space aside", () => {
    expect(arrayOf(' \t\r\n[ {"id":"a"} ,\n{"id":"b","m":[{},{}]}\r\n]\n')).toEqual({
      seen: [
        { text: '{"id":"a"}', id: "a" },
        { text: '{"id":"b","m":[{},{}]}', id: "b" },
      ],
      elements: 2,
      refusedAt: null,
    });
    expect(arrayOf('[{"id":"a"},{}]').seen[1]).toEqual({ text: "{}", fault: "no-id" });
    expect(arrayOf(" [ ] ")).toEqual({ seen: [], elements: 0, refusedAt: null });
  });

  test("goes on behind elements that are no objects", () => {
    const texts = ["1", "-1.5e+3", "null", "nonsense", '"a,]"', '[{"id":"x"},2]', "[]"];
    const { seen, elements } = arrayOf(`[${texts.join(" , ")},{"id":"a"}]`);
    expect(elements).toBe(texts.length + 1);
    expect(seen).toEqual([
      ...texts.map((text) => ({ text, fault: "malformed" })),
      { text: '{"id":"a"}', id: "a" },
    ]);
  });

  test("that is not one closed array is refused with the position", () => {
    const refusals: readonly (readonly [text: string, position: number])[] = [
      ["", 0],
      ["  ", 2],
      ['{"id":"a"}', 0],
      ["]", 0],
      ["[", 1],
      ["[,]", 1],
      ['[{"id":"a"}', 11],
      ['[{"id":"a"},]', 12],
      ['[{"id":"a"},,{"id":"b"}]', 12],
      ['[{"id":"a"}{"id":"b"}]', 11],
      ['[{"id":"a"}]]', 12],
      ['[{"id":"a"}],', 12],
      ['[{"id":"a"}] [{"id":"b"}]', 13],
      ["[1 2]", 3],
      ['["a":1]', 4],
      ["[1:2]", 2],
      ['[{"id":"a"},{"id":"b]', 12],
      ['[{"id":"a"},{"id":"b\\"}]', 12],
      ['[{"id":"a"},{"id":"b"]', 22],
      ['[{"id":"a"},"b]', 12],
      ["[}]", 1],
      ['\u00a0[{"id":"a"}]', 0],
      ['[{"id":"a"}\u2028]', 11],
      ["[\ufeff1]x", 4],
    ];
    for (const [text, position] of refusals) {
      expect([text, arrayOf(text).refusedAt]).toEqual([text, position]);
    }
  });

  test("is refused in words that name the place, the finding and the rule", () => {
    const detailOf = (text: string): string => {
      const result = splitArray(text, { element: () => undefined, fault: () => undefined });
      return result.ok ? "" : result.refusal.detail;
    };
    expect(detailOf('{"id":"a"}')).toBe('found "{" at position 0 where "[" is expected');
    expect(detailOf('[{"id":"a"}')).toBe(
      'found the end of the text at position 11 where "," or "]" is expected',
    );
    expect(detailOf("[1,]")).toBe('found "]" at position 3 where a JSON value is expected');
    expect(detailOf('[{"id":"a]')).toBe(
      "the JSON value that begins with { at position 1 does not close",
    );
    expect(detailOf("[] []")).toBe('found "[" at position 3 where the end of the text is expected');
  });

  test("may hold elements that only a parser can refuse", () => {
    for (const element of [
      '{"id":"a",}',
      '{"id":"a" "b"}',
      '{"id":"a","n":01}',
      '{"id":"a"]',
      '{"id":"a\n"}',
    ]) {
      expect(() => JSON.parse(element)).toThrow(SyntaxError);
      expect(arrayOf(`[${element},{"id":"b"}]`).seen).toEqual([
        { text: element, id: /a\n?/.exec(element)?.[0] },
        { text: '{"id":"b"}', id: "b" },
      ]);
    }
  });
});

describe("NDJSON", () => {
  test("is one object a line, with any line end, blank lines not counting", () => {
    expect(linesOf('\n{"id":"a"}\r\n\r\n \t \n  {"id":"b","m":{}}\t\n{"id":"c"}')).toEqual({
      seen: [
        { text: '{"id":"a"}', id: "a" },
        { text: '{"id":"b","m":{}}', id: "b" },
        { text: '{"id":"c"}', id: "c" },
      ],
      elements: 3,
      refusedAt: null,
    });
    expect(linesOf("")).toEqual({ seen: [], elements: 0, refusedAt: null });
    expect(linesOf(" \n\r\n")).toEqual({ seen: [], elements: 0, refusedAt: null });
  });

  test("has a fault for each line that is not exactly one closed object, and goes on", () => {
    const lines = [
      '{"id":"a"},{"id":"b"}',
      '{"id":"a"}{"id":"b"}',
      '{"id":"a"} {"id":"b"}',
      '{"id":"a"}\r{"id":"b"}',
      '{"id":"a"},',
      ',{"id":"a"}',
      '[{"id":"a"}]',
      '{"id":"a"',
      '{"id":"a',
      '{"id":"a\\"}',
      '"id":"b"}',
      '{"id":"a"}}',
      '{"id":"a"}]',
      '{"id":"a"}\u2028{"id":"b"}',
      '\ufeff{"id":"a"}',
      '{"id":"a"}\u00a0',
      "nonsense",
      '"a"',
      "1",
      "{",
      "\\",
    ];
    for (const line of lines) {
      expect(linesOf(`{"id":"x"}\n ${line} \r\n{"id":"y"}`).seen).toEqual([
        { text: '{"id":"x"}', id: "x" },
        { text: line, fault: "malformed" },
        { text: '{"id":"y"}', id: "y" },
      ]);
    }
  });

  test("ends a line at its line feed even within a string or an object", () => {
    expect(linesOf('{"id":"a\n"}').seen).toEqual([
      { text: '{"id":"a', fault: "malformed" },
      { text: '"}', fault: "malformed" },
    ]);
    expect(linesOf('{"id":"0123456789abcdefghij\n","id":"b"}').elements).toBe(2);
    expect(linesOf('{\n"id":"a"}').seen.map((seen) => "fault" in seen)).toEqual([true, true]);
  });
});

describe("a byte order mark", () => {
  test("is skipped once, at the start of a text, and nowhere else", () => {
    expect(arrayOf('\ufeff[{"id":"a"}]').seen).toEqual([{ text: '{"id":"a"}', id: "a" }]);
    expect(linesOf('\ufeff{"id":"a"}').seen).toEqual([{ text: '{"id":"a"}', id: "a" }]);
    expect(valuesOf("\ufeff[1]").texts).toEqual(["1"]);
    expect(singleValue("\ufeff{}")).toEqual({
      ok: true,
      value: { start: 1, end: 3, kind: "object" },
    });
    expect(arrayOf("\ufeff\ufeff[]").refusedAt).toBe(1);
    expect(arrayOf(" \ufeff[]").refusedAt).toBe(1);
  });
});

describe("values", () => {
  test("of an array are found whatever their kind", () => {
    const { texts, result } = valuesOf('[ {"a":[1,2]} ,[ ], "x,]\\"" ,\n-1e5,true ,null]');
    expect(texts).toEqual(['{"a":[1,2]}', "[ ]", '"x,]\\""', "-1e5", "true", "null"]);
    expect(result).toEqual({ ok: true, value: 6 });
  });

  test("that are not one array are refused", () => {
    for (const text of ["", "{}", "[1", "[1,]", "[1 2]", '[1,"id":2]', "[1][2]", "[[1]", '["]']) {
      expect([text, valuesOf(text).result.ok]).toEqual([text, false]);
    }
  });
});

describe("a single value", () => {
  const kindOf = (text: string): string => {
    const result = singleValue(text);
    if (!result.ok) return result.refusal.code;
    expect(text.slice(result.value.start, result.value.end)).toBe(text.trim());
    return result.value.kind;
  };

  test("is any one closed JSON value, without the white space around it", () => {
    expect(kindOf(' {"a":"}"}\r\n')).toBe("object");
    expect(kindOf("\t[1,[2],{}] ")).toBe("array");
    for (const text of ["1", " -1.5e3 ", "true", "null", '"a \\" ,:{}[]\\\\"', '""']) {
      expect(kindOf(text)).toBe("other");
    }
  });

  test("is not more than one, nor a part of one", () => {
    const refused = [
      "",
      " \n",
      '1},{"id":"y"',
      '{}},{"id":"y"',
      '1,"id":"y"',
      '"a","id":"y"',
      '{},"id":"y"',
      '"a":1',
      "1:2",
      "1 2",
      "{}{}",
      "[1],",
      "1]",
      "{",
      '{"a":1',
      '"a',
      '"a\\"',
      "}",
      ",",
      '1"',
      "1[",
    ];
    for (const text of refused) expect([text, kindOf(text)]).toEqual([text, "message/malformed"]);
  });

  test("is refused with the position", () => {
    const result = singleValue('1},{"id":"y"');
    expect(result).toEqual({
      ok: false,
      refusal: {
        code: "message/malformed",
        detail: 'found "}" at position 1 where the end of the text is expected',
        data: { position: 1 },
      },
    });
  });
});

describe("nesting", () => {
  const element = (levels: number): string => `{"id":"a","m":${brackets(levels - 1)}}`;

  test(`of ${NESTING_MAX} levels is taken`, () => {
    expect(verdictOn(element(NESTING_MAX))).toBe("id a");
    expect(valuesOf(`[${brackets(NESTING_MAX)}]`).result.ok).toBe(true);
    expect(singleValue(brackets(NESTING_MAX)).ok).toBe(true);
  });

  test("of one level more is a fault of its element alone, or refuses the values", () => {
    const deep = element(NESTING_MAX + 1);
    expect(verdictOn(deep)).toBe("too-deep");
    expect(arrayOf(`[${deep},{"id":"b"}]`).seen).toEqual([
      { text: deep, fault: "too-deep" },
      { text: '{"id":"b"}', id: "b" },
    ]);
    expect(verdictOn(`{"m":${brackets(NESTING_MAX)}}`)).toBe("too-deep");
    expect(verdictOn(`{"m":${brackets(NESTING_MAX)},"id":"a","n":[[]]}`)).toBe("too-deep");
    expect(valuesOf(`[1,${brackets(NESTING_MAX + 1)}]`).result).toEqual({
      ok: false,
      refusal: {
        code: "body/malformed",
        detail: `the value at position 3 nests ${NESTING_MAX + 1} levels deep; ${NESTING_MAX} are the most`,
        data: { position: 3 },
      },
    });
    expect(singleValue(brackets(NESTING_MAX + 1)).ok).toBe(false);
  });

  test("counts levels, not brackets, and none within strings", () => {
    expect(verdictOn(`{"id":"a","m":[${"[],".repeat(1_000)}{}],"s":"${"[".repeat(1_000)}"}`)).toBe(
      "id a",
    );
  });
});
