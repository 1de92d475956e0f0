/**
 * `npm run replay`: fills twins with life. Sends recorded flights, a simulated power grid, simulated gas
 * meters or wind turbines to a server like devices would, in their own time or faster, and checks afterwards that every flight counted exactly once.
 *
 * Exit codes: 0 when every message that was sent was taken, 1 when not, 2 for a wrong command line.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HELP, parseReplayArguments } from "./replay/arguments.ts";
import type { ReplayArguments } from "./replay/arguments.ts";
import { ReplayFailure } from "./replay/replay-failure.ts";
import {
  replayAirports,
  replayGasMeters,
  replayPowerGrid,
  replayWindTurbines,
} from "./replay/run.ts";
import type { ReplayHost } from "./replay/run.ts";
import { verifyAirports } from "./replay/verify.ts";
import { stopSignal } from "./stop-signal.ts";

process.exit(await main());

async function main(): Promise<number> {
  const stop = stopSignal();
  const parsed = parseReplayArguments(process.argv.slice(2));
  const host: ReplayHost = {
    stop,
    stdout: process.stdout,
    print: (line) => process.stdout.write(`${line}\n`),
    printProblem: (line) => process.stderr.write(`${line}\n`),
    key: process.env["LIVETWIN_KEY"],
    // Rejects only when the replay is to stop: then the wait is simply over.
    wait: (ms) => sleep(ms, undefined, { signal: stop }).catch(() => undefined),
    nowMs: () => performance.now(),
    random: () => Math.random(),
  };
  try {
    return await run(parsed, host);
  } catch (error) {
    if (!(error instanceof ReplayFailure)) throw error;
    host.printProblem(error.message);
    return 1;
  }
}

async function run(parsed: ReplayArguments, host: ReplayHost): Promise<number> {
  switch (parsed.kind) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "wrong":
      host.printProblem(parsed.detail);
      return 2;
    case "airports":
      return (await replayAirports(parsed.options, host)) ? 0 : 1;
    case "power-grid":
      return (await replayPowerGrid(parsed.options, host)) ? 0 : 1;
    case "gas-meter":
      return (await replayGasMeters(parsed.options, host)) ? 0 : 1;
    case "wind-turbine":
      return (await replayWindTurbines(parsed.options, host)) ? 0 : 1;
    case "verify":
      return (await verifyAirports(parsed.options, host)) ? 0 : 1;
  }
}
