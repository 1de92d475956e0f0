/** Runs a replay against a server, and says how it goes. */
import { pickNodes } from "../../models/power-grid/nodes.ts";
import type {
  AirportsOptions,
  GasMeterOptions,
  PowerGridOptions,
  SendingOptions,
  WindTurbineOptions,
} from "./arguments.ts";
import type { DeliveryHost } from "./deliver.ts";
import { FLIGHTS_RUN, flightMessages, readFlights } from "./flights.ts";
import { gasMessages, readMeters } from "./gas.ts";
import { gridMessages } from "./grid.ts";
import type { TimedMessage } from "./outgoing.ts";
import { ProgressDisplay, progressLine, summaryLine } from "./progress.ts";
import { sendAll } from "./send-all.ts";
import { postMessages } from "./server.ts";
import { Tally } from "./tally.ts";
import { readTurbines, turbineMessages } from "./wind.ts";
import { readZipCodes } from "./zip-codes.ts";

/** Milliseconds for which trouble may last before it is worth a line: one busy moment is not. */
const TROUBLE_MS = 2_000;

/** What a replay needs of its process. */
export interface ReplayHost extends Omit<DeliveryHost, "post" | "onAnswer"> {
  readonly stdout: NodeJS.WriteStream;
  readonly print: (line: string) => void;
  readonly printProblem: (line: string) => void;
  readonly key: string | undefined;
}

interface Replay {
  /** The messages by model. */
  readonly streams: readonly (readonly [model: string, messages: Iterable<TimedMessage>])[];
  /** How far the replay is, 0 to 1, and where, in words. */
  readonly shareAt: (tally: Tally, atMs: number) => number | undefined;
  readonly placeAt: (atMs: number) => string;
}

/** Replays the recorded flights. Answers whether every message that was sent was taken; throws a `ReplayFailure` as `deliver` does. */
export function replayAirports(options: AirportsOptions, host: ReplayHost): Promise<boolean> {
  const flights = readFlights();
  const { forever, run = FLIGHTS_RUN } = options;
  return replay(options, host, {
    streams: [["Airport", flightMessages(flights, { run, forever })]],
    shareAt: ({ settled }) => (forever ? undefined : settled / (flights.length * 2)),
    placeAt: (atMs) => new Date(atMs).toISOString().slice(0, 16).replace("T", " "),
  });
}

/** Replays a simulated power grid. Answers and throws as `replayAirports` does. */
export function replayPowerGrid(options: PowerGridOptions, host: ReplayHost): Promise<boolean> {
  const { nodes, seed, attacks, durationMs } = options;
  // A grid goes on when its replay starts again: under an old name, its reports would count as repeats.
  const run = options.run ?? `grid-${Date.now().toString(36)}`;
  const gridNodes = pickNodes(readZipCodes(), nodes, seed);
  return replay(options, host, {
    streams: [["StatusTracker", gridMessages(gridNodes, { run, seed, attacks, durationMs })]],
    shareAt: (_, atMs) => (Number.isFinite(durationMs) ? atMs / durationMs : undefined),
    placeAt: (atMs) => `${Math.floor(atMs / 1_000).toLocaleString("en-US")} s of the grid's time`,
  });
}

/** Replays the readings of gas meters. Answers and throws as `replayAirports` does. */
export function replayGasMeters(options: GasMeterOptions, host: ReplayHost): Promise<boolean> {
  const { meters, seed, durationMs } = options;
  // Meters send the time of their readings, which is now: only a replay that is faster runs ahead of it.
  const startMs = Date.now();
  const run = options.run ?? `gas-${startMs.toString(36)}`;
  return replay(options, host, {
    streams: [
      ["GasMeter", gasMessages(readMeters().slice(0, meters), { run, seed, startMs, durationMs })],
    ],
    shareAt: (_, atMs) => (Number.isFinite(durationMs) ? atMs / durationMs : undefined),
    placeAt: (atMs) => `${Math.floor(atMs / 1_000).toLocaleString("en-US")} s of the meters' time`,
  });
}

