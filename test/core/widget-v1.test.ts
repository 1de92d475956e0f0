import { describe, expect, test } from "vitest";
import { NESTING_MAX, WIDGET_CHARS_MAX } from "../../src/core/limits.ts";
import { CHARTS, isWidgetId, parseWidget, queryOfWidget } from "../../src/wire/widget-v1.ts";

const BODY = {
  title: "Worst by region",
  model: "Grid",
  chart: "bar",
  aggregates: [{ op: "max", field: "level", as: "worst" }],
  groupBy: ["region"],
  where: { field: "active", op: "=", value: true },
  color: "#945600",
  options: { legend: true, ticks: [1, 2, { of: null }] },
  position: { x: 0, y: 1, width: 4, height: 3 },
};

function codeOf(body: unknown, id = "w1"): string | undefined {
  const parsed = parseWidget(id, body);
  return parsed.ok ? undefined : parsed.refusal.code;
}

describe("a widget", () => {
  test("is read whole, and its query is what it asks", () => {
    const parsed = parseWidget("w1", BODY);
    expect(parsed).toEqual({ ok: true, value: { id: "w1", ...BODY } });
    const { model, aggregates, groupBy, where } = BODY;
    expect(parsed.ok && queryOfWidget(parsed.value)).toEqual({ model, aggregates, groupBy, where });
  });

  test("that was exported can be imported under another id", () => {
    const exported = parseWidget("w1", BODY);
    expect(exported.ok && parseWidget("w2", JSON.parse(JSON.stringify(exported.value)))).toEqual({
      ok: true,
      value: { id: "w2", ...BODY },
    });
  });

  test("may say its query as SQL", () => {
    const parsed = parseWidget("w1", {
      title: "n",
      chart: "number",
      sql: "SELECT count(*) AS n FROM Grid",
    });
    expect(parsed.ok && queryOfWidget(parsed.value)).toMatchObject({
      model: "Grid",
      aggregates: [{ op: "count", as: "n" }],
    });
  });

  test.each(CHARTS)("may be a %s", (chart) => {
    expect(codeOf({ model: "Grid", chart })).toBeUndefined();
  });

  const bad: readonly (readonly [string, unknown, string])[] = [
    ["no object", 7, "widget/malformed"],
    ["an unknown chart", { ...BODY, chart: "radar" }, "widget/malformed"],
    ["a title that is no text", { ...BODY, title: 7 }, "widget/malformed"],
    ["options that are no object", { ...BODY, options: [1] }, "widget/malformed"],
    ["no model", { title: "t", chart: "bar" }, "query/malformed"],
    ["an unknown aggregate", { ...BODY, aggregates: [{ op: "most" }] }, "query/malformed"],
    ["bad SQL", { title: "t", chart: "bar", sql: "SELECT FROM" }, "query/syntax"],
    ["options nested too deep", { ...BODY, options: nested(NESTING_MAX) }, "widget/malformed"],
    ["options nested very deep", { ...BODY, options: nested(50_000) }, "widget/malformed"],
    [
      "too many characters",
      { ...BODY, options: { text: "x".repeat(WIDGET_CHARS_MAX) } },
      "widget/malformed",
    ],
  ];
  test.each(bad)("with %s is refused", (_, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  test("of the largest size and the deepest options is taken", () => {
    const empty = parseWidget("w1", { ...BODY, options: { text: "" } });
    const room = WIDGET_CHARS_MAX - JSON.stringify(empty.ok && empty.value).length;
    expect(codeOf({ ...BODY, options: { text: "x".repeat(room) } })).toBeUndefined();
    expect(codeOf({ ...BODY, options: { text: "x".repeat(room + 1) } })).toBe("widget/malformed");
    // The object of both, and then `options` itself, are the first two levels.
    expect(codeOf({ ...BODY, options: nested(NESTING_MAX - 1) })).toBeUndefined();
  });

  test("has an id of 1 to 64 letters, digits, _ and -", () => {
    expect(["a", "A-9_z", "x".repeat(64)].every(isWidgetId)).toBe(true);
    expect(["", "x".repeat(65), "a/b", 'a"b', "a.b", "ä"].some(isWidgetId)).toBe(false);
    expect(codeOf(BODY, "a b")).toBe("widget/malformed");
  });
});

/** An object of so many levels. */
function nested(levels: number): unknown {
  let value: unknown = {};
  for (let i = 1; i < levels; i++) value = { a: value };
  return value;
}
