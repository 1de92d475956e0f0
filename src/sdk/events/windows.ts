/**
 * Windows over a list of events in order of time. Every window includes its start and excludes its end; all bounds
 * are whole milliseconds, and no border is moved by rounding.
 *
 * A window is a view: it copies nothing, and shows the list as it was only until the list is changed. It is not for
 * the state. Each call reads the time of every event once.
 */
import { WINDOW_MS_MAX, WINDOWS_MAX } from "../../core/limits.ts";
import { shown, wholeNumber } from "./arguments.ts";
import { epochMsOf, readerOf, timesOf } from "./time.ts";
import type { TimeChoice, TimeValue } from "./time.ts";

/** The events from `startMs` (included) to `endMs` (excluded), in order of time. */
export class EventWindow<E> implements Iterable<E> {
  readonly startMs: number;
  readonly endMs: number;
  /** Events in it. */
  readonly count: number;
  readonly #list: readonly E[];
  readonly #first: number;

  constructor(list: readonly E[], first: number, count: number, startMs: number, endMs: number) {
    this.startMs = startMs;
    this.endMs = endMs;
    this.count = count;
    this.#list = list;
    this.#first = first;
  }

  *[Symbol.iterator](): Generator<E, void> {
    for (let i = 0; i < this.count; i++) yield this.#list[this.#first + i]!;
  }

  /** A copy of the events. */
  toArray(): E[] {
    return this.#list.slice(this.#first, this.#first + this.count);
  }
}

/** Where windows begin and end. */
export interface WindowRange {
  /**
   * The first window begins here, and events before it are in none. Default: the first window that holds an event,
   * of those that begin at whole steps from `alignTo`.
   */
  readonly start?: TimeValue;
  /** No event from here on is in a window, and windows that reach further are cut here. Default: after the last event. */
  readonly end?: TimeValue;
  /** A time that windows without `start` are aligned to. Default: 1970, so that hours and days are those of UTC. */
  readonly alignTo?: TimeValue;
  /** Whether windows without events are left out (the default) or given too. */
  readonly empty?: "skip" | "include";
}

export interface TumblingOptions extends WindowRange {
  /** Milliseconds of a window: a whole number from 1 to a century. */
  readonly lengthMs: number;
}

export interface SlidingOptions extends TumblingOptions {
  /** Milliseconds from one window's start to the next: less than the length, and windows overlap; more, and some events are in none. */
  readonly stepMs: number;
}

/** Windows side by side: every event (from `start` to `end`) is in exactly one. Throws as `slidingWindows`. */
export function tumblingWindows<E>(
  list: readonly E[],
  options: TumblingOptions & TimeChoice<NoInfer<E>>,
): EventWindow<E>[] {
  return windowsOf("tumblingWindows", list, options, options.lengthMs);
}

/**
 * Windows of a length that begin a step after each other.
 *
 * Throws a `RangeError` when they would be more than WINDOWS_MAX (10,000), when the list is not in order of time, or
 * when a length or a time is none.
 */
export function slidingWindows<E>(
  list: readonly E[],
  options: SlidingOptions & TimeChoice<NoInfer<E>>,
): EventWindow<E>[] {
  return windowsOf("slidingWindows", list, options, options.stepMs);
}

/**
 * Sessions: a pause of `gapMs` or more ends one. A session starts with its first event and ends, excluded, `gapMs`
 * after its last. Throws as `slidingWindows`.
 */
export function sessionWindows<E>(
  list: readonly E[],
  options: { readonly gapMs: number } & TimeChoice<NoInfer<E>>,
): EventWindow<E>[] {
  const gapMs = durationMs("sessionWindows", "gapMs", options.gapMs);
  const times = timesOf("sessionWindows", list, readerOf<E>("sessionWindows", options.timeOf));
  const windows: EventWindow<E>[] = [];
  for (let first = 0, next = 1; first < times.length; first = next++) {
    while (next < times.length && times[next]! - times[next - 1]! < gapMs) next++;
    const endMs = times[next - 1]! + gapMs;
    checkCount("sessionWindows", windows.length + 1);
    windows.push(new EventWindow(list, first, next - first, times[first]!, endMs));
  }
  return windows;
}

/** The start of the tumbling window that holds a time. `alignTo` as in `WindowRange`. */
export function windowStartOf(time: TimeValue, lengthMs: number, alignTo: TimeValue = 0): number {
  return windowStart("windowStartOf", "the time", time, lengthMs, alignTo);
}

