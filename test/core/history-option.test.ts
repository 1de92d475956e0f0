import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  TWIN_HISTORY_AGE_MS_DEFAULT,
  TWIN_HISTORY_AGE_MS_MAX,
  TWIN_HISTORY_AGE_MS_MIN,
  TWIN_HISTORY_COUNT_DEFAULT,
  TWIN_HISTORY_COUNT_MAX,
} from "../../src/core/limits.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import type { HistoryOptions, ModelDefinition } from "../../src/sdk/index.ts";

class Plain extends DigitalTwin {
  override processMessages(): void {}
}

function withHistory(history?: boolean | HistoryOptions): ModelDefinition["history"] {
  const options = { name: "Plain", message: v.any() };
  return model(Plain, history === undefined ? options : { ...options, history }).history;
}

const DEFAULTS = {
  count: TWIN_HISTORY_COUNT_DEFAULT,
  ageMs: TWIN_HISTORY_AGE_MS_DEFAULT,
  messages: true,
};

describe("the option history", () => {
  test("is off unless it is given, and has defaults", () => {
    expect(withHistory()).toBeUndefined();
    expect(withHistory(false)).toBeUndefined();
    expect(withHistory(true)).toEqual(DEFAULTS);
    expect(withHistory({})).toEqual(DEFAULTS);
    expect(withHistory({ messages: false })).toEqual({ ...DEFAULTS, messages: false });
  });

  test.each([
    ["count", 1, TWIN_HISTORY_COUNT_MAX],
    ["ageMs", TWIN_HISTORY_AGE_MS_MIN, TWIN_HISTORY_AGE_MS_MAX],
  ])("takes a %s from %i to %i", (name, min, max) => {
    for (const value of [min, max])
      expect(withHistory({ [name]: value })).toEqual({ ...DEFAULTS, [name]: value });
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN])
      expect(() => withHistory({ [name]: value })).toThrow(
        `Model Plain: history.${name} is ${value}; it must be an integer from ${min} to ${max}.`,
      );
  });

  test("of another kind is refused by name", () => {
    expect(() => withHistory("yes" as never)).toThrow("Model Plain: history is yes");
    expect(() => withHistory({ messages: 1 as never })).toThrow("history.messages is 1");
  });
});

test("the option archive is a function, or is refused by name", () => {
  const options = { name: "Plain", message: v.any() };
  expect(model(Plain, options).archive).toBeUndefined();
  expect(() => model(Plain, { ...options, archive: true as never })).toThrow(
    "Model Plain: archive is true; it must be a function",
  );
});
