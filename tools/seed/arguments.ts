/** The command line of `npm run seed`: what it accepts, and the one sentence that it answers to anything else. */
import { parseArgs } from "node:util";

export interface SeedOptions {
  readonly demos: readonly string[];
  /** The server's URL, without a slash at its end. */
  readonly to: string;
  readonly quiet: boolean;
}

export type SeedArguments =
  | { readonly kind: "seed"; readonly options: SeedOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly detail: string };

/** What `--help` prints, with the demos that there are. */
export function helpText(demos: readonly string[]): string {
  return `npm run seed -- <demo> … [options]

Makes the first twins and the widgets of demos, those that the server does not have yet. What it has stays as it is.

  <demo>        ${demos.join(", ")}
  --to <url>    the server (http://127.0.0.1:8787); its key is read from the environment: LIVETWIN_KEY
  --quiet       prints nothing but problems

Exit codes: 0 when everything is there, 1 when not, 2 for a wrong command line.
`;
}

/** Reads the arguments after the program's name; `known` are the demos that there are. */
export function parseSeedArguments(
  argv: readonly string[],
  known: readonly string[],
): SeedArguments {
  if (argv.length === 0 || argv.includes("--help")) return { kind: "help" };
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        to: { type: "string", default: "http://127.0.0.1:8787" },
        quiet: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    // Node's messages go on with advice about "--" that does not help here: their first sentence names the argument.
    const message = error instanceof Error ? error.message : String(error);
    return wrong(message.split(/\.\s|\n/)[0] ?? message);
  }
  const { values, positionals } = parsed;
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) return wrong(`${unknown}: the demos are ${known.join(", ")}`);
  if (positionals.length === 0) return wrong(`which demo? There are ${known.join(", ")}`);
  const url = URL.parse(values.to);
  if (url === null || !/^https?:$/.test(url.protocol))
    return wrong(`--to ${values.to}: a URL begins with http:// or https://`);
  const to = url.href.replace(/\/+$/, "");
  return { kind: "seed", options: { demos: positionals, to, quiet: values.quiet } };
}

function wrong(detail: string): SeedArguments {
  return { kind: "wrong", detail: `${detail}. See: npm run seed -- --help` };
}