/** The same for a caller of another name, and a time of another name. */
export function windowStart(
  caller: string,
  what: string,
  time: TimeValue,
  lengthMs: number,
  alignTo: TimeValue = 0,
): number {
  const alignMs = wholeMs(caller, "alignTo", alignTo);
  const at = Math.floor(epochMsOf(caller, what, time));
  return floorTo(at, durationMs(caller, "lengthMs", lengthMs), alignMs);
}

function windowsOf<E>(
  caller: string,
  list: readonly E[],
  options: TumblingOptions & TimeChoice<E>,
  step: number,
): EventWindow<E>[] {
  const lengthMs = durationMs(caller, "lengthMs", options.lengthMs);
  const stepMs = durationMs(caller, "stepMs", step);
  const endMs = options.end === undefined ? Infinity : wholeMs(caller, "end", options.end);
  const times = timesBefore(endMs, timesOf(caller, list, readerOf<E>(caller, options.timeOf)));
  const firstMs = firstStart(caller, options, times, lengthMs, stepMs);
  // A window beyond the last event has none: only an explicit end asks for such windows.
  const lastMs = endMs === Infinity ? (times.at(-1) ?? -Infinity) + 1 : endMs;
  const skips = emptyOf(caller, options.empty) === "skip";

  const windows: EventWindow<E>[] = [];
  let from = 0;
  let to = 0;
  for (let startMs = firstMs; startMs < lastMs; startMs += stepMs) {
    const stopMs = Math.min(startMs + lengthMs, endMs);
    while (from < times.length && times[from]! < startMs) from++;
    to = Math.max(to, from);
    while (to < times.length && times[to]! < stopMs) to++;
    if (to > from || !skips) {
      checkCount(caller, windows.length + 1);
      windows.push(new EventWindow(list, from, to - from, startMs, stopMs));
    } else {
      if (from === times.length) break;
      // To the last start before the first window that reaches the next event, however far that is.
      startMs = Math.max(startMs, floorTo(times[from]! - lengthMs, stepMs, firstMs));
    }
  }
  return windows;
}

function timesBefore(endMs: number, times: Float64Array): Float64Array {
  const after = times.findIndex((time) => time >= endMs);
  return after === -1 ? times : times.subarray(0, after);
}

/** The start of the first window; beyond every time when there is neither a `start` nor an event. */
function firstStart(
  caller: string,
  { start, end, alignTo }: WindowRange,
  times: Float64Array,
  lengthMs: number,
  stepMs: number,
): number {
  if (start !== undefined) {
    if (alignTo !== undefined)
      throw new TypeError(`${caller}: give start or alignTo, not both: windows begin at start.`);
    const startMs = wholeMs(caller, "start", start);
    if (end !== undefined && startMs > epochMsOf(caller, "end", end))
      throw new RangeError(`${caller}: start is ${startMs}, after end.`);
    return startMs;
  }
  const alignMs = wholeMs(caller, "alignTo", alignTo ?? 0);
  return times.length === 0 ? Infinity : floorTo(times[0]! - lengthMs, stepMs, alignMs) + stepMs;
}

/** The last time, not after `at`, that is whole steps from `alignMs`. Remainders are exact, so this is too. */
function floorTo(at: number, stepMs: number, alignMs: number): number {
  return at - remainder(remainder(at, stepMs) - remainder(alignMs, stepMs), stepMs);
}

/** From 0 (included) to `divisor` (excluded), for negative numbers too. */
function remainder(value: number, divisor: number): number {
  const signed = value % divisor;
  return signed < 0 ? signed + divisor : signed;
}

function emptyOf(caller: string, empty: string = "skip"): string {
  if (empty !== "skip" && empty !== "include")
    throw new TypeError(`${caller}: empty is ${shown(empty)}; it must be "skip" or "include".`);
  return empty;
}

function wholeMs(caller: string, what: string, time: TimeValue): number {
  const epochMs = epochMsOf(caller, what, time);
  return wholeNumber(caller, what, epochMs, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function durationMs(caller: string, what: string, value: number): number {
  return wholeNumber(caller, what, value, 1, WINDOW_MS_MAX);
}

function checkCount(caller: string, count: number): void {
  if (count > WINDOWS_MAX)
    throw new RangeError(
      `${caller}: these would be more than ${WINDOWS_MAX} windows. Take longer ones or a shorter range.`,
    );
}
