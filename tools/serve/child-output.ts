/** Passes a child's output on, line by line, so that a flood of it does not bury what the user needs to see. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Lines of one child that are shown in each period; the rest of the period is counted. */
const LINES_MAX = 20;
const PERIOD_MS = 1_000;

/** Characters of a line that are shown. */
const LINE_CHARS_MAX = 2_000;

export interface ChildOutput {
  /** The last line that says something, shown or not: no stack frame, and not Node's own footer after an error. */
  readonly lastLine: () => string;
}

/**
 * Shows the lines of a child's streams, each as `name: line`.
 *
 * @param print takes one line; it is not called for empty ones.
 */
export function passOutput(
  name: string,
  streams: readonly Readable[],
  print: (line: string) => void,
): ChildOutput {
  let last = "";
  let shown = 0;
  let hidden = 0;
  let period: NodeJS.Timeout | undefined;

  function endPeriod(): void {
    if (hidden > 0) print(`${name}: … ${hidden} more lines`);
    shown = 0;
    hidden = 0;
    period = undefined;
  }

  function take(line: string): void {
    if (line.trim() === "") return;
    const text = line.slice(0, LINE_CHARS_MAX);
    if (!/^(\s|\}|Node\.js v)/.test(text)) last = text;
    // An unref'd timer: the rest of a period does not keep the program from ending.
    period ??= setTimeout(endPeriod, PERIOD_MS).unref();
    if (shown < LINES_MAX) {
      shown += 1;
      print(`${name}: ${text}`);
    } else {
      hidden += 1;
    }
  }

  for (const stream of streams) createInterface({ input: stream }).on("line", take);
  return { lastLine: () => last };
}
