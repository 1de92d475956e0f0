/** Random bodies of JSON, good and bad, from a seed: what a tokenizer or parser of ours is tried on. */
import { NESTING_MAX } from "../../src/core/limits.ts";

/** A seeded source of numbers from 0 to below 1. */
export type Random = () => number;

function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

function pick<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[below(random, choices.length)] ?? choices[0];
}

const SPACE = ["", "", "", "", " ", "\t", "\r", "  ", " \t\r "] as const;
const CHARACTERS = [
  "a",
  "b",
  "i",
  "d",
  "0",
  "x",
  " ",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "/",
  "\n",
  "\u0000",
  "\u007f",
  "\u00e9",
  "\u2028",
  "\ufeff",
  "\u20ac",
  "\ud83d",
  "\ude00",
  "\ud83d\ude00",
] as const;
const KEYS = [
  "id",
  "id",
  "id",
  "message",
  "messageId",
  "seq",
  "__proto__",
  "",
  "Id",
  "id ",
  "i",
  "\\u0069d",
  '"id"',
  "idx",
] as const;
const WORDS = ["0", "-0", "1", "-1.5e+3", "1E400", "true", "false", "null"] as const;

/** A body whose structure is JSON's; `lineSpace` is what may stand between tokens. */
class Writer {
  readonly #random: Random;
  readonly #spaces: readonly [string, ...string[]];

  constructor(random: Random, breaksLines: boolean) {
    this.#random = random;
    this.#spaces = breaksLines ? [...SPACE, "\n", "\r\n "] : SPACE;
  }

  space(): string {
    return pick(this.#random, this.#spaces);
  }

  /** A string of random characters, or of those given, each with or without an escape. */
  string(characters?: string): string {
    const random = this.#random;
    let content = characters ?? "";
    if (characters === undefined) {
      const chars = below(random, 10) === 0 ? below(random, 60) : below(random, 6);
      for (let i = 0; i < chars; i++) content += pick(random, CHARACTERS);
    }
    const escapesAll = below(random, 20) === 0;
    let text = "";
    for (const unit of content.split("")) {
      const mustEscape = unit < " " || unit === '"' || unit === "\\";
      if (escapesAll || below(random, 20) === 0 || (mustEscape && below(random, 2) === 0)) {
        text += `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
      } else {
        text += mustEscape ? JSON.stringify(unit).slice(1, -1) : unit;
      }
    }
    return `"${text}"`;
  }

  value(depth: number): string {
    const kind = below(this.#random, depth > 4 ? 2 : 5);
    if (kind === 0) return pick(this.#random, WORDS);
    if (kind === 1) return this.string();
    return kind === 2
      ? this.array(below(this.#random, 4), () => this.value(depth + 1))
      : this.object(depth);
  }

  array(elements: number, element: () => string): string {
    const texts = Array.from({ length: elements }, () => this.space() + element() + this.space());
    return `[${texts.length > 0 ? texts.join(",") : this.space()}]`;
  }

  object(depth: number): string {
    const members = Array.from({ length: below(this.#random, 5) }, () => {
      const key = pick(this.#random, KEYS);
      const value =
        key === "id" && below(this.#random, 4) > 0 ? this.string() : this.value(depth + 1);
      return `${this.space()}${this.string(key)}${this.space()}:${this.space()}${value}${this.space()}`;
    });
    return `{${members.length > 0 ? members.join(",") : this.space()}}`;
  }

  /** Mostly objects with an `id`, and now and then what nests about as deep as may be. */
  element(): string {
    const kind = below(this.#random, 40);
    if (kind === 0) {
      const levels = NESTING_MAX - 4 + below(this.#random, 6);
      return `{"id":${this.string()},"m":${"[".repeat(levels)}${this.value(3)}${"]".repeat(levels)}}`;
    }
    return kind < 6 ? this.value(1) : this.object(0);
  }
}

/** An array, NDJSON or a single value, mostly of objects with an `id`, as a client may write it. */
export function writeBody(random: Random): string {
  const kind = below(random, 8);
  const writer = new Writer(random, kind !== 1 && kind !== 2);
  const mark = below(random, 50) === 0 ? "\ufeff" : "";
  if (kind === 0) return mark + writer.space() + writer.element() + writer.space();
  if (kind > 2) {
    return (
      mark +
      writer.space() +
      writer.array(below(random, 5), () => writer.element()) +
      writer.space()
    );
  }
  const lines = Array.from({ length: below(random, 5) }, () => writer.space() + writer.element());
  return mark + lines.join(pick(random, ["\n", "\r\n", "\n\n", "\n \n"]));
}

const TOKENS = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  " ",
  "\n",
  "\r",
  "a",
  "1",
  '"id"',
  '"id":"z"',
  '{"id":"y"}',
  "},{",
  '"},{"',
  "\\u0069",
  "\ufeff",
  "\u2028",
  "\u00a0",
  '"x":',
  '\\"',
  "\\\\",
] as const;

/** Deletes, inserts, replaces or repeats at one to four random places. */
export function mutate(random: Random, text: string): string {
  let result = text;
  for (let mutations = 1 + below(random, 4); mutations > 0; mutations--) {
    const at = below(random, result.length + 1);
    const kind = below(random, 5);
    const dropped = kind === 0 || kind === 1 ? 1 : kind === 2 ? below(random, 8) : 0;
    const from = below(random, result.length + 1);
    const repeated = kind === 4 ? result.slice(from, from + below(random, 20)) : "";
    const inserted = kind === 1 || kind === 3 ? pick(random, TOKENS) : repeated;
    result = result.slice(0, at) + inserted + result.slice(at + dropped);
  }
  return result;
}

/** Tokens in any order, often behind what begins a body and before what ends one. */
export function writeTokens(random: Random): string {
  let text = pick(random, ["", "[", '[{"id":"', '{"id":"a"}', '[{"id":"a"},']);
  for (let tokens = below(random, 14); tokens > 0; tokens--) text += pick(random, TOKENS);
  return text + pick(random, ["", "]", "}", '"}', '"}]', "}]"]);
}
