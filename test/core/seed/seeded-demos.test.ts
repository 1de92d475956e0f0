import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeededDemos } from "../../../tools/serve/seeded-demos.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "livetwin-test-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a new directory has none, and is not written to", () => {
  expect(new SeededDemos(directory).has("airports")).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test("what was noted is known to the next start, beside what was noted before", () => {
  const first = new SeededDemos(directory);
  first.add("airports");
  first.add("gas-meter");
  const next = new SeededDemos(directory);
  expect(["airports", "gas-meter", "power-grid"].map((demo) => next.has(demo))).toEqual([
    true,
    true,
    false,
  ]);
  expect(readdirSync(directory)).toEqual(["seeded.json"]);
});

test.each(["", "{", "[]", '{"demos":"all"}', '{"demos":[1]}', "null"])(
  "a file that says %j is as none",
  (text) => {
    writeFileSync(join(directory, "seeded.json"), text);
    expect(new SeededDemos(directory).has("1")).toBe(false);
  },
);
