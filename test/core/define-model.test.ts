import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  CELLS_DEFAULT,
  CELLS_MAX,
  COMMIT_WINDOW_MS_MAX,
  FIELDS_MAX,
  STATE_BYTES_MAX,
  STATE_LIMIT_BYTES_MIN,
} from "../../src/core/limits.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { ModelDefinition, ModelOptions } from "../../src/sdk/index.ts";

const Message = v.object({ level: v.number() });

class Tank extends DigitalTwin<v.InferOutput<typeof Message>> {
  level = 0;
  site = "";
  open = false;
  filledAt = new Date(0);
  note: string | null = null;
  history: number[] = [];
  #secret = 0;

  override processMessages(): void {
    this.#secret++;
    this.level = this.#secret;
  }
}

const make = (
  options: Partial<Record<keyof ModelOptions<Tank>, unknown>>,
  twinClass: new () => Tank = Tank,
): ModelDefinition =>
  model(twinClass, { name: "Tank", message: Message, ...(options as Partial<ModelOptions<Tank>>) });

/** A class with other fields than its type says, as plain JavaScript may have. */
function classWith(fields: object, members: object = {}): new () => Tank {
  const Odd = class extends Tank {
    constructor() {
      super();
      Object.assign(this, fields);
    }
  };
  Object.defineProperties(Odd.prototype, Object.getOwnPropertyDescriptors(members));
  return Odd;
}

describe("a model", () => {
  test("has its class's own fields, with the types that queries see", () => {
    const tank = make({});
    expect(tank.name).toBe("Tank");
    expect(tank.defaults).toEqual({
      level: 0,
      site: "",
      open: false,
      filledAt: new Date(0),
      note: null,
      history: [],
    });
    expect(tank.fields).toEqual([
      { name: "level", type: "number" },
      { name: "site", type: "string" },
      { name: "open", type: "boolean" },
      { name: "filledAt", type: "time" },
    ]);
    expect([tank.cells, tank.commitWindowMs]).toEqual([CELLS_DEFAULT, 0]);
    expect(tank.stateBytesMax).toBe(STATE_BYTES_MAX);
    expect(tank.initial("a")).toBeUndefined();
  });

  test("shows queries what its options name, in the order of the class", () => {
    const { fields } = make({
      query: { note: "string", site: false, level: "time", open: undefined },
    });
    expect(fields).toEqual([
      { name: "level", type: "time" },
      { name: "open", type: "boolean" },
      { name: "filledAt", type: "time" },
      { name: "note", type: "string" },
    ]);
  });

  test("makes twins that share nothing", () => {
    const tank = make({});
    const [one, other] = [tank.blank(), tank.blank()] as unknown as [Tank, Tank];
    one.history.push(1);
    expect(other.history).toEqual([]);
    expect(one).toBeInstanceOf(Tank);
  });

  test("starts a twin with what is given for its id", () => {
    const tank = make({ initial: (id: string) => (id === "a" ? { site: "north" } : undefined) });
    expect([tank.initial("a"), tank.initial("b")]).toEqual([{ site: "north" }, undefined]);
  });
});

describe("a message's check", () => {
  test("gives what the schema makes of it", () => {
    const doubled = make({
      message: v.pipe(
        Message,
        v.transform(({ level }) => ({ level: level * 2 })),
      ),
    });
    expect(doubled.check({ level: 2, more: 1 })).toEqual({ ok: true, value: { level: 4 } });
  });

  test("says where it does not fit", () => {
    const nested = make({
      message: v.object({ list: v.array(v.object({ x: v.number() })), y: v.string() }),
    });
    expect(nested.check({ list: [{ x: 1 }, { x: "2" }], y: 3 })).toEqual({
      ok: false,
      issue: expect.stringMatching(/^list\.1\.x: Invalid type.*; y: Invalid type/),
    });
    expect(make({}).check(7)).toEqual({ ok: false, issue: expect.stringMatching(/^Invalid type/) });
  });

  test("throws where the schema is asynchronous: the engine makes a failure of it", () => {
    const asynchronous = make({
      message: v.objectAsync({
        level: v.pipeAsync(
          v.number(),
          v.checkAsync(async () => true),
        ),
      }),
    });
    expect(() => asynchronous.check({ level: 1 })).toThrow(
      "Model Tank: its message schema is asynchronous.",
    );
  });
});

