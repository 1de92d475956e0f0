/**
 * Holds the tokenizer against `JSON.parse` on seeded random texts: T1 to T3 of `src/core/json/tokenizer.ts`.
 * `FUZZ_SEED` and `FUZZ_CASES` in the environment choose others and more. A failure names the seed of its one
 * case and the text; add the text to "past failures".
 */
import { describe, expect, test } from "vitest";
import { NESTING_MAX } from "../../src/core/limits.ts";
import { seededRandom } from "../../src/core/random.ts";
import { mutate, writeBody, writeTokens } from "./json-bodies.ts";
import type { Random } from "./json-bodies.ts";
import { singleValue, splitArray, splitLines, splitValues } from "../../src/core/json/tokenizer.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_122);
const CASES = Number(process.env["FUZZ_CASES"] ?? 20_000);
/** A run of the usual size takes a tenth of it on a quiet machine. */
const TIMEOUT_MS = 60_000 * Math.max(1, CASES / 20_000);

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false };
type Found = { readonly text: string; readonly id: string };

/** How often each outcome came up, so that a run which tests nothing is noticed. */
const tally: Record<string, number> = {};
/** The last element of the body before: a cell parses elements of several requests at once. */
let stranger: Found | null = null;

function count(outcome: string): void {
  tally[outcome] = (tally[outcome] ?? 0) + 1;
}

function parse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false }; // a SyntaxError, which is the answer that was asked for
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function rule(holds: boolean, broken: string): void {
  if (!holds) throw new Error(broken);
}

/** Levels of brackets of a text that `JSON.parse` accepts, told in another way than the tokenizer does. */
function nestingOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const bracket of text.replace(/"(?:[^"\\]|\\.)*"/gs, "").replace(/[^[\]{}]/g, "")) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    most = Math.max(most, depth);
  }
  return most;
}

/** What must be reported for an element that `JSON.parse` accepts. */
function verdictOf(text: string, value: unknown): string {
  if (!isObject(value)) return "malformed";
  if (nestingOf(text) > NESTING_MAX) return "too-deep";
  if (!Object.hasOwn(value, "id")) return "no-id";
  const id = value["id"];
  return typeof id === "string" ? `id ${id}` : "bad-id-type";
}

/** T3: elements that are parsed together fail, or come out one for one with their ids. */
function checkTogether(elements: readonly Found[]): void {
  const parsed = parse(`[${elements.map((element) => element.text).join(",")}]`);
  if (!parsed.ok) return;
  const values = parsed.value as readonly unknown[];
  rule(values.length === elements.length, `${elements.length} elements parse as ${values.length}`);
  for (const [i, { id }] of elements.entries()) {
    const value = values[i];
    rule(
      isObject(value) && value["id"] === id,
      `element ${i} has not the id ${JSON.stringify(id)}`,
    );
  }
  count("parsed together");
}

interface Report {
  readonly texts: readonly string[];
  readonly verdicts: readonly string[];
  readonly elements: number | null;
}

/** Splits, and checks what holds for every text: order, bounds, T3. */
function split(how: "array" | "lines", text: string): Report {
  const texts: string[] = [];
  const verdicts: string[] = [];
  const found: Found[] = [];
  let behind = 0;
  const take = (index: number, start: number, end: number, verdict: string): void => {
    rule(index === texts.length, `index ${index} comes as number ${texts.length}`);
    rule(behind <= start && start < end && end <= text.length, `bounds ${start} to ${end}`);
    rule(
      !/^[ \t\r\n]|[ \t\r\n]$/.test(text.slice(start, end)),
      `white space at ${start} or ${end}`,
    );
    behind = end;
    texts.push(text.slice(start, end));
    verdicts.push(verdict);
    count(verdict.startsWith("id ") ? "element" : verdict);
  };
  const sink = {
    element(index: number, start: number, end: number, id: string): void {
      take(index, start, end, `id ${id}`);
      const element = { text: text.slice(start, end), id };
      checkTogether([element]);
      const before = found.at(-1) ?? stranger;
      if (before !== null) checkTogether([before, element]);
      found.push(element);
    },
    fault: take,
  };
  const result = how === "lines" ? splitLines(text, sink) : splitArray(text, sink);
  const elements = typeof result === "number" ? result : result.ok ? result.value : null;
  rule(elements === null || elements === texts.length, `${texts.length} reported of ${elements}`);
  checkTogether(found);
  stranger = found.at(-1) ?? stranger;
  return { texts, verdicts, elements };
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, "");
const trimmed = (text: string): string => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");

function checkArray(text: string): void {
  const { texts, verdicts, elements } = split("array", text);
  const whole = parse(withoutMark(text));
  count(whole.ok ? "array accepted" : "array refused");
  if (whole.ok && Array.isArray(whole.value)) {
    rule(elements === whole.value.length, `${elements} elements instead of ${whole.value.length}`);
    for (const [i, value] of whole.value.entries()) {
      const slice = texts[i] ?? "";
      const alone = parse(slice);
      rule(
        alone.ok && JSON.stringify(alone.value) === JSON.stringify(value),
        `element ${i} is ${slice}`,
      );
      rule(verdicts[i] === verdictOf(slice, value), `element ${i} is reported as ${verdicts[i]}`);
    }
    return;
  }
  const refused = elements === null || verdicts.some((verdict) => !verdict.startsWith("id "));
  rule(refused || texts.some((slice) => !parse(slice).ok), "all elements of a bad array are good");
}

