import fc from "fast-check";
import { expect, test } from "vitest";
import { learnValues, NO_VALUES } from "../../src/dashboard/client/known-values.ts";
import { CLASSES_MAX, kindScale, numberScale } from "../../src/dashboard/client/scale.ts";
import type { Scale } from "../../src/dashboard/client/scale.ts";
import { makeView } from "../../src/dashboard/client/view.ts";

function labelsOf({ classes }: Scale): readonly string[] {
  return classes.map(({ label }) => label);
}

test("levels from 0 get steps that tell the small from the large", () => {
  const scale = numberScale(0, 20);
  expect(labelsOf(scale)).toEqual(["0", "< 2", "2 – 5", "5 – 10", "≥ 10", "no value"]);
  expect([0, 1, 2, 4, 5, 9, 10, 20].map(scale.classOf)).toEqual([0, 1, 2, 2, 3, 3, 4, 4]);
});

test("whole numbers get no steps between them", () => {
  expect(labelsOf(numberScale(0, 3))).toEqual(["0", "< 2", "≥ 2", "no value"]);
  expect(labelsOf(numberScale(0, 1))).toEqual(["0", "> 0", "no value"]);
});

test("what is below zero is as unremarkable as zero", () => {
  const scale = numberScale(-12.5, 125.8);
  expect(labelsOf(scale)[0]).toBe("≤ 0");
  expect([-12.5, 0, 0.1].map(scale.classOf)).toEqual([0, 0, 1]);
});

test("a range that does not begin near zero is divided evenly", () => {
  expect(labelsOf(numberScale(60, 180))).toEqual(["< 100", "100 – 150", "≥ 150", "no value"]);
  expect(labelsOf(numberScale(-40, -10))).toEqual(["< -30", "-30 – -20", "≥ -20", "no value"]);
});

test("twins that are all alike share one class", () => {
  expect(labelsOf(numberScale(7, 7))).toEqual(["7", "no value"]);
  expect(labelsOf(numberScale(0, 0))).toEqual(["0", "no value"]);
});

test("any range gives at most five classes, in order, each within reach", () => {
  const number = fc.double({ noNaN: true, min: -1e12, max: 1e12 });
  const check = (a: number, b: number, value: number): void => {
    const scale = numberScale(Math.min(a, b), Math.max(a, b));
    expect(scale.classes.length).toBeLessThanOrEqual(6);
    expect(new Set(labelsOf(scale)).size).toBeGreaterThan(0);
    expect(scale.classOf(value)).toBeLessThan(scale.classes.length - 1);
    expect(scale.classOf(value)).toBeLessThanOrEqual(scale.classOf(value + Math.abs(value)));
    expect(scale.classOf(null)).toBe(scale.classes.length - 1);
  };
  fc.assert(fc.property(number, number, number, check), { seed: 20261123 });
});

test("words for conditions are in the order of severity, with a shape each", () => {
  const { classes, classOf } = kindScale(["normal", "minor", "severe", "offline", "moderate"]);
  expect(classes.map(({ label, shape }) => `${label} ${shape}`)).toEqual([
    "offline ring",
    "normal disc",
    "minor square",
    "moderate diamond",
    "severe star",
    "no value ring",
  ]);
  expect(classOf("severe")).toBe(4);
  expect(classOf(null)).toBe(5);
});

test("other kinds keep a colour and a shape each, and share one beyond the sixth", () => {
  const kinds = ["f", "e", "d", "c", "b", "a"];
  expect(kinds).toHaveLength(CLASSES_MAX);
  const six = kindScale(kinds);
  expect(labelsOf(six)).toEqual(["a", "b", "c", "d", "e", "f", "no value"]);
  expect(new Set(six.classes.slice(0, 6).map(({ shape }) => shape)).size).toBe(6);
  const seven = kindScale([...kinds, "g"]);
  expect(labelsOf(seven)).toEqual(["other", "a", "b", "c", "d", "e", "f", "no value"]);
  expect(["g", "z", "a", ""].map(seven.classOf)).toEqual([0, 0, 1, 7]);
});

test("classes stay when the highest value or the last of a kind goes away", () => {
  const model = { name: "M", fields: [{ name: "level", type: "number" } as const] };
  const view = makeView(model, {});
  const before = learnValues(NO_VALUES, view, [[0, 20]]);
  const after = learnValues(before, view, [[0, 3]]);
  expect(after.scale).toBe(before.scale);

  const kinds = { name: "M", fields: [{ name: "kind", type: "string" } as const] };
  const asked = makeView(kinds, {});
  const both = learnValues(NO_VALUES, asked, [["x"], ["y"]]);
  expect(learnValues(both, asked, [["y"]]).scale).toBe(both.scale);
  expect(learnValues(both, asked, [[null]]).scale).toBe(both.scale);
});
