/** WCAG 2.2, 1.4.3 and 1.4.11, computed from the style sheet's tokens: nobody can see what is painted on a canvas. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const TOKENS = readFileSync(
  new URL("../../src/dashboard/client/styles/tokens.css", import.meta.url),
  "utf8",
);

/** By theme, then by token: light first. */
const COLOURS = [2, 3].map((group) => {
  const found = TOKENS.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g);
  return new Map(Array.from(found, (match) => [match[1], match[group]!] as const));
});

/** A token, and the one behind it. */
type Pair = readonly [token: string, ground: string];

const TEXTS: readonly Pair[] = [
  ...["text", "muted"].flatMap((text) =>
    ["ground", "card", "accent-soft"].map((on): Pair => [text, on]),
  ),
  ...["card", "accent-soft"].map((on): Pair => ["accent", on]),
  ["on-accent", "accent"],
  ["warn", "card"],
  ["warn", "ground"],
];

const TONES = ["none", "off", "calm", "low", "mid", "high", "top"];
const KINDS = [1, 2, 3, 4, 5, 6].map((number) => `kind-${number}`);

const MARKS: readonly Pair[] = [
  ...[...TONES, ...KINDS].flatMap((tone) => ["land", "card"].map((on): Pair => [tone, on])),
  ["edge", "card"],
  ["accent", "ground"],
  ["accent", "card"],
  ["good", "card"],
  ["warn", "card"],
  ["bad", "ground"],
];

for (const [theme, name] of ["light", "dark"].entries()) {
  test.each(TEXTS)(`%s can be read on %s in the ${name} theme`, (text, ground) => {
    expect(contrast(theme, text, ground)).toBeGreaterThanOrEqual(4.5);
  });
  test.each(MARKS)(`%s can be seen on %s in the ${name} theme`, (mark, ground) => {
    expect(contrast(theme, mark, ground)).toBeGreaterThanOrEqual(3);
  });
}

function contrast(theme: number, token: string, ground: string): number {
  const [light, dark] = [token, ground]
    .map((name) => luminance(COLOURS[theme]?.get(name) ?? ""))
    .toSorted((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

/** Relative luminance as WCAG defines it. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => {
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
