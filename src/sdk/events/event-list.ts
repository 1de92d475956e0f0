/**
 * Lists of events in order of time, as plain arrays in a field of the state.
 *
 * Functions change the list in place and answer what they dropped: the engine stores the state after the step and
 * compares nothing, and a list of thousands is not copied for each message. What is refused is refused before the
 * list is touched. Invariants, given a list that had them: times ascend; of equal times, what came first is first;
 * what is dropped was at the front.
 */
import { WINDOW_MS_MAX } from "../../core/limits.ts";
import { checkList, wholeNumber } from "./arguments.ts";
import { epochMsOf, readerOf } from "./time.ts";
import type { ReadTime, TimeArgument, TimeChoice, TimeValue } from "./time.ts";

/** What a list holds at most. */
export interface ListBounds {
  /** Events that are kept, the newest; a whole number from 1. Every list has this bound: it lives in a state. */
  readonly countMax: number;
  /** Milliseconds by which an event may be older than the newest, or than `now`, and stay (that age included). */
  readonly ageMsMax?: number;
  /** The time from which age is measured. Default: the newest event's, so that replayed events age as live ones do. */
  readonly now?: TimeValue;
}

export type ListOptions<E> = ListBounds & TimeChoice<E>;

/** The same after its checks. */
interface Bounds {
  readonly countMax: number;
  readonly ageMsMax: number | undefined;
  readonly nowMs: number | undefined;
}

const NOTHING: readonly never[] = Object.freeze([]);

/**
 * Puts an event into its place: after all that are not newer. Then drops from the front what is beyond `countMax` or
 * `ageMsMax`, and answers it, oldest first: it may be the event itself, when that came too late. An event that is the
 * newest is pushed; a late one is found its place by binary search.
 *
 * Throws when a time is none, or a bound is not as said, with the list unchanged.
 */
export function addEvent<E>(
  list: E[],
  event: NoInfer<E>,
  options: ListOptions<NoInfer<E>>,
): readonly E[] {
  checkList("addEvent", list);
  const bounds = boundsOf("addEvent", options);
  const readTime = readerOf<E>("addEvent", options.timeOf);
  const place = placeFor(list, readTime(event), readTime);
  if (place === list.length) list.push(event);
  else list.splice(place, 0, event);
  return trim(list, bounds, readTime);
}

/**
 * Puts events, in any order, into their places, as `addEvent` does one after the other, but with one merge: a long
 * batch of late events costs no more than one pass over the list.
 */
export function addEvents<E>(
  list: E[],
  events: readonly NoInfer<E>[],
  options: ListOptions<NoInfer<E>>,
): readonly E[] {
  checkList("addEvents", list);
  checkList("addEvents", events);
  const bounds = boundsOf("addEvents", options);
  const readTime = readerOf<E>("addEvents", options.timeOf);
  const added = events.map((event) => ({ event, at: readTime(event) }));
  added.sort((a, b) => a.at - b.at);
  const place = added.length === 0 ? list.length : placeFor(list, added[0]!.at, readTime);
  const later = list.slice(place).map((event) => ({ event, at: readTime(event) }));
  list.length = place;
  let next = 0;
  for (const { event, at } of added) {
    while (next < later.length && later[next]!.at <= at) list.push(later[next++]!.event);
    list.push(event);
  }
  while (next < later.length) list.push(later[next++]!.event);
  return trim(list, bounds, readTime);
}

/** Drops what is beyond the bounds, as when time passes and nothing comes (give `now`); answers it, oldest first. */
export function trimEvents<E>(list: E[], options: ListOptions<NoInfer<E>>): readonly E[] {
  checkList("trimEvents", list);
  const bounds = boundsOf("trimEvents", options);
  return trim(list, bounds, readerOf<E>("trimEvents", options.timeOf));
}

/**
 * Keeps the newest sessions (as `sessionWindows` finds them) and drops the events of older ones, which it answers.
 * `sessionsMax` and `gapMs` are whole numbers from 1.
 */
export function trimSessions<E>(
  list: E[],
  options: { readonly gapMs: number; readonly sessionsMax: number } & TimeChoice<NoInfer<E>>,
): readonly E[] {
  checkList("trimSessions", list);
  const gapMs = wholeNumber("trimSessions", "gapMs", options.gapMs, 1, WINDOW_MS_MAX);
  const { sessionsMax } = options;
  wholeNumber("trimSessions", "sessionsMax", sessionsMax, 1, Number.MAX_SAFE_INTEGER);
  const readTime = readerOf<E>("trimSessions", options.timeOf);
  let sessions = 1;
  for (let i = list.length - 1; i > 0; i--) {
    const gap = Math.floor(readTime(list[i]!)) - Math.floor(readTime(list[i - 1]!));
    if (gap >= gapMs && ++sessions > sessionsMax) return list.splice(0, i);
  }
  return NOTHING;
}

/** Where `addEvent` would put an event of this time: for what is kept beside a list, in the same order. */
export function placeOf<E>(
  list: readonly E[],
  time: TimeValue,
  ...[options]: TimeArgument<NoInfer<E>>
): number {
  checkList("placeOf", list);
  const readTime = readerOf<E>("placeOf", options?.timeOf);
  return placeFor(list, epochMsOf("placeOf", "the time", time), readTime);
}

/** The first index whose event is later, or the list's length. */
function placeFor<E>(list: readonly E[], at: number, readTime: ReadTime<E>): number {
  if (list.length === 0 || readTime(list.at(-1)!) <= at) return list.length;
  return firstWhere(list, (event) => readTime(event) > at);
}

function trim<E>(list: E[], bounds: Bounds, readTime: ReadTime<E>): readonly E[] {
  const excess = excessOf(list, bounds, readTime);
  if (excess === 0) return NOTHING;
  // A full list drops one for each that comes, and V8 takes 40 times as long to splice it off 2,000 as to shift it.
  return excess === 1 ? [list.shift()!] : list.splice(0, excess);
}

/** How many events at the front are too many or too old. */
function excessOf<E>(
  list: readonly E[],
  { countMax, ageMsMax, nowMs }: Bounds,
  readTime: ReadTime<E>,
): number {
  const tooMany = Math.max(0, list.length - countMax);
  if (ageMsMax === undefined || list.length === 0) return tooMany;
  const oldestMs = (nowMs ?? readTime(list.at(-1)!)) - ageMsMax;
  if (readTime(list[tooMany]!) >= oldestMs) return tooMany;
  return firstWhere(list, (event) => readTime(event) >= oldestMs);
}

/** The first index where the condition holds, given that it holds for all that follow; else the list's length. */
function firstWhere<E>(list: readonly E[], holds: (event: E) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function boundsOf(caller: string, { countMax, ageMsMax, now }: ListBounds): Bounds {
  wholeNumber(caller, "countMax", countMax, 1, Number.MAX_SAFE_INTEGER);
  if (ageMsMax !== undefined) wholeNumber(caller, "ageMsMax", ageMsMax, 0, WINDOW_MS_MAX);
  const nowMs = now === undefined ? undefined : epochMsOf(caller, "now", now);
  return { countMax, ageMsMax, nowMs };
}
