/** What workerd prints, without what only follows from a bundle that threw when it was loaded. */
import type { Readable } from "node:stream";
import { passOutput } from "./child-output.ts";

/** A model that is not well defined says so by throwing, so this is what its author needs to see. */
const UNCAUGHT = /^workerd: service main: Uncaught (.+)/;

/** Then nothing is exported, of which workerd complains once for each class and entrypoint, in many lines. */
const CONSEQUENCE =
  /config referenced the class "\w+", but no such|"main" has no such named entrypoint/;

export interface WorkerdOutput {
  /** Why the first start failed, as far as workerd's output has it: what the bundle threw, or its last line. */
  readonly reason: () => string;
}

export function passWorkerdOutput(
  streams: readonly Readable[],
  print: (line: string) => void,
): WorkerdOutput {
  let uncaught: string | undefined;
  const { lastLine } = passOutput("workerd", streams, (line) => {
    uncaught ??= UNCAUGHT.exec(line)?.[1];
    if (uncaught === undefined || !CONSEQUENCE.test(line)) print(line);
  });
  return {
    reason: () =>
      uncaught === undefined ? lastLine() : `the code threw when it was loaded: ${uncaught}`,
  };
}
