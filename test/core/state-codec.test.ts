import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STATE_BYTES_MAX, STATE_NESTING_MAX } from "../../src/core/limits.ts";
import type { Refusal } from "../../src/core/refusal.ts";
import {
  decodeState,
  encodeState,
  reviveDates,
  storedFormOf,
  utf8Bytes,
} from "../../src/core/state-codec.ts";
import type { EncodedState } from "../../src/core/state-codec.ts";

const SEED = 20_261_123;

/** Keys that mean something to the codec, to JavaScript, or to nobody. */
const key = fc.oneof(
  fc.constantFrom(
    "$date",
    "$object",
    "$",
    "$x",
    "__proto__",
    "toJSON",
    "constructor",
    "",
    "a:b",
    "7",
  ),
  fc.string({ maxLength: 5 }),
);

/** Whatever a state may hold; -0 aside, which JSON writes as 0. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const state = fc
  .dictionary(
    fc.oneof(fc.constantFrom("$date", "$object", "total"), fc.string({ maxLength: 5 })),
    value,
    { maxKeys: 6, noNullPrototype: true },
  )
  // The engine puts a state's fields into an object: this one name can't be a field.
  .filter((fields) => !Object.hasOwn(fields, "__proto__"));

function encoded(twin: object, bytesMax?: number): EncodedState {
  const result = encodeState(twin, bytesMax);
  if (!result.ok) throw new Error(result.refusal.detail);
  return result.value;
}

function refusalOf(twin: object, bytesMax?: number): Refusal {
  const result = encodeState(twin, bytesMax);
  if (result.ok) throw new Error(`stored as ${result.value.text}`);
  return result.refusal;
}

/** What sets two values apart, told exactly: order and kind of keys, dates, prototypes. */
function shapeOf(value: unknown): unknown {
  if (value instanceof Date) return ["date", value.getTime()];
  if (Array.isArray(value)) return ["list", value.map(shapeOf)];
  if (typeof value !== "object" || value === null) return [typeof value, value];
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  return ["object", Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)])];
}

