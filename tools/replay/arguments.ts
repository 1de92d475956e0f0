/** The command line of `npm run replay`: what it accepts, and the one sentence that it answers to anything else. */
import { parseArgs } from "node:util";
import { MESSAGES_PER_REQUEST_MAX } from "../../src/core/limits.ts";

/** How messages are sent, whatever they are. */
export interface SendingOptions {
  /** The server's URL, without a slash at its end. */
  readonly to: string;
  /** How many times faster than in the recording or the simulation; Infinity: as fast as the server takes them. */
  readonly speed: number;
  /** Messages of one request at most. */
  readonly batch: number;
  /** Milliseconds without progress after which the replay gives up. */
  readonly giveUpMs: number;
  readonly quiet: boolean;
  /** Begins every message's id. Undefined: the command's own. */
  readonly run: string | undefined;
}

export interface AirportsOptions extends SendingOptions {
  readonly forever: boolean;
}

export interface PowerGridOptions extends SendingOptions {
  readonly nodes: number;
  readonly seed: number;
  /** Nodes that are attacked in each minute of the grid's time. */
  readonly attacks: number;
  /** Milliseconds of the grid's time; Infinity: until the program is ended. */
  readonly durationMs: number;
}

export interface GasMeterOptions extends SendingOptions {
  readonly meters: number;
  readonly seed: number;
  /** Milliseconds of the meters' time; Infinity: until the program is ended. */
  readonly durationMs: number;
}

export interface WindTurbineOptions extends SendingOptions {
  readonly turbines: number;
  readonly seed: number;
  /** Milliseconds of the turbines' time; Infinity: until the program is ended. */
  readonly durationMs: number;
}

export interface VerifyOptions {
  readonly to: string;
  readonly run: string | undefined;
}

export type ReplayArguments =
  | { readonly kind: "airports"; readonly options: AirportsOptions }
  | { readonly kind: "power-grid"; readonly options: PowerGridOptions }
  | { readonly kind: "gas-meter"; readonly options: GasMeterOptions }
  | { readonly kind: "wind-turbine"; readonly options: WindTurbineOptions }
  | { readonly kind: "verify"; readonly options: VerifyOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly detail: string };

export const HELP = `npm run replay -- <what> [options]

  airports            sends 20,000 recorded flights, a departure and an arrival each, to the twins of Airport
  power-grid          sends what the nodes of a simulated power grid report to the twins of StatusTracker
  gas-meter           sends what simulated gas meters read to the twins of GasMeter
  wind-turbine        sends what simulated wind turbines report to the twins of WindTurbine and OffshoreTurbine
  verify airports     compares the twins of Airport with SQL over the flights file, after one whole replay

  --to <url>          the server (http://127.0.0.1:8787); its key is read from the environment: LIVETWIN_KEY
  --speed <n|max>     times faster than it was (airports: 3600, others: 1); max: as fast as the server can
  --batch <n>         messages of a request, 10000 at most (1000; at --speed max 5000)
  --run <name>        begins the messages' ids: what a run of this name has sent before is not counted twice
                      (airports: flights-20k, others: a new name each time)
  --give-up <s>       seconds without progress after which to give up (60)
  --quiet             prints nothing but problems

  --forever           airports: starts again at the end, thirteen weeks later each time
  --nodes <n>         power-grid: nodes of the grid, 41549 at most (20000)
  --meters <n>        gas-meter: meters, 400 at most (400)
  --turbines <n>      wind-turbine: turbines, 280 at most (280)
  --seed <n>          power-grid, gas-meter, wind-turbine: decides which nodes there are, and what is reported (1)
  --attacks <n>       power-grid: nodes that are attacked in each minute of the grid's time (0)
  --duration <s>      power-grid, gas-meter, wind-turbine: ends after so many seconds of the simulation's time

Exit codes: 0 when every message that was sent was taken (verify: when nothing differs), 1 when not, 2 for a
wrong command line. A signal ends a replay after the request in flight.
`;

/** Messages of a request, by default. Larger requests cost less, and what is late is late together. */
const BATCH = "1000";
const BATCH_AT_MAX_SPEED = "5000";