function checkLines(text: string): void {
  const { texts, verdicts } = split("lines", text);
  const lines = withoutMark(text)
    .split("\n")
    .map(trimmed)
    .filter((line) => line !== "");
  rule(JSON.stringify(texts) === JSON.stringify(lines), `lines ${JSON.stringify(texts)}`);
  for (const [i, line] of lines.entries()) {
    const alone = parse(line);
    count(alone.ok ? "line accepted" : "line refused");
    if (alone.ok) rule(verdicts[i] === verdictOf(line, alone.value), `line ${i} is ${verdicts[i]}`);
  }
}

function checkValues(text: string): void {
  const texts: string[] = [];
  const result = splitValues(text, (index, start, end) => {
    rule(index === texts.length, `index ${index} comes as number ${texts.length}`);
    texts.push(text.slice(start, end));
  });
  const whole = parse(withoutMark(text));
  const isArray = whole.ok && Array.isArray(whole.value);
  const isDeep = nestingOf(text) > NESTING_MAX + 1;
  if (isArray) rule(result.ok === !isDeep, `values are ${result.ok ? "taken" : "refused"}`);
  if (!result.ok) return;
  rule(result.value === texts.length, `${result.value} values are ${texts.length}`);
  const together = parse(`[${texts.join(",")}]`);
  rule(together.ok === isArray, "values together are not what the array is");
  if (together.ok && whole.ok) {
    rule(
      (together.value as readonly unknown[]).length === texts.length,
      "values run into each other",
    );
    rule(JSON.stringify(together.value) === JSON.stringify(whole.value), "values are others");
    count("values");
  }
}

function checkSingle(text: string): void {
  const result = singleValue(text);
  const whole = parse(withoutMark(text));
  if (whole.ok) rule(result.ok === nestingOf(text) <= NESTING_MAX, `single is ${result.ok}`);
  if (!result.ok) return;
  const { start, end, kind } = result.value;
  const slice = text.slice(start, end);
  rule(slice === trimmed(withoutMark(text)), `single is ${slice}`);
  const message = parse(`{"id":"x","message":${slice}}`);
  rule(message.ok === whole.ok, "a message is not what it is alone");
  if (!message.ok || !whole.ok) return;
  const wanted = { id: "x", message: whole.value };
  rule(
    JSON.stringify(message.value) === JSON.stringify(wanted),
    "a message brings more than itself",
  );
  const kindWanted = Array.isArray(whole.value)
    ? "array"
    : isObject(whole.value)
      ? "object"
      : "other";
  rule(kind === kindWanted, `kind ${kind}`);
  count(kind);
}

function checkAll(text: string, origin: string): void {
  for (const check of [checkArray, checkLines, checkValues, checkSingle]) {
    try {
      check(text);
    } catch (error) {
      const what = `${check.name}: ${error instanceof Error ? error.message : String(error)}`;
      throw new Error(`${origin}: ${what}\n${JSON.stringify(text)}`, { cause: error });
    }
  }
}

/** Runs `check` on the cases' own seeds, which differ from those of other tests by `salt`. */
function forSeeds(
  salt: number,
  cases: number,
  check: (random: Random, origin: string) => void,
): void {
  for (let i = 0; i < cases; i++) {
    const seed = (Math.imul(SEED, 31) + salt * 1_000_003 + i) >>> 0;
    check(seededRandom(seed), `seed ${seed}`);
  }
}

describe("the tokenizer agrees with JSON.parse", { timeout: TIMEOUT_MS }, () => {
  test("on bodies as a client may write them", () => {
    forSeeds(1, CASES, (random, origin) => checkAll(writeBody(random), origin));
  });

  test("on bodies with a few characters changed", () => {
    forSeeds(2, CASES, (random, origin) => {
      checkAll(mutate(random, writeBody(random)), origin);
    });
  });

  test("on tokens in any order", () => {
    forSeeds(3, CASES, (random, origin) => checkAll(writeTokens(random), origin));
  });

  test("on bodies that break off, or begin, at any position", () => {
    forSeeds(4, CASES / 500, (random, origin) => {
      const text = writeBody(random);
      for (let at = 0; at < text.length; at++) {
        checkAll(text.slice(0, at), `${origin} to ${at}`);
        checkAll(text.slice(at), `${origin} from ${at}`);
      }
    });
  });

  test("and the texts above brought up every outcome", () => {
    const outcomes = [
      "array accepted",
      "array refused",
      "line accepted",
      "line refused",
      "parsed together",
      "values",
      "element",
      "malformed",
      "no-id",
      "bad-id-type",
      "too-deep",
      "object",
      "array",
      "other",
    ];
    const rare = outcomes.filter((outcome) => (tally[outcome] ?? 0) < CASES / 100);
    expect({ rare, tally }).toEqual({ rare: [], tally });
  });
});

describe("past failures", () => {
  // Found by reasoning before there was a tokenizer, or by a run: the text, and what it could have done.
  const pinned: Readonly<Record<string, string>> = {
    "two elements on a line pass for one": '{"id":"a"},{"id":"b"}',
    "two elements without a comma pass for one": '{"id":"a"}{"id":"b"}',
    "a message closes its envelope": '1},{"id":"y"',
    "a message adds to its envelope": '1,"id":"y"',
    "a string opens in one line and closes in the next": '{"id":"a","x":"\n","id":"b"}',
    "an id in a string, behind an escaped quote": '[{"id":"a","x":"\\",\\"id\\":\\"b\\""}]',
    "an id in a string that ends in a backslash": '[{"id":"a","x":"\\\\","id":"b"}]',
    "a quote right behind the characters read one by one":
      '[{"id":"a","x":"0123456789abcde\\"","id":"b"}]',
  };

  test.for(Object.entries(pinned))("%s", ([name, text]) => {
    checkAll(text, name);
    checkAll(`[${text}]`, name);
    checkAll(`${text}\n${text}`, name);
  });
});
