/**
 * Splits a body of messages into its elements and finds the `id` of each, without parsing it: ingest routes by
 * `id` and hands each cell one string, which the cell parses once.
 *
 * Invariants, held against `JSON.parse` by `test/fuzz/tokenizer.test.ts`:
 *   T1  Of a body that `JSON.parse` accepts, the elements and their ids are those that `JSON.parse` finds: own
 *       key `id`, the last one of several, escapes decoded.
 *   T2  Of a body that `JSON.parse` refuses, something is refused: the body, an element here, or an element's
 *       text by whoever parses it. What stands inside an element (numbers, escapes, commas) is not checked here.
 *   T3  Elements joined by commas within `[` and `]` are refused by `JSON.parse`, or parse into as many values
 *       as there are elements, each with the `id` reported here. No text smuggles a second element past its id.
 *   T4  Time is linear in the body.
 *
 * A byte order mark at the start of a text is skipped, though `JSON.parse` refuses it (RFC 8259, section 8.1
 * allows both). White space is what JSON says: space, tab, line feed, carriage return. Positions are UTF-16 units.
 */
import {
  ID_ABSENT,
  ID_NOT_STRING,
  makeWalk,
  skipSpace,
  trimSpace,
  walkBrackets,
  walkValue,
} from "./json-scan.ts";
import type { Walk } from "./json-scan.ts";
import { NESTING_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { RefusalCode, Result } from "../refusal.ts";

const BYTE_ORDER_MARK = 0xfeff;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;

/** The escapes of JSON strings. Without its matches a string has a backslash where an escape is bad, and only there. */
const ESCAPES = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/g;
/** What a string without its escapes must not hold. */
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const UNFIT_FOR_STRING = /[\\\u0000-\u001f]/;

/**
 * Why an element cannot be routed. `malformed`: it is no object, or (a line) more or less than one, or its `id`
 * has a bad escape. `no-id`: its first level has no `id`. `bad-id-type`: its `id` is not a string.
 * `too-deep`: its brackets nest deeper than `NESTING_MAX`, its own counting as 1; this goes before the other two.
 */
export type ElementFault = "malformed" | "no-id" | "bad-id-type" | "too-deep";

/** Takes the elements in the order of the text; every index from 0 on comes exactly once, in one of the two. */
export interface ElementSink {
  /**
   * One element, `text.slice(start, end)` without white space around, with its top-level `id`: any string,
   * not yet checked to be a twin's id.
   */
  element(index: number, start: number, end: number, id: string): void;
  /** An element that cannot be routed, and its bounds. */
  fault(index: number, start: number, end: number, fault: ElementFault): void;
}

/**
 * Splits a JSON array of objects; the result is the number of elements, faults included. Refuses with
 * `body/malformed`, the position in its data, when the text is not one array or an element does not close:
 * what the sink has got until then is void. Does not limit the number of elements.
 */
export function splitArray(text: string, sink: ElementSink): Result<number> {
  const walk = makeWalk();
  return walkArray(text, walk, (index, start) => {
    if (text.charCodeAt(start) === OPEN_BRACE) report(text, index, start, walk, sink);
    else sink.fault(index, start, walk.end, "malformed");
    return true;
  });
}

/**
 * Splits NDJSON, one object a line; the result is the number of lines, faults included. Lines end with a line
 * feed, carriage returns being white space. Blank lines are skipped: an index counts the others, from 0.
 * A line that is not exactly one closed object is a fault, and the next is read.
 */
export function splitLines(text: string, sink: ElementSink): number {
  const walk = makeWalk();
  let index = 0;
  for (let at = textStart(text); at < text.length;) {
    const feed = text.indexOf("\n", at);
    const lineEnd = feed === -1 ? text.length : feed;
    const start = skipSpace(text, at, lineEnd);
    if (start < lineEnd) {
      const end = trimSpace(text, start, lineEnd);
      const isObject =
        text.charCodeAt(start) === OPEN_BRACE && walkBrackets(text, start, end, walk);
      if (isObject && walk.end === end) report(text, index, start, walk, sink);
      else sink.fault(index, start, end, "malformed");
      index++;
    }
    at = lineEnd + 1;
  }
  return index;
}

/**
 * The bounds of each element of a JSON array, of whatever kind; the result is their number. Refuses with
 * `body/malformed`, the position in its data, when the text is not one array, or an element does not close or
 * nests deeper than `NESTING_MAX`: what `each` has got until then is void. T3 holds, but for the ids.
 */
export function splitValues(
  text: string,
  each: (index: number, start: number, end: number) => void,
): Result<number> {
  const walk = makeWalk();
  return walkArray(text, walk, (index, start) => {
    if (walk.nesting > NESTING_MAX) return false;
    each(index, start, walk.end);
    return true;
  });
}

/**
 * Whether a text is exactly one closed JSON value with white space around; its bounds and kind. Put between
 * `{"id":"x","message":` and `}`, it either fails `JSON.parse` or is the whole of the message. Refuses with
 * `message/malformed`, the position in its data, anything else, and nesting deeper than `NESTING_MAX` (the
 * outermost bracket counts as 1, also of an array that is a batch).
 */
export function singleValue(
  text: string,
): Result<{ start: number; end: number; kind: "object" | "array" | "other" }> {
  const walk = makeWalk();
  const start = skipSpace(text, textStart(text), text.length);
  if (!walkValue(text, start, text.length, walk)) return unclosed("message/malformed", text, start);
  if (walk.nesting > NESTING_MAX) return tooDeep("message/malformed", start, walk);
  const rest = skipSpace(text, walk.end, text.length);
  if (rest < text.length) return unexpected("message/malformed", text, rest, "the end of the text");
  const first = text.charCodeAt(start);
  const kind = first === OPEN_BRACE ? "object" : first === OPEN_BRACKET ? "array" : "other";
  return ok({ start, end: walk.end, kind });
}

/** Hands over the object that was just walked, or its fault. */
function report(text: string, index: number, start: number, walk: Walk, sink: ElementSink): void {
  const { end, nesting, idStart, idEnd } = walk;
  if (nesting > NESTING_MAX) return sink.fault(index, start, end, "too-deep");
  if (idStart === ID_ABSENT) return sink.fault(index, start, end, "no-id");
  if (idStart === ID_NOT_STRING) return sink.fault(index, start, end, "bad-id-type");
  const raw = text.slice(idStart, idEnd);
  if (!raw.includes("\\")) return sink.element(index, start, end, raw);
  // Tested first: a body can hold 700,000 bad ids, and as many throws would take seconds.
  if (UNFIT_FOR_STRING.test(raw.replace(ESCAPES, ""))) {
    return sink.fault(index, start, end, "malformed");
  }
  sink.element(index, start, end, JSON.parse(`"${raw}"`) as string);
}

/** Walks over an array's elements until its end or until `take` returns false, which refuses it as nested too deep. */
function walkArray(
  text: string,
  walk: Walk,
  take: (index: number, start: number) => boolean,
): Result<number> {
  const limit = text.length;
  const open = skipSpace(text, textStart(text), limit);
  if (open >= limit || text.charCodeAt(open) !== OPEN_BRACKET) {
    return unexpected("body/malformed", text, open, '"["');
  }
  let at = skipSpace(text, open + 1, limit);
  let elements = 0;
  if (at >= limit || text.charCodeAt(at) !== CLOSE_BRACKET) {
    for (;;) {
      if (!walkValue(text, at, limit, walk)) return unclosed("body/malformed", text, at);
      if (!take(elements, at)) return tooDeep("body/malformed", at, walk);
      elements++;
      at = skipSpace(text, walk.end, limit);
      if (at >= limit || text.charCodeAt(at) !== COMMA) break;
      at = skipSpace(text, at + 1, limit);
    }
    if (at >= limit || text.charCodeAt(at) !== CLOSE_BRACKET) {
      return unexpected("body/malformed", text, at, '"," or "]"');
    }
  }
  const rest = skipSpace(text, at + 1, limit);
  return rest === limit
    ? ok(elements)
    : unexpected("body/malformed", text, rest, "the end of the text");
}

function textStart(text: string): number {
  return text.length > 0 && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
}

function tooDeep(code: RefusalCode, position: number, walk: Walk): Result<never> {
  const detail = `the value at position ${position} nests ${walk.nesting} levels deep; ${NESTING_MAX} are the most`;
  return refuse(code, detail, { position });
}

/** Refuses where no value begins, or where one begins that does not close. */
function unclosed(code: RefusalCode, text: string, position: number): Result<never> {
  const first = text.charAt(position);
  if (first !== "{" && first !== "[" && first !== '"') {
    return unexpected(code, text, position, "a JSON value");
  }
  const detail = `the JSON value that begins with ${first} at position ${position} does not close`;
  return refuse(code, detail, { position });
}

function unexpected(
  code: RefusalCode,
  text: string,
  position: number,
  expected: string,
): Result<never> {
  const isEnd = position >= text.length;
  const found = isEnd ? "the end of the text" : JSON.stringify(text.charAt(position));
  const detail = `found ${found} at position ${position} where ${expected} is expected`;
  return refuse(code, detail, { position });
}
