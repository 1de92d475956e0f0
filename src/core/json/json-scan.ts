/**
 * Walks over JSON text by its structure alone: strings, brackets, nesting. It does not check literals, numbers,
 * escapes, the place of commas inside a value, or that a `[` is closed by a `]`: whoever parses the text does.
 *
 * What callers build on, for text that `JSON.parse` accepts in the end, however it was pieced together:
 *   S1  A string ends here where it ends for `JSON.parse`; so brackets are counted as the parser matches them.
 *   S2  A value that was found closed in its bounds cannot close, or be closed by, anything outside of them.
 *   S3  A string of an object's first level that a colon follows is a key of that object, and nothing else is.
 *
 * Time is linear in the text, whatever the text: a search for a quote starts at a quote and ends at the next
 * one, so no character is searched twice, and nothing searches for a character that may be far away.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Sets the one bit in which `[` differs from `{`, and `]` from `}`; no other character falls on a brace by it. */
const BRACKET_AS_BRACE = 0x20;

/**
 * Characters of a string that are looked at one by one before a search is worth its call. Measured on messages
 * with short strings, 16 to 64 are alike; 4 and 8 cost 12 to 25 % more.
 */
const SHORT_STRING_CHARS = 16;

/** The `id` of an object that has none. */
export const ID_ABSENT = -1;
/** The `id` of an object where it is not a string. */
export const ID_NOT_STRING = -2;

/** Where a walk over a value ended; one is reused for all values of a text, so that none is allocated for each. */
export interface Walk {
  /** Behind the value's last character. */
  end: number;
  /** Levels of brackets, the outermost being 1; 0 for a value without. */
  nesting: number;
  /** For an object: the first character of its `id` within the quotes, `ID_ABSENT` or `ID_NOT_STRING`. */
  idStart: number;
  /** The quote that closes the `id`; only where `idStart` is a position. */
  idEnd: number;
}

/** A walk that has not begun. */
export function makeWalk(): Walk {
  return { end: 0, nesting: 0, idStart: ID_ABSENT, idEnd: 0 };
}

/** Whether a UTF-16 unit is white space to JSON: space, tab, line feed, carriage return. */
function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

/** The first position from `at` that is not JSON white space, or `limit`. */
export function skipSpace(text: string, at: number, limit: number): number {
  let i = at;
  while (i < limit && isSpace(text.charCodeAt(i))) i++;
  return i;
}

/** The position behind the last character before `limit` that is not JSON white space, or `start`. */
export function trimSpace(text: string, start: number, limit: number): number {
  let i = limit;
  while (i > start && isSpace(text.charCodeAt(i - 1))) i--;
  return i;
}

/**
 * Walks over the value that begins at `start`, which is no white space, and not beyond `limit`.
 * False when no value begins there or it does not close.
 */
export function walkValue(text: string, start: number, limit: number, walk: Walk): boolean {
  if (start >= limit) return false;
  const unit = text.charCodeAt(start);
  if ((unit | BRACKET_AS_BRACE) === OPEN_BRACE) return walkBrackets(text, start, limit, walk);
  walk.nesting = 0;
  if (unit === QUOTE) {
    const close = closingQuote(text, start + 1, limit);
    walk.end = close + 1;
    return close !== -1;
  }
  walk.end = wordEnd(text, start, limit);
  return walk.end > start;
}

/** Walks over the object or array that begins at `start`. False when it does not close before `limit`. */
export function walkBrackets(text: string, start: number, limit: number, walk: Walk): boolean {
  let depth = 1;
  let nesting = 1;
  walk.idStart = ID_ABSENT;
  for (let i = start + 1; i < limit; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      const close = closingQuote(text, i + 1, limit);
      if (close === -1) return false;
      i = depth === 1 && isIdKey(text, i + 1, close) ? walkId(text, close + 1, limit, walk) : close;
      if (i === -1) return false;
      continue;
    }
    const brace = unit | BRACKET_AS_BRACE;
    if (brace === OPEN_BRACE) {
      depth++;
      if (depth > nesting) nesting = depth;
    } else if (brace === CLOSE_BRACE) {
      depth--;
      if (depth > 0) continue;
      walk.end = i + 1;
      walk.nesting = nesting;
      return true;
    }
  }
  return false;
}

/**
 * Takes down what follows the string `"id"`, if a colon shows that it is a key. A later `id` replaces an
 * earlier one, as in `JSON.parse`. Returns the last position that needs no further look; -1 when it does not close.
 */
function walkId(text: string, behindKey: number, limit: number, walk: Walk): number {
  const colon = skipSpace(text, behindKey, limit);
  if (colon >= limit || text.charCodeAt(colon) !== COLON) return colon - 1;
  const value = skipSpace(text, colon + 1, limit);
  if (value >= limit || text.charCodeAt(value) !== QUOTE) {
    walk.idStart = ID_NOT_STRING;
    return value - 1;
  }
  walk.idStart = value + 1;
  walk.idEnd = closingQuote(text, value + 1, limit);
  return walk.idEnd;
}

/** Whether the key between two quotes is `id`, spelled with or without escapes (there is one escape for each letter). */
function isIdKey(text: string, start: number, end: number): boolean {
  const chars = end - start;
  if (chars === 2) return text.charCodeAt(start) === 0x69 && text.charCodeAt(start + 1) === 0x64;
  if (chars !== 7 && chars !== 12) return false;
  if (text.charCodeAt(start) !== BACKSLASH && text.charCodeAt(start + 1) !== BACKSLASH)
    return false;
  const key = text.slice(start, end);
  return key === "\\u0069d" || key === "i\\u0064" || key === "\\u0069\\u0064";
}

/** The quote that closes a string whose first character is at `start`; -1 when there is none before `limit`. */
function closingQuote(text: string, start: number, limit: number): number {
  let i = start;
  const far = Math.min(start + SHORT_STRING_CHARS, limit);
  while (i < far) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    i += unit === BACKSLASH ? 2 : 1;
  }
  let quote = text.indexOf('"', i);
  while (quote !== -1 && quote < limit) {
    let first = quote;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((quote - first) % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

/** Behind a number or literal: the first position from `start` that holds white space, a quote, bracket, comma or colon. */
function wordEnd(text: string, start: number, limit: number): number {
  let i = start;
  for (; i < limit; i++) {
    const unit = text.charCodeAt(i);
    const brace = unit | BRACKET_AS_BRACE;
    if (unit === QUOTE || unit === COMMA || unit === COLON || isSpace(unit)) break;
    if (brace === OPEN_BRACE || brace === CLOSE_BRACE) break;
  }
  return i;
}
