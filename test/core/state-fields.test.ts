import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelDefinition } from "../../src/core/model.ts";
import { likelyMeant } from "../../src/core/nearest.ts";
import { stateOver } from "../../src/core/state-fields.ts";
import { counterModel } from "../support/counter-model.ts";

const SEED = 20_261_123;

/** The state of one accepted field, or the refusal. */
function given(
  fields: Readonly<Record<string, unknown>>,
  model: ModelDefinition = counterModel,
): unknown {
  const result = stateOver(model, fields);
  return result.ok ? result.value : result.refusal;
}

describe("fields from outside", () => {
  test("are taken in the type of their default, and no others are there", () => {
    const fields = {
      total: 1.5,
      label: "",
      active: true,
      values: [1, "mixed"],
      nested: { any: [null] },
    };
    expect(given(fields)).toEqual(fields);
    expect(given({})).toEqual({});
  });

  test("take anything where the default is null", () => {
    for (const maybe of [1, "text", false, null, [1], { a: 1 }]) {
      expect(given({ maybe, extra: maybe })).toEqual({ maybe, extra: maybe });
    }
  });

  test.each<[string, unknown, string]>([
    ["total", "1", "a number, not a string"],
    ["total", null, "a number, not null"],
    ["total", [], "a number, not a list"],
    ["label", 1, "a string, not a number"],
    ["active", 1, "a boolean, not a number"],
    ["values", {}, "a list, not an object"],
    ["nested", [], "an object, not a list"],
    ["nested", null, "an object, not null"],
    ["lastAt", true, "a time, not a boolean"],
    ["lastAt", null, "a time, not null"],
  ])("refuse %s = %j", (field, value, problem) => {
    expect(given({ total: 1, [field]: value })).toEqual({
      code: "twin/invalid-field",
      detail: `Field "${field}" of model Counter is ${problem}.`,
      data: { field },
    });
  });

  test.each([
    ["totl", ' Did you mean "total"?'],
    ["TOTAL", ' Did you mean "total"?'],
    ["Lable", ' Did you mean "label"?'],
    ["temperature", ""],
    ["", ""],
    ["constructor", ""],
    ["__proto__", ""],
  ])("refuse a field %j that the model does not have", (field, hint) => {
    const fields = JSON.parse(`{${JSON.stringify(field)}:1}`) as Record<string, unknown>;
    expect(given(fields)).toEqual({
      code: "twin/invalid-field",
      detail: `Model Counter has no field "${field}".${hint}`,
      data: { field },
    });
  });

  test("look for the nearest name no longer where the wrong one is a megabyte", () => {
    const startMs = performance.now();
    expect(given({ ["total".repeat(200_000)]: 1 })).toMatchObject({ code: "twin/invalid-field" });
    expect(performance.now() - startMs).toBeLessThan(100);
  });
});

describe("a time from outside", () => {
  test.each<[unknown, string]>([
    [0, "1970-01-01T00:00:00.000Z"],
    [-1, "1969-12-31T23:59:59.999Z"],
    [8.64e15, "+275760-09-13T00:00:00.000Z"],
    ["2026-11-22", "2026-11-22T00:00:00.000Z"],
    ["2026-11-22T09:30:00Z", "2026-11-22T09:30:00.000Z"],
    ["2026-11-22T09:30:00.250+01:00", "2026-11-22T08:30:00.250Z"],
    // Without an offset it is UTC on every machine, the author's included.
    ["2026-11-22T09:30", "2026-11-22T09:30:00.000Z"],
  ])("is %j", (value, iso) => {
    const state = given({ lastAt: value }) as { lastAt: Date };
    expect(state.lastAt.toISOString()).toBe(iso);
  });

  test.each(["", "5", "yesterday", "Jan 1 2026", "2026-02-30", "2026-13-01", 8.64e15 + 1, {}, []])(
    "is not %j",
    (value) => {
      expect(given({ lastAt: value })).toMatchObject({ code: "twin/invalid-field" });
    },
  );

  test("comes back from every ISO text of a calendar's four digits", () => {
    const date = fc.date({
      min: new Date(0),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (date) => {
        expect(given({ lastAt: date.toISOString() })).toEqual({ lastAt: date });
        expect(given({ lastAt: date.getTime() })).toEqual({ lastAt: date });
      }),
      { seed: SEED },
    );
  });
});

describe("the nearest name", () => {
  test.each([
    ["alert_levle", "alert_level"],
    ["alertlevel", "alert_level"],
    ["Region", "region"],
    ["regoin", "region"],
    ["x", undefined],
    ["", undefined],
    ["something else", undefined],
  ])("of %j is %j", (name, nearest) => {
    expect(likelyMeant(name, ["alert_level", "region", "node_type"])).toBe(nearest);
  });
});
