/** What a twin asks of the alerts: checked in its step, sent in its commit, carried out in the book. */
import {
  ALERT_DETAIL_CHARS_MAX,
  ALERT_HOLD_MS_MAX,
  ALERT_REPEAT_MS_MAX,
  ALERT_REPEAT_MS_MIN,
  ALERT_TITLE_LENGTH_MAX,
} from "../limits.ts";
import type { Alert as AlertOptions, Json } from "../model.ts";
import { SEVERITIES } from "./alert.ts";
import type { AlertSource, Raise } from "./alert.ts";
import type { AlertBook } from "./book.ts";

export type AlertAsk =
  | { readonly do: "raise"; readonly raise: Raise }
  | { readonly do: "resolve"; readonly key: string };

/** An entry of the outbox's lane `alerts`, with the time of its step. `gone`: the twin is removed. */
export type AlertMessage = (AlertAsk | { readonly do: "gone" }) & { readonly atMs: number };

/** The key that an ask is about. */
export function keyOf(ask: AlertAsk): string {
  return ask.do === "raise" ? ask.raise.key : ask.key;
}

/** What `context.alert` asks. Throws a `TypeError` or `RangeError` that names the part that is wrong: it fails the step. */
export function raiseOf(alert: AlertOptions): Raise {
  // A model in plain JavaScript may pass anything.
  if (typeof alert?.title !== "string") throw new TypeError("alert: an alert needs a title.");
  const { title, severity = "warning", key = title, detail = "", holdMs = 0, data = null } = alert;
  const repeatMs = alert.repeatMs ?? null;
  checkText(title, "title", ALERT_TITLE_LENGTH_MAX);
  checkText(detail, "detail", ALERT_DETAIL_CHARS_MAX);
  checkKey(key);
  if (!SEVERITIES.includes(severity)) {
    const known = SEVERITIES.join(", ");
    throw new RangeError(`alert: the severity is ${JSON.stringify(severity)}; there are ${known}.`);
  }
  if (!(holdMs >= 0 && holdMs <= ALERT_HOLD_MS_MAX)) {
    const range = `it must be from 0 to ${ALERT_HOLD_MS_MAX}`;
    throw new RangeError(`alert: holdMs is ${holdMs}; ${range}.`);
  }
  if (repeatMs !== null && !(repeatMs >= ALERT_REPEAT_MS_MIN && repeatMs <= ALERT_REPEAT_MS_MAX)) {
    const range = `it must be from ${ALERT_REPEAT_MS_MIN} to ${ALERT_REPEAT_MS_MAX}`;
    throw new RangeError(`alert: repeatMs is ${repeatMs}; ${range}.`);
  }
  return { key, title, severity, detail, data: copyOf(data), holdMs, repeatMs, notify: true };
}

/** What `context.resolveAlert` names; throws as `raiseOf`. */
export function checkKey(key: unknown): asserts key is string {
  checkText(key, "key", ALERT_TITLE_LENGTH_MAX);
}

/** Carries out what a twin's commit sent. What another version of the code sent and this one does not know is left. */
export function takeMessage(
  book: AlertBook,
  { model, id }: { readonly model: string; readonly id: string },
  message: Json,
  nowMs: number,
): void {
  const source: AlertSource = { model, id, rule: null };
  const ask = message as AlertMessage;
  switch (ask.do) {
    case "raise":
      return book.raise(source, ask.raise, ask.atMs, nowMs);
    case "resolve":
      return book.resolve(source, ask.key, ask.atMs, nowMs, "twin");
    case "gone":
      return book.resolveAll(source, ask.atMs, nowMs, "twin removed");
  }
}

function checkText(value: unknown, what: string, charsMax: number): asserts value is string {
  if (typeof value !== "string")
    throw new TypeError(`alert: the ${what} is a string, not ${typeof value}.`);
  if (value.length > charsMax) {
    throw new RangeError(
      `alert: the ${what} has ${value.length} characters; the limit is ${charsMax}.`,
    );
  }
}

/** A copy keeps what the model changes afterwards out of it. */
function copyOf(data: Json): Json {
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new TypeError(`alert: the data is ${typeof data}, no JSON value.`);
  checkText(text, "data", ALERT_DETAIL_CHARS_MAX);
  return JSON.parse(text) as Json;
}
