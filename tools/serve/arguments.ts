/** The command line of `npm start`: what it accepts, and the one sentence that it answers to anything else. */
import { parseArgs } from "node:util";
import { TIMINGS } from "./timings.ts";

/** Replays of recorded or simulated data that fill a new server with life. */
export const DEMOS = ["airports", "power-grid", "gas-meter", "wind-turbine"] as const;
export type Demo = (typeof DEMOS)[number];

/** Those that run unless others are named. Turbines keep long lists: they would write 130 GB a day to a laptop's disk. */
const DEMOS_BY_DEFAULT: readonly Demo[] = ["airports", "power-grid", "gas-meter"];

/** What the Worker may reach: nothing, public addresses, or those and private ones, this machine's among them. */
export const NETWORKS = ["private", "public", "none"] as const;
export type Network = (typeof NETWORKS)[number];

/** Seconds of `--hang` that are taken. Less would end a server that only wakes a million twins (./timings.ts). */
const HANG_S_MIN = 5;
const HANG_S_MAX = 3_600;

export interface StartOptions {
  /** As the user wrote it, without the brackets of an IPv6 address. */
  readonly host: string;
  /** 0 to 65,535; 0 takes any free port. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly demos: readonly Demo[];
  readonly network: Network;
  /** After so long without an answer workerd is taken for hung; Infinity for never. */
  readonly hangMsMax: number;
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
  --demo <list>   demos to run: ${DEMOS.join(", ")}, separated by commas, or none
                  (${DEMOS_BY_DEFAULT.join(",")})
  --network <n>   what webhooks and databases may be at: private (this machine, private and public networks),
                  public (public addresses only) or none (private)
  --hang <s>      seconds without an answer after which workerd is killed and started again, ${HANG_S_MIN} to ${HANG_S_MAX};
                  0 for never, as with a debugger (${TIMINGS.hangMsMax / 1_000})
  --help          this text

Environment:

  LIVETWIN_ADMIN_SECRET      the bearer key of the administrator
  LIVETWIN_DATABASE_<NAME>   postgres://user:password@host:port/database, a database that models may read
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
        demo: { type: "string", default: DEMOS_BY_DEFAULT.join(",") },
        network: { type: "string", default: "private" },
        hang: { type: "string", default: String(TIMINGS.hangMsMax / 1_000) },
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

  const network = NETWORKS.find((known) => known === values.network);
  if (network === undefined)
    return wrong(`--network ${values.network}: it is one of ${NETWORKS.join(", ")}`);
  const hangMsMax = parseHang(values.hang);
  if (hangMsMax === undefined)
    return wrong(
      `--hang ${values.hang}: whole seconds from ${HANG_S_MIN} to ${HANG_S_MAX}, or 0 for never`,
    );
  const options = { host, port, dataDirectory: values.data, demos, network, hangMsMax };
  return { kind: "start", options };
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
}

/** Milliseconds; Infinity for never. */
function parseHang(text: string): number | undefined {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds === 0) return Number.POSITIVE_INFINITY;
  return seconds >= HANG_S_MIN && seconds <= HANG_S_MAX ? seconds * 1_000 : undefined;
}

function isDemo(name: string): name is Demo {
  return (DEMOS as readonly string[]).includes(name);
}

function wrong(detail: string): StartArguments {
  return { kind: "wrong", detail: `${detail}. See: npm start -- --help` };
}
