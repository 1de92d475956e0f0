/**
 * Statistics of tumbling windows that keep no events: "by the hour, of the last 24 hours" as one small list in a field
 * of the state. A late value goes into its bin; bins that are too old go.
 */
import { WINDOW_MS_MAX, WINDOWS_MAX } from "../../core/limits.ts";
import { checkList, wholeNumber } from "./arguments.ts";
import { countIn, newSummary } from "./summary.ts";
import type { Summary } from "./summary.ts";
import type { TimeValue } from "./time.ts";
import { windowStart } from "./windows.ts";

/** The statistics of one window; it has at least one value. Read it with `statisticsOf`. */
export interface Bin extends Summary {
  /** Start of the window (included); its end (excluded) is the length later. */
  startMs: number;
  min: number;
  max: number;
}

export interface BinOptions {
  /** Milliseconds of a window: a whole number from 1 to a century. Always the same for one list. */
  readonly lengthMs: number;
  /** Windows that are kept: the newest and those right before it, with values or without; from 1 to 10,000. */
  readonly countMax: number;
  /** The time that makes a window the newest. Default: the newest value's. */
  readonly now?: TimeValue;
  /** A time at which a window begins. Default: 1970, so that hours and days are those of UTC. */
  readonly alignTo?: TimeValue;
}

/**
 * Counts a value into the bin of its time, in place; windows without values have no bin. Answers the bins
 * that are too old now, oldest first: among them the value's own, when that came too late.
 *
 * Throws when the value is not finite, a time is none, or an option is not as said, with the list unchanged.
 */
export function addToBins(bins: Bin[], time: TimeValue, value: number, options: BinOptions): Bin[] {
  const caller = "addToBins";
  checkOptions(caller, bins, options);
  const { lengthMs, alignTo, now } = options;
  const startMs = windowStart(caller, "the time", time, lengthMs, alignTo);
  const nowStartMs =
    now === undefined ? undefined : windowStart(caller, "now", now, lengthMs, alignTo);
  const place = bins.findLastIndex((bin) => bin.startMs <= startMs);
  const known = bins[place];
  if (known?.startMs === startMs) countIn(caller, known, value);
  else bins.splice(place + 1, 0, binOf(caller, startMs, value));
  return trim(bins, options, nowStartMs ?? bins.at(-1)!.startMs);
}

/** Drops the bins that are too old by `now`, as when nothing comes any more; answers them, oldest first. */
export function trimBins(bins: Bin[], options: BinOptions & { readonly now: TimeValue }): Bin[] {
  checkOptions("trimBins", bins, options);
  const { lengthMs, alignTo, now } = options;
  return trim(bins, options, windowStart("trimBins", "now", now, lengthMs, alignTo));
}

function binOf(caller: string, startMs: number, value: number): Bin {
  const summary = newSummary();
  countIn(caller, summary, value);
  return { startMs, ...summary, min: value, max: value };
}

function trim(bins: Bin[], { lengthMs, countMax }: BinOptions, newestMs: number): Bin[] {
  const oldestMs = newestMs - (countMax - 1) * lengthMs;
  const kept = bins.findIndex(({ startMs }) => startMs >= oldestMs);
  return bins.splice(0, kept === -1 ? bins.length : kept);
}

function checkOptions(caller: string, bins: Bin[], options: BinOptions): void {
  checkList(caller, bins);
  wholeNumber(caller, "lengthMs", options.lengthMs, 1, WINDOW_MS_MAX);
  wholeNumber(caller, "countMax", options.countMax, 1, WINDOWS_MAX);
}
