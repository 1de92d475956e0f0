/** The straight line through values over time, by least squares: how fast they rise, and where they will be. */
import { linearRegression } from "simple-statistics";
import { checkFunction, checkIterable, finiteNumber, finiteResult, shown } from "./arguments.ts";
import { epochMsOf, readerOf } from "./time.ts";
import type { ReadTime, TimeArgument, TimeChoice, TimeValue } from "./time.ts";

const MS_PER = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export interface SlopeOptions {
  /** The time that a slope is given for. Default: second. */
  readonly per?: keyof typeof MS_PER;
}

/** `value = level + slope · (time − fromMs)`, in milliseconds. */
interface Line {
  readonly fromMs: number;
  readonly level: number;
  readonly slope: number;
}

/**
 * How much the values rise (below zero: fall) in a second, or in what `per` says. The events may be in any order.
 * Null while they are of fewer than two different times.
 */
export function slopeOf<E>(
  events: Iterable<E>,
  valueOf: (event: NoInfer<E>) => number,
  ...[options]: TimeArgument<NoInfer<E>, SlopeOptions>
): number | null {
  const per = options?.per ?? "second";
  if (!Object.hasOwn(MS_PER, per))
    throw new TypeError(
      `slopeOf: per is ${shown(per)}; it must be one of ${Object.keys(MS_PER).join(", ")}.`,
    );
  const line = lineThrough("slopeOf", events, valueOf, readerOf<E>("slopeOf", options?.timeOf));
  return line === null ? null : finiteResult("slopeOf", "the slope", line.slope * MS_PER[per]);
}

/**
 * The value that the line has at a time, ahead or back. Null while the events are of fewer than two different times.
 * A line is a guess for times near the events', no more.
 */
export function forecastOf<E>(
  events: Iterable<E>,
  valueOf: (event: NoInfer<E>) => number,
  options: { readonly at: TimeValue } & TimeChoice<NoInfer<E>>,
): number | null {
  const at = epochMsOf("forecastOf", "at", options.at);
  const readTime = readerOf<E>("forecastOf", options.timeOf);
  const line = lineThrough("forecastOf", events, valueOf, readTime);
  if (line === null) return null;
  return finiteResult("forecastOf", "the value", line.level + line.slope * (at - line.fromMs));
}

function lineThrough<E>(
  caller: string,
  events: Iterable<E>,
  valueOf: (event: E) => number,
  readTime: ReadTime<E>,
): Line | null {
  checkIterable(caller, events);
  checkFunction(caller, "valueOf", valueOf);
  const points: [sinceMs: number, value: number][] = [];
  let fromMs = 0;
  let moves = false;
  for (const event of events) {
    const at = readTime(event);
    if (points.length === 0) fromMs = at;
    moves ||= at !== fromMs;
    points.push([at - fromMs, finiteNumber(caller, `value ${points.length}`, valueOf(event))]);
  }
  if (!moves) return null;
  const { m, b } = linearRegression(points);
  return { fromMs, level: b, slope: m };
}
