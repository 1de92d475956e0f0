import { expect, test } from "vitest";
import * as limits from "../../src/core/limits.ts";
import { limitsPage } from "../../tools/docs/limits.ts";
import { filesUnder, textOf } from "./sources.ts";

test("docs/limits.md is what src/core/limits/ says (else: node tools/docs/limits.ts)", () => {
  expect(textOf("docs/limits.md")).toBe(limitsPage());
});

test("every limit has a comment, and so its row", () => {
  const page = limitsPage();
  for (const name of Object.keys(limits)) expect(page).toContain(`| \`${name}\` |`);
});

test("every limit is one: something in the product keeps it", () => {
  const product = filesUnder(["src"], /\.tsx?$/)
    .map(textOf)
    .join("\n");
  const unused = Object.keys(limits).filter(
    (name) => [...product.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length < 2,
  );
  expect(unused).toEqual([]);
});
