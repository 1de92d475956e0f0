/**
 * How far a replay is: on a terminal one line that is drawn again and again, elsewhere a line every few seconds.
 * The prompts library's progress bar is not used: it takes the keyboard, and ends the program on Ctrl+C before
 * the request in flight is answered.
 */
import type { Tally } from "./tally.ts";

const REDRAW_MS = 100;
const LINE_MS = 5_000;
const BAR_CHARS = 20;

/** Back to the line's start, and clear it. */
const CLEAR_LINE = "\r\x1b[K";

/** What is shown beside the counts. */
export interface ProgressState {
  readonly elapsedMs: number;
  /** 0 to 1; undefined for a replay without an end. */
  readonly share: number | undefined;
  /** Where it is in its own time. */
  readonly place: string;
  /** Why messages are being sent again; undefined when they are not. */
  readonly trouble: string | undefined;
}

/** A line such as `██████░░░░  31 %  12,400 sent  2,480/s  p50 3.1 ms  p99 8.0 ms  2001-01-28 14:10`. */
export function progressLine(tally: Tally, state: ProgressState): string {
  const { share, place, trouble } = state;
  const parts = [
    ...(share === undefined ? [] : [barOf(share)]),
    `${thousands(tally.sent)} sent`,
    `${thousands(perSecond(tally, state.elapsedMs))}/s`,
    ...countsOf(tally),
    latencyText(tally),
    trouble === undefined ? place : `waiting: ${trouble}`,
  ];
  return parts.join("  ");
}

/** What a replay has done, in a sentence or two. */
export function summaryLine(tally: Tally, elapsedMs: number): string {
  const seconds = (elapsedMs / 1_000).toFixed(1);
  const rate = thousands(perSecond(tally, elapsedMs));
  const counts = [
    `${thousands(tally.accepted)} accepted`,
    `${thousands(tally.duplicates)} duplicates`,
    `${thousands(tally.rejected)} rejected`,
  ];
  const unsettled = tally.sent - tally.settled;
  if (unsettled > 0) counts.push(`${thousands(unsettled)} unanswered`);
  return `${thousands(tally.sent)} messages in ${seconds} s (${rate}/s): ${counts.join(", ")}. ${thousands(tally.resent)} sent again. Latency ${latencyText(tally)}.`;
}

function countsOf({ duplicates, rejected, resent }: Tally): readonly string[] {
  const counts: string[] = [];
  if (duplicates > 0) counts.push(`${thousands(duplicates)} duplicates`);
  if (rejected > 0) counts.push(`${thousands(rejected)} rejected`);
  if (resent > 0) counts.push(`${thousands(resent)} sent again`);
  return counts;
}

function latencyText({ latency }: Tally): string {
  return `p50 ${milliseconds(latency.percentileMs(0.5))}, p99 ${milliseconds(latency.percentileMs(0.99))}`;
}

function milliseconds(ms: number): string {
  if (Number.isNaN(ms)) return "-";
  return `${ms < 100 ? ms.toFixed(1) : thousands(Math.round(ms))} ms`;
}

function perSecond({ settled }: Tally, elapsedMs: number): number {
  return elapsedMs > 0 ? Math.round((settled * 1_000) / elapsedMs) : 0;
}

function barOf(share: number): string {
  const full = Math.floor(share * BAR_CHARS);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${"█".repeat(full)}${"░".repeat(BAR_CHARS - full)} ${percent} %`;
}

function thousands(value: number): string {
  return value.toLocaleString("en-US");
}

/** Draws `line()` until it is ended. */
export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #line: () => string;
  readonly #timer: NodeJS.Timeout;

  constructor(stream: NodeJS.WriteStream, line: () => string) {
    this.#stream = stream;
    this.#line = line;
    this.#timer = setInterval(() => this.#draw(), stream.isTTY ? REDRAW_MS : LINE_MS);
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE);
  }

  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    const { columns } = this.#stream;
    const line = this.#line();
    // A line that wraps could not be cleared.
    this.#stream.write(
      this.#stream.isTTY ? `${CLEAR_LINE}${line.slice(0, columns - 1)}` : `${line}\n`,
    );
  }
}
