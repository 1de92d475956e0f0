/**
 * T4 of `src/core/json/tokenizer.ts`: its work is linear in the text, whatever the text. Told by counting the
 * characters that it reads, not by a clock.
 */
import { describe, expect, test } from "vitest";
import { singleValue, splitArray, splitLines, splitValues } from "../../src/core/json/tokenizer.ts";

/** Readings of a character for each character of a text, at most; the most that was seen is 3.5. */
const READINGS_MAX = 4;

/** A text that counts the readings of its characters: one by one, by a search, by a copy. Fails beyond the most. */
class CountedText {
  readonly #text: string;
  readonly #readingsMax: number;
  #readings = 0;
  readOneByOne = 0;

  constructor(text: string) {
    this.#text = text;
    this.#readingsMax = READINGS_MAX * text.length + 100;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(at: number): number {
    this.readOneByOne++;
    this.#count(1);
    return this.#text.charCodeAt(at);
  }

  charAt(at: number): string {
    this.#count(1);
    return this.#text.charAt(at);
  }

  indexOf(searched: string, from: number): number {
    const found = this.#text.indexOf(searched, from);
    const end = found === -1 ? this.length : found + 1;
    this.#count(Math.max(0, end - from));
    return found;
  }

  slice(start: number, end: number): string {
    this.#count(end - start);
    return this.#text.slice(start, end);
  }

  #count(readings: number): void {
    this.#readings += readings;
    if (this.#readings > this.#readingsMax) {
      throw new Error(`more than ${READINGS_MAX} readings for each of ${this.length} characters`);
    }
  }
}

describe("the tokenizer's work", () => {
  const CHARS = 1_000_000;
  const filled = (unit: string): string => unit.repeat(Math.ceil(CHARS / unit.length));
  const hostile: Readonly<Record<string, string>> = {
    backslashes: filled("\\"),
    "a string of backslashes": `[{"id":"${filled("\\")}"}]`,
    "a string of escaped quotes": `[{"id":"${filled('\\"')}"}]`,
    "a string of runs of backslashes": `[{"x":"${filled(`${"\\".repeat(99)}"`)}"}]`,
    quotes: `[${filled('"')}`,
    "quotes in an object": `[{${filled('"')}`,
    "open brackets": filled("["),
    "closed brackets": `[{"id":"a","m":${"[".repeat(CHARS)}${"]".repeat(CHARS)}}]`,
    "open braces": filled('{"a":'),
    "a string without an end": `[{"id":"${filled("x")}`,
    "escapes in an id": `[{"id":"${filled("\\u0041")}"}]`,
    "bad ids": `[${filled('{"id":"\\x"},')}1]`,
    "escaped keys": `[{${filled('"\\u0069\\u0064":1,')}"x":1}]`,
    "near keys": `[{${filled('"\\u0069\\u0065":1,')}"x":1}]`,
    "keys far from their colons": `[{"id"${filled(" ")}:${filled(" ")}"a"}]`,
    "strings `id` without colons": `[{${filled('"id" ')}}]`,
    "empty objects": `[${filled("{},")}{}]`,
    "white space": filled(" "),
    "white space and a letter": `${filled(" ")}x`,
    "empty lines": filled("\n"),
    "lines with one quote": filled('{"\n'),
    "lines with a quote far from the next": filled(`{"${"\n{".repeat(999)}`),
    "lines of one long open string": filled(`{"id":"${"x".repeat(999)}\n`),
    "lines of escaped quotes": filled('{\\"\n'),
    "lines that end in a backslash": filled('{"id":"a\\\n'),
    "lines of spaces": filled(`${" ".repeat(99)}x${" ".repeat(99)}\n`),
    commas: `[${filled(",")}`,
    "a long word": `[${filled("x")}`,
  };
  const sink = { element: (): void => undefined, fault: (): void => undefined };

  test.for(Object.entries(hostile))("on %s is linear", ([, text]) => {
    const runs: readonly ((text: string) => unknown)[] = [
      (counted) => splitArray(counted, sink),
      (counted) => splitLines(counted, sink),
      (counted) => splitValues(counted, () => undefined),
      (counted) => singleValue(counted),
    ];
    for (const run of runs) {
      run(new CountedText(text) as unknown as string);
      run(text);
    }
  });

  test("on a long string is a search, not a look at each character", () => {
    const counted = new CountedText(`[{"id":"a","m":"${"x".repeat(1_000)}"}]`);
    expect(splitArray(counted as unknown as string, sink).ok).toBe(true);
    expect(counted.readOneByOne).toBeLessThan(100);
  });
});
