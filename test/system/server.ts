/**
 * Starts `npm start`'s program for a test: the real supervisor, the real workerd, the built Worker, on a free port
 * with a data directory of its own. Should the test process be killed, the server ends with it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunRecord } from "../../tools/serve/data-directory.ts";
import { spawnGuarded } from "../../tools/serve/guarded-child.ts";
import type { Exit, GuardedChild } from "../../tools/serve/guarded-child.ts";

const ROOT = dirname(dirname(import.meta.dirname));

/** A first start builds the bundle, and other tests may be building or running on the same two cores. */
const START_MS_MAX = 120_000;
const RESTART_MS_MAX = 30_000;

export interface ServerOptions {
  /** Kept when the server stops; without it the server gets one of its own, which is removed. */
  readonly dataDirectory?: string;
  readonly port?: number;
  /** As on the command line; `none` unless given. */
  readonly demo?: string;
  /** Further words of the command line. */
  readonly words?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** The project whose server is started: this one, or a copy of it with other models. */
  readonly project?: string;
  /** The soft limit of open files that the supervisor is started with. */
  readonly openFilesMax?: number;
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDirectory: string;
  readonly supervisorPid: number;
  /** Another one after each restart. */
  readonly workerdPid: number;
  /** Does what ends workerd, and waits until the supervisor has made the server ready again. */
  restartedBy(act: () => unknown): Promise<void>;
  /** Kills workerd, and waits for the same. */
  killWorkerd(): Promise<void>;
  /** Ends the server in order and answers how its supervisor ended. Harmless when it has ended already. */
  stop(): Promise<Exit>;
  /** All that the supervisor printed until now. */
  output(): string;
}

/** What a run that ends by itself printed, and how it ended. */
export interface FinishedRun {
  readonly exit: Exit;
  readonly output: string;
}

/** Starts a server and waits until it is ready. Throws with its output when it ends before. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const dataDirectory = options.dataDirectory ?? (await makeDataDirectory());
  const { port = 0, demo = "none" } = options;
  const child = spawnStart(
    ["--port", String(port), "--data", dataDirectory, "--demo", demo, ...(options.words ?? [])],
    options,
  );
  const output = collect(child);
  const restartedBy = async (act: () => unknown): Promise<void> => {
    const from = output.text().length;
    await act();
    await output.until(/^Livetwin is ready again at .*\n/m, from, RESTART_MS_MAX);
  };
  const stop = async (): Promise<Exit> => {
    child.kill("SIGTERM");
    const exit = await child.exited;
    if (options.dataDirectory === undefined)
      await rm(dataDirectory, { recursive: true, force: true });
    return exit;
  };
  try {
    const url = (await output.until(/^Livetwin is ready at (\S+)$/m, 0, START_MS_MAX))[1] ?? "";
    return {
      url,
      dataDirectory,
      supervisorPid: child.pid,
      get workerdPid() {
        return workerdPidOf(dataDirectory);
      },
      restartedBy,
      killWorkerd: () => restartedBy(() => process.kill(workerdPidOf(dataDirectory), "SIGKILL")),
      stop,
      output: output.text,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs the program with a command line that makes it end by itself. */
export async function runStart(
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<FinishedRun> {
  const child = spawnStart(args, env === undefined ? {} : { env });
  const output = collect(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
  const exit = await child.exited;
  clearTimeout(timer);
  return { exit, output: output.text() };
}

/** A new directory under the system's temporary one; the caller removes it. */
export function makeDataDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "livetwin-test-"));
}

function spawnStart(
  args: readonly string[],
  {
    env = {},
    openFilesMax,
    project = ROOT,
  }: Pick<ServerOptions, "env" | "openFilesMax" | "project"> = {},
): GuardedChild {
  // A secret of the developer's own shell must not turn authentication on in tests that did not ask for it.
  const options = { cwd: project, env: { ...process.env, LIVETWIN_ADMIN_SECRET: "", ...env } };
  const words = [process.execPath, join(project, "tools", "start.ts"), ...args];
  const limit = openFilesMax === undefined ? "" : `ulimit -S -n ${openFilesMax}; `;
  return spawnGuarded("/bin/sh", ["-c", `${limit}exec "$@"`, "sh", ...words], options);
}

function workerdPidOf(dataDirectory: string): number {
  const run = JSON.parse(readFileSync(join(dataDirectory, "run.json"), "utf8")) as RunRecord;
  if (run.workerdPid === null) throw new Error("the supervisor has not started workerd yet");
  return run.workerdPid;
}

interface CollectedOutput {
  readonly text: () => string;
  /** Waits until what was printed from the offset on matches. Throws when the program ends or `msMax` pass first. */
  until(pattern: RegExp, from: number, msMax: number): Promise<RegExpExecArray>;
}

function collect(child: GuardedChild): CollectedOutput {
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const look of waiting) look();
    });
  }
  return {
    text: () => text,
    until: (pattern, from, msMax) =>
      new Promise((resolve, reject) => {
        const settle = (outcome: () => void): void => {
          clearTimeout(timer);
          waiting.delete(look);
          outcome();
        };
        const fail = (why: string): void => {
          settle(() => reject(new Error(`${why} before it printed ${String(pattern)}:\n${text}`)));
        };
        const look = (): void => {
          const match = pattern.exec(text.slice(from));
          if (match !== null) settle(() => resolve(match));
        };
        const timer = setTimeout(() => fail(`the server took more than ${msMax} ms`), msMax);
        waiting.add(look);
        void child.exited.then(() => fail("the server ended"));
        look();
      }),
  };
}