const SENDING = {
  to: { type: "string", default: "http://127.0.0.1:8787" },
  batch: { type: "string" },
  run: { type: "string" },
  "give-up": { type: "string", default: "60" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** ZIP codes of the 50 states: more nodes there can't be. */
const NODES_MAX = 41_549;

/** Meters of the demo's start-up data. */
const METERS_MAX = 400;

/** Turbines of the demo's start-up data. */
const TURBINES_MAX = 280;

const SEED_MAX = 0xffff_ffff;

/** A wrong argument: caught where the command line is read. */
class WrongArgument extends Error {}

/** Reads the arguments after the program's name. Touches neither disk nor network. */
export function parseReplayArguments(argv: readonly string[]): ReplayArguments {
  if (argv.length === 0 || argv.includes("--help")) return { kind: "help" };
  const [what, ...rest] = argv;
  try {
    switch (what) {
      case "airports":
        return { kind: "airports", options: parseAirports(rest) };
      case "power-grid":
        return { kind: "power-grid", options: parsePowerGrid(rest) };
      case "gas-meter":
        return { kind: "gas-meter", options: parseGasMeter(rest) };
      case "wind-turbine":
        return { kind: "wind-turbine", options: parseWindTurbine(rest) };
      case "verify":
        return { kind: "verify", options: parseVerify(rest) };
      default:
        return wrong(
          `${what}: the first argument is airports, power-grid, gas-meter, wind-turbine or verify`,
        );
    }
  } catch (error) {
    if (error instanceof WrongArgument) return wrong(error.message);
    // Node's messages go on with advice about "--" that does not help here: their first sentence names the argument.
    if (error instanceof TypeError)
      return wrong(error.message.split(/\.\s|\n/)[0] ?? error.message);
    throw error;
  }
}

function parseAirports(args: readonly string[]): AirportsOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...SENDING,
      speed: { type: "string", default: "3600" },
      forever: { type: "boolean", default: false },
    },
  });
  return { ...sendingOptions(values), forever: values.forever };
}

function parsePowerGrid(args: readonly string[]): PowerGridOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...SENDING,
      speed: { type: "string", default: "1" },
      nodes: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      attacks: { type: "string", default: "0" },
      duration: { type: "string" },
    },
  });
  const nodes = parseInteger("--nodes", values.nodes, 1, NODES_MAX);
  return {
    ...sendingOptions(values),
    nodes,
    seed: parseInteger("--seed", values.seed, 0, SEED_MAX),
    attacks: parseInteger("--attacks", values.attacks, 0, nodes),
    durationMs: parseDuration(values.duration),
  };
}

function parseGasMeter(args: readonly string[]): GasMeterOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...SENDING,
      speed: { type: "string", default: "1" },
      meters: { type: "string", default: String(METERS_MAX) },
      seed: { type: "string", default: "1" },
      duration: { type: "string" },
    },
  });
  return {
    ...sendingOptions(values),
    meters: parseInteger("--meters", values.meters, 1, METERS_MAX),
    seed: parseInteger("--seed", values.seed, 0, SEED_MAX),
    durationMs: parseDuration(values.duration),
  };
}

function parseWindTurbine(args: readonly string[]): WindTurbineOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...SENDING,
      speed: { type: "string", default: "1" },
      turbines: { type: "string", default: String(TURBINES_MAX) },
      seed: { type: "string", default: "1" },
      duration: { type: "string" },
    },
  });
  return {
    ...sendingOptions(values),
    turbines: parseInteger("--turbines", values.turbines, 1, TURBINES_MAX),
    seed: parseInteger("--seed", values.seed, 0, SEED_MAX),
    durationMs: parseDuration(values.duration),
  };
}

function parseVerify(args: readonly string[]): VerifyOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { to: SENDING.to, run: SENDING.run },
  });
  if (positionals.length !== 1 || positionals[0] !== "airports") {
    throw new WrongArgument("verify: it is airports that can be verified");
  }
  return { to: parseUrl(values.to), run: parseRun(values.run) };
}

function sendingOptions(values: {
  readonly to: string;
  readonly speed: string;
  readonly batch?: string;
  readonly "give-up": string;
  readonly quiet: boolean;
  readonly run?: string;
}): SendingOptions {
  const isMax = values.speed === "max";
  const batch = values.batch ?? (isMax ? BATCH_AT_MAX_SPEED : BATCH);
  return {
    to: parseUrl(values.to),
    speed: isMax ? Number.POSITIVE_INFINITY : parsePositive("--speed", values.speed),
    batch: parseInteger("--batch", batch, 1, MESSAGES_PER_REQUEST_MAX),
    giveUpMs: parsePositive("--give-up", values["give-up"]) * 1_000,
    quiet: values.quiet,
    run: parseRun(values.run),
  };
}

function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WrongArgument(`--to ${text}: a URL begins with http:// or https://`);
  }
  return url.href.replace(/\/+$/, "");
}

function parseRun(text: string | undefined): string | undefined {
  if (text === undefined || /^[\w.-]{1,64}$/.test(text)) return text;
  throw new WrongArgument(`--run ${text}: a name has 1 to 64 letters, digits, "_", "." and "-"`);
}

/** Milliseconds of a simulation's time. */
function parseDuration(text: string | undefined): number {
  return text === undefined ? Number.POSITIVE_INFINITY : parsePositive("--duration", text) * 1_000;
}

function parsePositive(option: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new WrongArgument(`${option} ${text}: it is a number above 0`);
}

function parseInteger(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new WrongArgument(`${option} ${text}: it is a whole number from ${min} to ${max}`);
}

function wrong(detail: string): ReplayArguments {
  return { kind: "wrong", detail: `${detail}. See: npm run replay -- --help` };
}
