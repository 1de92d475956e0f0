/**
 * The demos that `npm start` runs: replays of data, as processes of their own that send to the server like devices.
 * Before its first replay a demo is given its start-up data.
 */
import { join } from "node:path";
import type { Demo } from "./arguments.ts";
import { passOutput } from "./child-output.ts";
import { describeExit, endChild, spawnGuarded } from "./guarded-child.ts";
import type { GuardedChild } from "./guarded-child.ts";
import type { SeededDemos } from "./seeded-demos.ts";

const STOP_MS = 2_000;

const REPLAY_ARGUMENTS: Readonly<Record<Demo, readonly string[]>> = {
  airports: ["airports", "--forever", "--quiet"],
  // Now and then an attack, so that the map has something to find.
  "power-grid": ["power-grid", "--attacks", "5", "--quiet"],
  "gas-meter": ["gas-meter", "--quiet"],
  "wind-turbine": ["wind-turbine", "--quiet"],
};

export interface Replays {
  end(): Promise<void>;
}

export interface ReplayOptions {
  /** The project's directory. */
  readonly root: string;
  readonly demos: readonly Demo[];
  readonly url: string;
  /** The administrator's secret, where requests need a key. */
  readonly key: string | undefined;
  readonly seeded: SeededDemos;
  readonly print: (line: string) => void;
}

/**
 * Starts the demos. One that fails is reported once, with its last line, and not started again; without its
 * start-up data it is played all the same, and given it at the next start.
 */
export function startReplays(options: ReplayOptions): Replays {
  const { root, seeded, print } = options;
  const env =
    options.key === undefined ? process.env : { ...process.env, LIVETWIN_KEY: options.key };
  let ending = false;
  const running = new Set<GuardedChild>();

  /** Runs a program of `tools` for a demo; answers whether it ended well. */
  async function run(demo: Demo, what: string, args: readonly string[]): Promise<boolean> {
    const [name = "", ...rest] = args;
    const words = [join(root, "tools", name), ...rest, "--to", options.url];
    const child = spawnGuarded(process.execPath, words, { cwd: root, env });
    running.add(child);
    const output = passOutput(demo, [child.stdout, child.stderr], () => undefined);
    const exit = await child.exited;
    running.delete(child);
    if (exit.code === 0) return true;
    if (!ending) print(`${what} ${demo} ended ${describeExit(exit)}: ${output.lastLine()}`);
    return false;
  }

  async function play(demo: Demo): Promise<void> {
    if (!seeded.has(demo)) {
      const isSeeded = await run(demo, "The seeding of", ["seed.ts", demo, "--quiet"]);
      if (isSeeded) seeded.add(demo);
    }
    if (!ending) await run(demo, "The demo", ["replay.ts", ...REPLAY_ARGUMENTS[demo]]);
  }

  const played = options.demos.map((demo) =>
    play(demo).catch((error: Error) => print(`The demo ${demo} can't be played: ${error.message}`)),
  );
  return {
    end: async () => {
      ending = true;
      await Promise.all([...running].map((child) => endChild(child, STOP_MS)));
      await Promise.all(played);
    },
  };
}
