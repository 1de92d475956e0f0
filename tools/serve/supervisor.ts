/**
 * Keeps workerd running: starts it, says when it is ready, starts it again when it dies or stops answering, and
 * calls the scheduled handler once a minute, for which plain workerd has no clock.
 *
 * Killing it is always safe: what was acknowledged is durable, and interrupted work is taken up by alarms.
 */
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { portTaken } from "./address.ts";
import type { ListenAddress } from "./address.ts";
import { askServer } from "./ask-server.ts";
import type { Door, ServerAnswer } from "./ask-server.ts";
import { passOutput } from "./child-output.ts";
import { describeExit, endChild, spawnGuarded } from "./guarded-child.ts";
import type { Exit, GuardedChild } from "./guarded-child.ts";
import { StartFailure } from "./start-failure.ts";

export interface SupervisorTimings {
  /** Between two looks whether a starting server is ready. */
  readonly readyPollMs: number;
  /** A server that is not ready by then is taken for hung. */
  readonly readyMsMax: number;
  /** The pause before a restart: doubles from the first to the second with each early death. */
  readonly backOffMsMin: number;
  readonly backOffMsMax: number;
  /** A life this long makes the next pause the shortest again. */
  readonly steadyMs: number;
  /** Between two health checks. */
  readonly healthIntervalMs: number;
  /** What one health check waits for an answer. */
  readonly healthTimeoutMs: number;
  /** So many checks in a row without an answer end the server. */
  readonly healthFailuresMax: number;
  /** What the scheduled handler may take. */
  readonly scheduledMsMax: number;
  /** What workerd may take to end when asked to; then it is made to. */
  readonly stopMsMax: number;
}

/**
 * A model that computes for long blocks every request, for workerd has one thread. Its step is refused only when it
 * returns, so the health check must bear with it: 3 checks of 10 s, with pauses, are more than 30 s without an answer,
 * and only code that never returns takes so long.
 */
export const TIMINGS: SupervisorTimings = {
  readyPollMs: 25,
  readyMsMax: 60_000,
  backOffMsMin: 200,
  backOffMsMax: 5_000,
  steadyMs: 10_000,
  healthIntervalMs: 5_000,
  healthTimeoutMs: 10_000,
  healthFailuresMax: 3,
  scheduledMsMax: 50_000,
  stopMsMax: 5_000,
};

const MINUTE_MS = 60_000;
const TIMER_EARLY_MS = 5;

export interface SupervisorOptions {
  /** The workerd binary itself, not a wrapper of it. */
  readonly program: string;
  readonly args: readonly string[];
  readonly listen: ListenAddress;
  /** Of the entrypoint `Supervision`. A file that an earlier life left there is removed. */
  readonly supervisionSocket: string;
  readonly print: (line: string) => void;
  /** Called with each new process id, before the server is ready. */
  readonly onStarted: (pid: number) => Promise<void>;
  /** Called once, when the server is ready for the first time. */
  readonly onReady: () => void;
  readonly timings?: SupervisorTimings;
}

/**
 * Runs the server until `stop` aborts, then ends it and returns.
 * Throws `StartFailure` when it ends, or hangs, before it was ready for the first time: starting it again would not
 * help.
 */
export async function supervise(options: SupervisorOptions, stop: AbortSignal): Promise<void> {
  const timings = options.timings ?? TIMINGS;
  let backOffMs = timings.backOffMsMin;
  for (let first = true; !stop.aborted; first = false) {
    const startedAtMs = performance.now();
    const life = await startLife(options, timings);
    const onStop = (): void => void endChild(life.child, timings.stopMsMax);
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    if (await life.ready()) {
      options.print(
        first
          ? `Livetwin is ready at ${options.listen.url}`
          : `Livetwin is ready again at ${options.listen.url}, ${Math.round(performance.now() - startedAtMs)} ms after the restart`,
      );
      if (first) options.onReady();
      await Promise.all([life.keepSchedule(), life.watchHealth()]);
    }
    const exit = await life.child.exited;
    stop.removeEventListener("abort", onStop);
    if (stop.aborted) return;
    if (first && !life.wasReady) throw new StartFailure(life.explain(exit));

    if (performance.now() - startedAtMs >= timings.steadyMs) backOffMs = timings.backOffMsMin;
    options.print(`workerd ended ${describeExit(exit)}; restarting`);
    await pause(backOffMs, stop);
    backOffMs = Math.min(backOffMs * 2, timings.backOffMsMax);
  }
}

