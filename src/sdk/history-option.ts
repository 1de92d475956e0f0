import type { HistoryBounds } from "../core/history/entry.ts";
import {
  TWIN_HISTORY_AGE_MS_DEFAULT,
  TWIN_HISTORY_AGE_MS_MAX,
  TWIN_HISTORY_AGE_MS_MIN,
  TWIN_HISTORY_COUNT_DEFAULT,
  TWIN_HISTORY_COUNT_MAX,
} from "../core/limits.ts";

/** What a model keeps of the changes of each of its twins. */
export interface HistoryOptions {
  /** Entries for each twin, 1 to 1,000; the oldest goes first. Default 100. */
  readonly count?: number;
  /** Milliseconds after which an entry is gone, from a second to ten years. Default 30 days. */
  readonly ageMs?: number;
  /** Whether an entry has the messages that it came from, or their ids alone. Default true. */
  readonly messages?: boolean;
}

/** The option `history` as the engine uses it. Throws a `TypeError` that names what is wrong. */
export function historyBounds(
  model: string,
  option: boolean | HistoryOptions | undefined,
): HistoryBounds | undefined {
  if (option === undefined || option === false) return undefined;
  if (option !== true && (typeof option !== "object" || option === null))
    throw new TypeError(
      `Model ${model}: history is ${String(option)}; it must be true, false or {count, ageMs, messages}.`,
    );
  const {
    count = TWIN_HISTORY_COUNT_DEFAULT,
    ageMs = TWIN_HISTORY_AGE_MS_DEFAULT,
    messages = true,
  } = option === true ? {} : option;
  requireInteger(model, "count", count, 1, TWIN_HISTORY_COUNT_MAX);
  requireInteger(model, "ageMs", ageMs, TWIN_HISTORY_AGE_MS_MIN, TWIN_HISTORY_AGE_MS_MAX);
  if (typeof messages !== "boolean")
    throw new TypeError(
      `Model ${model}: history.messages is ${String(messages)}; it must be true or false.`,
    );
  return { count, ageMs, messages };
}

function requireInteger(
  model: string,
  option: string,
  value: unknown,
  min: number,
  max: number,
): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw new TypeError(
    `Model ${model}: history.${option} is ${String(value)}; it must be an integer from ${min} to ${max}.`,
  );
}