/** Replays what wind turbines report, on land and at sea side by side. Answers and throws as `replayAirports` does. */
export function replayWindTurbines(
  options: WindTurbineOptions,
  host: ReplayHost,
): Promise<boolean> {
  const { turbines, seed, durationMs } = options;
  const startMs = Date.now();
  const run = options.run ?? `wind-${startMs.toString(36)}`;
  const all = readTurbines().slice(0, turbines);
  const messages = (isOffshore: boolean): Iterable<TimedMessage> =>
    turbineMessages(
      all.filter((turbine) => turbine.isOffshore === isOffshore),
      { run, seed, startMs, durationMs },
    );
  return replay(options, host, {
    streams: [
      ["WindTurbine", messages(false)],
      ["OffshoreTurbine", messages(true)],
    ],
    shareAt: (_, atMs) => (Number.isFinite(durationMs) ? atMs / durationMs : undefined),
    placeAt: (atMs) =>
      `${Math.floor(atMs / 1_000).toLocaleString("en-US")} s of the turbines' time`,
  });
}

async function replay(
  options: SendingOptions,
  host: ReplayHost,
  { streams, shareAt, placeAt }: Replay,
): Promise<boolean> {
  const tally = new Tally();
  const startedAtMs = host.nowMs();
  const elapsedMs = (): number => host.nowMs() - startedAtMs;
  const server = { url: options.to, key: host.key };
  const troubles = streams.map(() => new Trouble(server.url, host, () => display?.clear()));
  let lastAtMs = 0;
  const display = options.quiet
    ? undefined
    : new ProgressDisplay(host.stdout, () =>
        progressLine(tally, {
          elapsedMs: elapsedMs(),
          share: shareAt(tally, lastAtMs),
          place: placeAt(lastAtMs),
          trouble: troubles.find(({ reason }) => reason !== undefined)?.reason,
        }),
      );
  try {
    const sent = streams.map(([model, messages], i) =>
      sendAll(
        noting(messages, (atMs) => (lastAtMs = atMs)),
        tally,
        {
          post: (batch) => postMessages(server, model, batch),
          wait: (ms) => host.wait(ms),
          nowMs: () => host.nowMs(),
          random: () => host.random(),
          stop: host.stop,
          onAnswer: (reason) => troubles[i]?.note(reason),
        },
        options,
      ),
    );
    await Promise.all(sent);
  } finally {
    display?.end();
    if (!options.quiet) host.print(summaryLine(tally, elapsedMs()));
    for (const [code, example] of tally.examples)
      host.printProblem(`Rejected: ${code}: ${example}`);
  }
  return tally.rejected === 0 && tally.settled === tally.sent;
}

function* noting(
  messages: Iterable<TimedMessage>,
  note: (atMs: number) => void,
): Generator<TimedMessage, undefined> {
  for (const message of messages) {
    note(message.atMs);
    yield message;
  }
}

/** Says once that a server does not answer as it should, and once that it does again. */
class Trouble {
  readonly #url: string;
  readonly #host: ReplayHost;
  readonly #beforePrint: () => void;
  #reason: string | undefined;
  #sinceMs = 0;
  #isSaid = false;

  constructor(url: string, host: ReplayHost, beforePrint: () => void) {
    this.#url = url;
    this.#host = host;
    this.#beforePrint = beforePrint;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  note(reason: string | undefined): void {
    const nowMs = this.#host.nowMs();
    if (reason === undefined) {
      if (this.#isSaid) {
        const seconds = ((nowMs - this.#sinceMs) / 1_000).toFixed(1);
        this.#say(`${this.#url} takes messages again, after ${seconds} s.`);
      }
      this.#reason = undefined;
      this.#isSaid = false;
      return;
    }
    if (this.#reason === undefined) this.#sinceMs = nowMs;
    this.#reason = reason;
    if (this.#isSaid || nowMs - this.#sinceMs < TROUBLE_MS) return;
    this.#isSaid = true;
    this.#say(`${this.#url} takes no messages: ${reason}. Trying again…`);
  }

  #say(line: string): void {
    this.#beforePrint();
    this.#host.printProblem(line);
  }
}
