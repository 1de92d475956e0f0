/** Query parameters, checked: each refusal names the parameter, what was given and what is allowed. */
import { parseTime } from "../core/query/time-text.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";

const SHOWN_CHARS_MAX = 80;

/** An integer from `min` to `max`; `fallback` where the parameter is absent. */
export function integerParameter(
  name: string,
  text: string | undefined,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback: number },
): Result<number> {
  if (text === undefined) return ok(fallback);
  const value = text === "" ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return ok(value);
  return refuseParameter(name, `an integer from ${min} to ${max}`, text);
}

/** `limit`: an integer from 1 to `max`. */
export function limitParameter(
  text: string | undefined,
  max: number,
  fallback = max,
): Result<number> {
  return integerParameter("limit", text, { min: 1, max, fallback });
}

/** A list separated by commas, each one of `allowed`; undefined where the parameter is absent. */
export function choicesParameter<Choice extends string>(
  name: string,
  text: string | undefined,
  allowed: readonly Choice[],
): Result<readonly Choice[] | undefined> {
  if (text === undefined) return ok(undefined);
  const choices = text.split(",").map((choice) => allowed.find((known) => known === choice.trim()));
  if (choices.every((choice) => choice !== undefined)) return ok(choices);
  return refuseParameter(name, `one or more of ${allowed.join(", ")}, separated by commas`, text);
}

/** A time as ISO 8601 or epoch milliseconds, in epoch milliseconds; undefined where the parameter is absent. */
export function timeParameter(name: string, text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const atMs = /^\d{1,16}$/.test(text) ? Number(text) : parseTime(text);
  return atMs === null ? refuseParameter(name, "a time (ISO 8601 or epoch ms)", text) : ok(atMs);
}

/** `true` or `false`; false where the parameter is absent. */
export function flagParameter(name: string, text: string | undefined): Result<boolean> {
  if (text === undefined || text === "true" || text === "false") return ok(text === "true");
  return refuseParameter(name, "true or false", text);
}

function refuseParameter(name: string, allowed: string, text: string): Result<never> {
  const given = JSON.stringify(text.slice(0, SHOWN_CHARS_MAX));
  return refuse("request/bad-parameter", `"${name}" is ${allowed}; this one is ${given}.`);
}
