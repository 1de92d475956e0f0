/** The command line of `npm start`: what it accepts, and the one sentence that it answers to anything else. */
import { parseArgs } from "node:util";

/** Replays of recorded or simulated data that fill a new server with life. */
export const DEMOS = ["airports", "power-grid"] as const;
export type Demo = (typeof DEMOS)[number];

export interface StartOptions {
  /** As the user wrote it, without the brackets of an IPv6 address. */
  readonly host: string;
  /** 0 to 65,535; 0 takes any free port. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly demos: readonly Demo[];
}

export type StartArguments =
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly detail: string };

export const HELP = `npm start -- [options]

Builds Livetwin and runs it on this machine.

  --port <n>      the port to serve on; 0 takes any free one (8787)
  --host <name>   the address to serve on (127.0.0.1). Any but a loopback address needs the environment
                  variable LIVETWIN_ADMIN_SECRET, the bearer key of the administrator
  --data <path>   the directory that holds all twins (.livetwin)
  --demo <list>   demos to run: ${DEMOS.join(", ")}, separated by commas, or none (${DEMOS.join(",")})
  --help          this text
`;

/** Reads the arguments after the program's name. Touches neither disk nor network. */
export function parseStartArguments(argv: readonly string[]): StartArguments {
  let values;
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        data: { type: "string", default: ".livetwin" },
        demo: { type: "string", default: DEMOS.join(",") },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    // Node's messages go on with advice about "--" that does not help here: their first sentence names the argument.
    const message = error instanceof Error ? error.message : String(error);
    return wrong(message.split(/\.\s|\n/)[0] ?? message);
  }
  if (values.help) return { kind: "help" };

  const port = parsePort(values.port);
  if (port === undefined)
    return wrong(`--port ${values.port}: a port is a whole number from 0 to 65535`);
  if (values.data === "") return wrong("--data: the directory's path is empty");
  const host = values.host.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return wrong("--host: the address is empty");

  const names = values.demo === "none" ? [] : values.demo.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !isDemo(name));
  if (unknown !== undefined)
    return wrong(`--demo ${unknown}: the demos are ${DEMOS.join(", ")}, or none`);
  const demos = DEMOS.filter((demo) => names.includes(demo));
  return { kind: "start", options: { host, port, dataDirectory: values.data, demos } };
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
}

function isDemo(name: string): name is Demo {
  return (DEMOS as readonly string[]).includes(name);
}

function wrong(detail: string): StartArguments {
  return { kind: "wrong", detail: `${detail}. See: npm start -- --help` };
}