describe("a state", () => {
  test("comes out of its text as it went in, dates and keys with $ included", () => {
    fc.assert(
      fc.property(state, (fields) => {
        const before = shapeOf(fields);
        const { text, dated } = encoded(fields);
        expect(shapeOf(fields)).toEqual(before);
        expect(shapeOf(decodeState(text, dated))).toEqual(before);
        expect(shapeOf(reviveDatesIf(dated, JSON.parse(`[${text}]`)[0]))).toEqual(before);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test("without dates is written as JSON has it, with none of them escaped", () => {
    const fields = { $date: 5, nested: { $date: 5, $object: { $date: 1 } } };
    expect(encoded(fields)).toEqual({ text: JSON.stringify(fields), dated: false });
  });

  test("with dates is written with marks, and what looks like one is not taken for it", () => {
    const fields = { at: new Date(7), $date: 5, nested: { $date: 5 }, list: [{ $object: 1 }] };
    const { text, dated } = encoded(fields);
    expect(dated).toBe(true);
    expect(text).toBe(
      '{"at":{"$date":7},"$date":5,"nested":{"$object":{"$date":5}},"list":[{"$object":{"$object":1}}]}',
    );
    expect(decodeState(text, dated)).toEqual(fields);
  });

  test("keeps a key __proto__ that came in a message, also beside a date", () => {
    const extra = JSON.parse('{"__proto__":{"polluted":true},"at":1}') as object;
    for (const fields of [{ extra }, { extra, at: new Date(1) }]) {
      const { text, dated } = encoded(fields);
      const back = decodeState(text, dated)["extra"] as object;
      expect(Object.keys(back)).toEqual(["__proto__", "at"]);
      expect((back as { polluted?: boolean }).polluted).toBeUndefined();
    }
  });

  test("that was stored can be stored again, whatever the limit is now", () => {
    const fields = { text: "x".repeat(STATE_BYTES_MAX) };
    expect(encodeState(fields)).toMatchObject({ ok: false });
    expect(storedFormOf(fields).text).toHaveLength(STATE_BYTES_MAX + '{"text":""}'.length);
    expect(() => storedFormOf({ text: undefined })).toThrow(/Livetwin bug/);
  });
});

function reviveDatesIf(dated: boolean, fields: Record<string, unknown>): Record<string, unknown> {
  return dated ? reviveDates(fields) : fields;
}

describe("the size of a state", () => {
  test("is counted as a UTF-8 encoder counts it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = JSON.stringify(text);
        expect(utf8Bytes(json)).toBe(Buffer.byteLength(json));
      }),
      { seed: SEED },
    );
  });

  test("may be the limit to the byte, in any script, and not one more", () => {
    fc.assert(
      fc.property(state, (fields) => {
        const bytes = Buffer.byteLength(encoded(fields).text);
        expect(encodeState(fields, bytes)).toMatchObject({ ok: true });
        expect(encodeState(fields, bytes - 1)).toMatchObject({
          ok: false,
          refusal: { code: "twin/state-too-large", data: { bytes, bytesMax: bytes - 1 } },
        });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test.each(["x", "é", "水", "😀", '"', "\n", "\ud800"])(
    "of %j repeated up to 512 KiB is taken, and refused beyond by the name of its largest field",
    (text) => {
      const overhead = '{"small":1,"large":""}'.length;
      const each = Buffer.byteLength(JSON.stringify(text)) - 2;
      const count = Math.floor((STATE_BYTES_MAX - overhead) / each);
      expect(encodeState({ small: 1, large: text.repeat(count) }).ok).toBe(true);
      const refusal = refusalOf({ small: 1, large: text.repeat(count + 1) });
      expect(refusal.code).toBe("twin/state-too-large");
      expect(refusal.data).toMatchObject({ bytesMax: STATE_BYTES_MAX, largestField: "large" });
      expect(refusal.detail).toContain('largest field is "large"');
    },
  );
});

describe("what JSON can't hold", () => {
  class Point {
    x = 1;
  }
  const ownToJSON = Object.defineProperty({}, "toJSON", { value: () => 1 });

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined can't be stored; use null or leave the field out"],
    ["a function", () => 1, "function can't be stored; use null or leave the field out"],
    ["a symbol", Symbol("s"), "symbol can't be stored; use null or leave the field out"],
    ["a bigint", 1n, "bigint can't be stored; use null or leave the field out"],
    ["NaN", Number.NaN, "NaN is no JSON number"],
    ["infinity", -Infinity, "-Infinity is no JSON number"],
    ["a Map", new Map(), "Map can't be stored; use plain objects and lists"],
    ["a Set", new Set(), "Set can't be stored; use plain objects and lists"],
    ["bytes", new Uint8Array(1), "Uint8Array can't be stored; use plain objects and lists"],
    ["a RegExp", /x/, "RegExp can't be stored; use plain objects and lists"],
    ["an instance", new Point(), "Point can't be stored; use plain objects and lists"],
    ["a boxed number", Object(1), "Number can't be stored; use plain objects and lists"],
    ["an error", new Error("e"), "Error can't be stored; use plain objects and lists"],
    ["a promise", Promise.resolve(), "Promise can't be stored; use plain objects and lists"],
    [
      "an heir of an heir",
      Object.create(Object.create(null)),
      "an object can't be stored; use plain objects and lists",
    ],
    ["an invalid Date", new Date(Number.NaN), "an invalid Date can't be stored"],
    ["an object's own toJSON", ownToJSON, "an object with a method toJSON can't be stored"],
  ])("is refused by the path of its field: %s", (_name, value, reason) => {
    expect(refusalOf({ fine: 1, field: value })).toEqual({
      code: "twin/unstorable",
      detail: `Field "field": ${reason}.`,
    });
    expect(refusalOf({ field: [{}, { "a:b": { c: value } }] })).toEqual({
      code: "twin/unstorable",
      detail: `Field "field[1].a:b.c": ${reason}.`,
    });
  });

  test("is refused also where a list has a hole", () => {
    // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
    expect(refusalOf({ list: [1, , 3] }).detail).toMatch(/"list\[1\]": undefined/);
  });

  test("is not what has the name toJSON and is no method", () => {
    const fields = { toJSON: 1, nested: { toJSON: "text", deeper: { toJSON: null } } };
    expect(decodeState(encoded(fields).text, false)).toEqual(fields);
  });

  test("is refused at the first place that a date is not", () => {
    expect(refusalOf({ at: new Date(0), list: [new Date(1), Number.NaN] }).detail).toBe(
      'Field "list[1]": NaN is no JSON number.',
    );
  });
});

describe("nesting", () => {
  const nested = (levels: number, kind: "list" | "object"): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = kind === "list" ? [value] : { v: value };
    return value;
  };

  test.each(["list", "object"] as const)("of a %s may be 64 levels deep, and not 65", (kind) => {
    const deepest = { field: nested(STATE_NESTING_MAX, kind) };
    expect(decodeState(encoded(deepest).text, false)).toEqual(deepest);
    const refusal = refusalOf({ field: nested(STATE_NESTING_MAX + 1, kind) });
    expect(refusal.code).toBe("twin/unstorable");
    expect(refusal.detail).toMatch(/nested deeper than 64, or contains itself\.$/);
  });

  test("without end is refused, with a path into what contains itself", () => {
    const loop: Record<string, unknown> = { name: "loop" };
    loop["self"] = loop;
    const ring: unknown[] = [];
    ring.push([ring]);
    expect(refusalOf({ loop }).detail).toMatch(/^Field "loop(\.self){64}": nested deeper than 64/);
    expect(refusalOf({ ring }).detail).toMatch(/^Field "ring(\[0\]){64}": nested deeper than 64/);
    const twin = { self: null as unknown };
    twin.self = twin;
    expect(refusalOf(twin).code).toBe("twin/unstorable");
  });
});