async function startLife(options: SupervisorOptions, timings: SupervisorTimings): Promise<Life> {
  await rm(options.supervisionSocket, { force: true });
  const child = spawnGuarded(options.program, options.args);
  const life = new Life(child, options, timings);
  try {
    await options.onStarted(child.pid);
  } catch (error) {
    await endChild(child, timings.stopMsMax);
    throw error;
  }
  return life;
}

/** One process of the server, from its start to its end. */
class Life {
  readonly child: GuardedChild;
  wasReady = false;
  readonly #options: SupervisorOptions;
  readonly #timings: SupervisorTimings;
  /** Aborts when the process has ended: all that waits for it stops waiting. */
  readonly #ended = new AbortController();
  readonly #lastLine: () => string;

  constructor(child: GuardedChild, options: SupervisorOptions, timings: SupervisorTimings) {
    this.child = child;
    this.#options = options;
    this.#timings = timings;
    this.#lastLine = passOutput("workerd", [child.stdout, child.stderr], (line) =>
      process.stderr.write(`${line}\n`),
    ).lastLine;
    void child.exited.then(() => this.#ended.abort());
  }

  /** Waits until the server answers that it is well. False when it ended before, or was ended for hanging. */
  async ready(): Promise<boolean> {
    const { readyPollMs, readyMsMax } = this.#timings;
    const deadlineMs = performance.now() + readyMsMax;
    while (!this.#ended.signal.aborted) {
      const answer = await this.#askHealth(readyMsMax);
      if (answer?.status === 200) {
        this.wasReady = true;
        return true;
      }
      if (performance.now() > deadlineMs) {
        this.#options.print(`workerd was not ready within ${readyMsMax / 1000} s`);
        this.child.kill("SIGKILL");
        await this.child.exited;
        return false;
      }
      await pause(readyPollMs, this.#ended.signal);
    }
    return false;
  }

  /** Calls the scheduled handler now and at each full minute, one call at a time, until the process ends. */
  async keepSchedule(): Promise<void> {
    const door = { socketPath: this.#options.supervisionSocket };
    while (!this.#ended.signal.aborted) {
      const answer = await askServer(
        door,
        "POST",
        "/scheduled",
        this.#timings.scheduledMsMax,
        this.#ended.signal,
      );
      if (!this.#ended.signal.aborted && (answer === undefined || answer.status >= 300)) {
        const why =
          answer === undefined ? "no answer" : `status ${answer.status} ${answer.body}`.trim();
        this.#options.print(`The scheduled run failed: ${why}. The next is due in a minute`);
      }
      // A timer may fire a little early, and it would then still be the minute before.
      const nowMs = Date.now();
      await pause(MINUTE_MS - (nowMs % MINUTE_MS) + TIMER_EARLY_MS, this.#ended.signal);
    }
  }

  /** Kills the process when it has not answered for so long that it never will. */
  async watchHealth(): Promise<void> {
    const { healthIntervalMs, healthTimeoutMs, healthFailuresMax } = this.#timings;
    let failures = 0;
    while (!this.#ended.signal.aborted) {
      await pause(healthIntervalMs, this.#ended.signal);
      // Any answer is a sign of life: what the code reports about itself, a restart does not cure.
      failures = (await this.#askHealth(healthTimeoutMs)) === undefined ? failures + 1 : 0;
      if (this.#ended.signal.aborted || failures < healthFailuresMax) continue;
      this.#options.print(
        `workerd did not answer ${failures} health checks of ${healthTimeoutMs / 1000} s in a row`,
      );
      this.child.kill("SIGKILL");
      return;
    }
  }

  /** Why the first start failed, for the user. */
  explain(exit: Exit): string {
    const { listen } = this.#options;
    const line = this.#lastLine();
    if (/"public".*already in use/i.test(line)) return portTaken(listen.address, listen.port);
    return `workerd ended ${describeExit(exit)} before it was ready${line === "" ? "" : `: ${line}`}`;
  }

  #askHealth(timeoutMs: number): Promise<ServerAnswer | undefined> {
    const { connectAddress, port } = this.#options.listen;
    const door: Door = { host: connectAddress, port };
    return askServer(door, "GET", "/healthz", timeoutMs, this.#ended.signal);
  }
}

/** Waits, or returns early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
