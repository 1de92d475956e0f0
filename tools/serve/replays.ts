/** The demos that `npm start` runs: replays of data, as processes of their own that send to the server like devices. */
import { join } from "node:path";
import type { Demo } from "./arguments.ts";
import { passOutput } from "./child-output.ts";
import { describeExit, endChild, spawnGuarded } from "./guarded-child.ts";

const STOP_MS = 2_000;

const REPLAY_ARGUMENTS: Readonly<Record<Demo, readonly string[]>> = {
  airports: ["airports", "--forever", "--quiet"],
  // Now and then an attack, so that the map has something to find.
  "power-grid": ["power-grid", "--attacks", "5", "--quiet"],
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
  readonly print: (line: string) => void;
}

/** Starts the demos. One that fails is reported once, with its last line, and not started again. */
export function startReplays(options: ReplayOptions): Replays {
  const { root, print } = options;
  const env =
    options.key === undefined ? process.env : { ...process.env, LIVETWIN_KEY: options.key };
  let ending = false;
  const children = options.demos.map((demo) => {
    const program = join(root, "tools", "replay.ts");
    const args = [program, ...REPLAY_ARGUMENTS[demo], "--to", options.url];
    const child = spawnGuarded(process.execPath, args, { cwd: root, env });
    const output = passOutput(demo, [child.stdout, child.stderr], () => undefined);
    void child.exited.then((exit) => {
      if (ending || exit.code === 0) return;
      print(`The demo ${demo} ended ${describeExit(exit)}: ${output.lastLine()}`);
    });
    return child;
  });
  return {
    end: async () => {
      ending = true;
      await Promise.all(children.map((child) => endChild(child, STOP_MS)));
    },
  };
}