describe("a definition is refused", () => {
  test.each(["", "2x", "a b", "x".repeat(65), undefined, 7, null])("with the name %j", (name) => {
    expect(() => make({ name })).toThrow(
      new TypeError(
        `Model name ${JSON.stringify(name)}: a letter, then letters, digits, "_" and "-", 64 at most.`,
      ),
    );
  });

  test.each<[string, number, number, number]>([
    ["cells", 1, CELLS_MAX, CELLS_DEFAULT],
    ["commitWindowMs", 0, COMMIT_WINDOW_MS_MAX, 0],
    ["stateBytesMax", STATE_LIMIT_BYTES_MIN, STATE_BYTES_MAX, STATE_BYTES_MAX],
  ])("with %s below %i or above %i", (option, min, max, byDefault) => {
    const valueOf = (definition: ModelDefinition): unknown =>
      definition[option as keyof ModelDefinition];
    expect(valueOf(make({}))).toBe(byDefault);
    for (const value of [min, max]) expect(valueOf(make({ [option]: value }))).toBe(value);
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, Infinity, "4"]) {
      expect(() => make({ [option]: value })).toThrow(
        new TypeError(
          `Model Tank: ${option} is ${value}; it must be an integer from ${min} to ${max}.`,
        ),
      );
    }
  });

  test("with a query of what is no field, or of no type", () => {
    expect(() => make({ query: { leevl: "number" } })).toThrow(
      new TypeError('Model Tank: query names "leevl", which is no field.'),
    );
    expect(() => make({ query: { processMessages: "number" } })).toThrow(TypeError);
    expect(() => make({ query: { level: "float" } })).toThrow(
      new TypeError(
        'Model Tank: query gives "level" the type "float"; there are number, string, boolean, time.',
      ),
    );
  });

  test("with a field named id, queryable or not", () => {
    const refusal = new TypeError(
      `Model Tank: a field can't be named "id"; queries have the twin's id there.`,
    );
    expect(() => make({}, classWith({ id: "x" }))).toThrow(refusal);
    expect(() => make({}, classWith({ id: null }))).toThrow(refusal);
  });

  test(`with more than ${FIELDS_MAX} queryable fields`, () => {
    // Four of them are the tank's own.
    const fields = (count: number): object =>
      Object.fromEntries(Array.from({ length: count - 4 }, (_, i) => [`f${i}`, i]));
    expect(make({}, classWith(fields(FIELDS_MAX))).fields).toHaveLength(FIELDS_MAX);
    expect(
      make({ query: { level: false } }, classWith(fields(FIELDS_MAX + 1))).fields,
    ).toHaveLength(FIELDS_MAX);
    expect(() => make({}, classWith(fields(FIELDS_MAX + 1)))).toThrow(
      new TypeError("Model Tank: 65 queryable fields; the limit is 64."),
    );
  });

  test.each<[string, object, string]>([
    [
      "undefined",
      { late: undefined },
      `Field "late": undefined can't be stored; use null or leave the field out.`,
    ],
    [
      "a method as a field",
      { handler: () => 1 },
      `Field "handler": function can't be stored; use null or leave the field out.`,
    ],
    [
      "a Map",
      { deep: { map: new Map() } },
      `Field "deep.map": Map can't be stored; use plain objects and lists.`,
    ],
    ["NaN", { list: [Number.NaN] }, `Field "list[0]": NaN is no JSON number.`],
  ])("with a default that can't be stored: %s", (_name, fields, detail) => {
    expect(() => make({}, classWith(fields))).toThrow(new TypeError(`Model Tank: ${detail}`));
  });

  test("with an option that there is not, and is told those that there are", () => {
    const options = { name: "Tank", message: Message, histroy: true };
    expect(() => model(Tank, options as unknown as ModelOptions<Tank>)).toThrow(
      new TypeError(
        'Model Tank: there is no option "histroy". Options: name, message, initial, query, parent, rollups, cells, commitWindowMs, stateBytesMax, history, archive.',
      ),
    );
  });

  test("with a class that turns itself into JSON: its fields would not be what is stored", () => {
    const twinClass = classWith({}, { toJSON: () => ({}) });
    expect(() => make({}, twinClass)).toThrow(
      new TypeError(
        "Model Tank: a class with toJSON can't be stored; its own fields are the state.",
      ),
    );
  });

  test.each([undefined, null, {}, (input: unknown) => input, { "~standard": {} }])(
    "with %j for a schema",
    (message) => {
      expect(() => make({ message: message })).toThrow(
        new TypeError("Model Tank: message is no Standard Schema (https://standardschema.dev)."),
      );
    },
  );
});
