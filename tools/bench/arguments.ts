/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";

/** What can be measured on its own, in the order in which it is measured. */
export const SECTIONS = ["limits", "batch", "single", "websocket", "scale"] as const;
export type Section = (typeof SECTIONS)[number];

export interface BenchOptions {
  /** Shorter windows and fewer rounds: a look, not a measurement to quote. */
  readonly quick: boolean;
  readonly sections: readonly Section[];
  /** Where all samples go as JSON. */
  readonly jsonFile: string | undefined;
  /** Whether docs/benchmarks.md is written. */
  readonly write: boolean;
}

export type BenchArguments =
  | { readonly kind: "bench"; readonly options: BenchOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly detail: string };

export const HELP = `npm run bench -- [options]

Measures Livetwin beside the limits of what it stands on, in one run, and prints the ratios.
Nothing that is slow fails; wrong answers do.

  --quick         a minute instead of four, less exact
  --only <list>   of ${SECTIONS.join(", ")}, separated by commas (all but limits, which
                  every other section measures beside its own figures)
  --json <file>   writes every sample there
  --write         writes the report to docs/benchmarks.md
  --help          this text
`;

/** Reads the arguments after the program's name. */
export function parseBenchArguments(argv: readonly string[]): BenchArguments {
  let values;
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        json: { type: "string" },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return wrong(message.split(/\.\s|\n/)[0] ?? message);
  }
  if (values.help) return { kind: "help" };
  const names = values.only?.split(",").map((name) => name.trim());
  const unknown = names?.find((name) => !isSection(name));
  if (unknown !== undefined)
    return wrong(`--only ${unknown}: the sections are ${SECTIONS.join(", ")}`);
  const sections = SECTIONS.filter((each) => names?.includes(each) ?? each !== "limits");
  const { quick, json: jsonFile, write } = values;
  return { kind: "bench", options: { quick, sections, jsonFile, write } };
}

function isSection(name: string): boolean {
  return (SECTIONS as readonly string[]).includes(name);
}

function wrong(detail: string): BenchArguments {
  return { kind: "wrong", detail: `${detail}. See: npm run bench -- --help` };
}
