/**
 * A twin's state as JSON text and back.
 *
 * The state is the twin's own fields. JSON holds them as they are; only `Date` needs help and gets it:
 * a state that contains one is written with `{"$date": epochMs}` in its place (and an object that has a key
 * beginning with `$` as `{"$object": {…}}`), and is marked so that all others are read without a second look.
 * What JSON can't hold (undefined, functions, NaN, Map, …) is refused with the field's name rather than
 * stored as something else.
 */
import { assert } from "./assert.ts";
import { STATE_BYTES_MAX, STATE_NESTING_MAX } from "./limits.ts";
import { refuse } from "./refusal.ts";
import type { Refusal, Result } from "./refusal.ts";

/** A state as text; `dated` says that it must be read with `reviveDates`. */
export interface EncodedState {
  readonly text: string;
  readonly dated: boolean;
}

const FINE = 0;
const DATED = 1;

/** Why a value can't be stored, and where in its field: `.key` and `[index]` from there on. */
interface Fault {
  readonly path: string;
  readonly reason: string;
}

type Verdict = typeof FINE | typeof DATED | Fault;

/** The state as text; refuses with `twin/unstorable` or `twin/state-too-large`. */
export function encodeState(
  twin: object,
  bytesMax: number = STATE_BYTES_MAX,
): Result<EncodedState> {
  let dated = false;
  for (const key in twin) {
    const value = (twin as Record<string, unknown>)[key];
    // Most fields are one of these, and a call for each would show.
    if (typeof value === "string" || (typeof value === "number" && value - value === 0)) continue;
    const verdict = inspect(value, 1);
    if (verdict === FINE) continue;
    if (verdict !== DATED)
      return refuse("twin/unstorable", `Field "${key}${verdict.path}": ${verdict.reason}.`);
    dated = true;
  }
  const text = dated ? JSON.stringify(withoutDates(twin, true)) : JSON.stringify(twin);
  // A UTF-16 unit takes 3 bytes at most, so most texts need no count.
  if (text.length * 3 > bytesMax) {
    const bytes = utf8Bytes(text);
    if (bytes > bytesMax) return { ok: false, refusal: tooLarge(twin, bytes, bytesMax) };
  }
  return { ok: true, value: { text, dated } };
}

/** The text of a state that was stored before, whatever the limit is now. */
export function storedFormOf(twin: object): EncodedState {
  const encoded = encodeState(twin, Number.MAX_SAFE_INTEGER);
  assert(encoded.ok, "a state that was stored can be stored again");
  return encoded.value;
}

/** The own fields that `text` holds. */
export function decodeState(text: string, dated: boolean): Record<string, unknown> {
  const state = JSON.parse(text) as Record<string, unknown>;
  return dated ? reviveDates(state) : state;
}

/** Turns a parsed, dated state's `$date` and `$object` back; changes `state` in place. */
export function reviveDates(state: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(state)) state[key] = revive(state[key]);
  return state;
}

/** Bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7ff) {
      // The two halves of a surrogate pair together take four bytes.
      bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2;
    } else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}

/** Whether JSON holds the value as it is, or but for its dates, or why not. */
function inspect(value: unknown, depth: number): Verdict {
  switch (typeof value) {
    case "string":
    case "boolean":
      return FINE;
    case "number":
      return Number.isFinite(value) ? FINE : fault(`${value} is no JSON number`);
    case "object":
      if (value === null) return FINE;
      if (depth > STATE_NESTING_MAX)
        return fault(`nested deeper than ${STATE_NESTING_MAX}, or contains itself`);
      return Array.isArray(value) ? inspectList(value, depth) : inspectObject(value, depth);
    default:
      return fault(`${typeof value} can't be stored; use null or leave the field out`);
  }
}

function inspectList(list: readonly unknown[], depth: number): Verdict {
  let dated: typeof FINE | typeof DATED = FINE;
  for (let i = 0; i < list.length; i++) {
    const verdict = inspect(list[i], depth + 1);
    if (verdict === FINE) continue;
    if (verdict !== DATED) return { ...verdict, path: `[${i}]${verdict.path}` };
    dated = DATED;
  }
  return dated;
}

function inspectObject(value: object, depth: number): Verdict {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (value instanceof Date)
      return Number.isNaN(value.getTime()) ? fault("an invalid Date can't be stored") : DATED;
    const kind = value.constructor?.name ?? "an object";
    return fault(`${kind} can't be stored; use plain objects and lists`);
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return fault("an object with a method toJSON can't be stored");
  let dated: typeof FINE | typeof DATED = FINE;
  for (const key in value) {
    const verdict = inspect((value as Record<string, unknown>)[key], depth + 1);
    if (verdict === FINE) continue;
    if (verdict !== DATED) return { ...verdict, path: `.${key}${verdict.path}` };
    dated = DATED;
  }
  return dated;
}

function fault(reason: string): Fault {
  return { path: "", reason };
}

function tooLarge(twin: object, bytes: number, bytesMax: number): Refusal {
  let largest = "";
  let largestChars = 0;
  for (const key in twin) {
    const chars = JSON.stringify((twin as Record<string, unknown>)[key])?.length ?? 0;
    if (chars > largestChars) [largest, largestChars] = [key, chars];
  }
  const detail = `The state would take ${bytes} bytes; the limit is ${bytesMax}. Its largest field is "${largest}" with about ${largestChars}.`;
  return { code: "twin/state-too-large", detail, data: { bytes, bytesMax, largestField: largest } };
}

function withoutDates(value: unknown, top = false): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map((item) => withoutDates(item));
  // Without a prototype, "__proto__" is a key like any other.
  const copy = Object.create(null) as Record<string, unknown>;
  let escaped = false;
  for (const key in value) {
    copy[key] = withoutDates((value as Record<string, unknown>)[key]);
    escaped ||= key.startsWith("$");
  }
  return escaped && !top ? { $object: copy } : copy;
}

function revive(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const object = value as Record<string, unknown>;
  if (typeof object["$date"] === "number") return new Date(object["$date"]);
  const inner = object["$object"];
  return reviveDates(
    typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : object,
  );
}
