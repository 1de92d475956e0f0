/**
 * A child process that can't outlive this one. A signal that no program can catch ends the parent without a word,
 * and workerd would go on holding the port and the data. So each child gets a guard beside it: a subshell that
 * reads from a pipe which only the parent holds. The kernel closes that pipe however the parent ends, the guard's
 * read returns, and it kills the child. What was acknowledged is durable, so killing loses nothing.
 *
 * The shell becomes the child by exec, so the process id is the child's own.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/**
 * `ulimit`: a live Durable Object takes three file descriptors, and at the usual soft limit of 1,024 the 313th one
 * fails. Where the hard limit can't be had (macOS calls it unlimited), a large number is tried.
 */
const SCRIPT = `
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 65536 2>/dev/null || true
(read -r word <&3; [ "$word" = ended ] || kill -KILL $$) >/dev/null 2>&1 &
exec "$@" 3<&-`;

const ORPHAN_POLL_MS = 20;
const ORPHAN_POLLS_MAX = 250;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedChild {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process has ended and its output has been read. Never rejects. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts a program in its own process group, so that Ctrl-C in a terminal reaches the parent alone, which then ends
 * its children in order. Throws when the system can't start a process.
 */
export function spawnGuarded(
  program: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    /** Run it as another user, which only root may. */
    readonly uid?: number;
    readonly gid?: number;
  } = {},
): GuardedChild {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", program, ...args], {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const leash = child.stdio[3] as Duplex;
  // The guard may be gone already when the word for it is written.
  leash.on("error", () => undefined);
  leash.resume();
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", () => leash.end("ended\n"));
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: 127, signal: null }));
  });
  if (child.pid === undefined)
    throw new Error(`${program} can't be started: the system has no process for it`);
  return {
    pid: child.pid,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    exited,
    kill: (signal) => void child.kill(signal),
  };
}

/** How a process ended, as part of a sentence: `by signal SIGKILL`, `with exit code 1`. */
export function describeExit(exit: Exit): string {
  return exit.signal === null
    ? `with exit code ${exit.code ?? "unknown"}`
    : `by signal ${exit.signal}`;
}

/** Asks a child to end, and after `graceMs` makes it end. */
export async function endChild(child: GuardedChild, graceMs: number): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  child.kill("SIGTERM");
  await child.exited;
  clearTimeout(timer);
}

/**
 * Ends a process that an earlier run left behind, if the process of that id is still the one: its command line has
 * `mark` in it. The guard makes this rare, but a guard can be killed too.
 *
 * @returns whether there was one.
 */
export async function endOrphan(pid: number, mark: string): Promise<boolean> {
  if (!(await commandLineOf(pid)).includes(mark)) return false;
  process.kill(pid, "SIGKILL");
  for (let poll = 0; poll < ORPHAN_POLLS_MAX; poll++) {
    if (!(await commandLineOf(pid)).includes(mark)) return true;
    await delay(ORPHAN_POLL_MS);
  }
  throw new Error(`process ${pid}, left behind by an earlier run, does not end`);
}

/** The words of a process's command line. Empty when there is none of that id, or it has ended. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === "linux") {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return words.replaceAll("\0", " ");
  }
  return askPs(pid, "command");
}

/** Whether somebody has stopped the process: with SIGSTOP, or in a debugger. */
export async function isStopped(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return (await askPs(pid, "state")).startsWith("T");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // "pid (name) state …", and the name may have brackets in it. Upper case is for a signal, lower for a debugger.
  const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return state === "T" || state === "t";
}

async function askPs(pid: number, column: string): Promise<string> {
  const ps = spawn("ps", ["-ww", "-o", `${column}=`, "-p", String(pid)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  ps.once("error", () => undefined);
  let text = "";
  for await (const chunk of ps.stdout) text += String(chunk);
  return text;
}
