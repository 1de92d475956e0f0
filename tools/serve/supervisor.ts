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
import { describeExit, endChild, isStopped, spawnGuarded } from "./guarded-child.ts";
import type { Exit, GuardedChild } from "./guarded-child.ts";
import { Silence } from "./silence.ts";
import { StartFailure } from "./start-failure.ts";
import { TIMINGS } from "./timings.ts";
import type { SupervisorTimings } from "./timings.ts";
import { passWorkerdOutput } from "./workerd-output.ts";
import type { WorkerdOutput } from "./workerd-output.ts";

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
  let hangs = 0;
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

    // A server that hung as soon as it was ready has not lived well for all the time until that was certain.
    const livedMs = performance.now() - startedAtMs - life.hungMs;
    if (livedMs >= timings.steadyMs) backOffMs = timings.backOffMsMin;
    if (life.hungMs > 0) hangs++;
    options.print(
      life.hungMs > 0
        ? hangLine(life.hungMs, hangs, backOffMs)
        : `workerd ended ${describeExit(exit)}; restarting`,
    );
    await pause(backOffMs, stop);
    backOffMs = Math.min(backOffMs * 2, timings.backOffMsMax);
  }
}

function hangLine(hungMs: number, hangs: number, backOffMs: number): string {
  return (
    `workerd was killed for it had not answered for ${seconds(hungMs)}: most likely a model's code does not return ` +
    `(hang ${hangs} of this run); restarting in ${seconds(backOffMs)}`
  );
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
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
  /** Milliseconds without an answer for which it was killed; 0 if it was not. */
  hungMs = 0;
  readonly #options: SupervisorOptions;
  readonly #timings: SupervisorTimings;
  /** Aborts when the process has ended: all that waits for it stops waiting. */
  readonly #ended = new AbortController();
  readonly #output: WorkerdOutput;

  constructor(child: GuardedChild, options: SupervisorOptions, timings: SupervisorTimings) {
    this.child = child;
    this.#options = options;
    this.#timings = timings;
    this.#output = passWorkerdOutput([child.stdout, child.stderr], (line) =>
      process.stderr.write(`${line}\n`),
    );
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
        this.hungMs = readyMsMax;
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
    const { healthIntervalMs, hangMsMax } = this.#timings;
    if (hangMsMax === Number.POSITIVE_INFINITY) return;
    const silence = new Silence(performance.now(), 2 * healthIntervalMs);
    let asking = false;
    const ask = async (): Promise<void> => {
      asking = true;
      if (await this.#isAlive()) silence.end(performance.now());
      asking = false;
    };
    while (!this.#ended.signal.aborted) {
      if (!asking) void ask();
      await pause(healthIntervalMs, this.#ended.signal);
      const silentMs = silence.look(performance.now());
      if (this.#ended.signal.aborted || silentMs < hangMsMax) continue;
      if (await isStopped(this.child.pid)) {
        this.#options.print("workerd is stopped, by SIGSTOP or a debugger: it is left alone");
        silence.end(performance.now());
        continue;
      }
      this.hungMs = silentMs;
      this.child.kill("SIGKILL");
      return;
    }
  }

  /**
   * Whether the thread that runs all code answers. It is asked at the supervisor's own socket, where no crowd of
   * clients can be in the way. There is no such page there: any answer is a sign of life, and what the code reports
   * about itself, a restart does not cure.
   */
  async #isAlive(): Promise<boolean> {
    const door = { socketPath: this.#options.supervisionSocket };
    const { healthTimeoutMs } = this.#timings;
    const answer = await askServer(door, "GET", "/healthz", healthTimeoutMs, this.#ended.signal);
    return answer !== undefined;
  }

  /** Why the first start failed, for the user. */
  explain(exit: Exit): string {
    const { listen } = this.#options;
    const line = this.#output.reason();
    if (/"public".*already in use/i.test(line)) return portTaken(listen.address, listen.port);
    const what =
      this.hungMs > 0
        ? `workerd was not ready within ${seconds(this.hungMs)}`
        : `workerd ended ${describeExit(exit)} before it was ready`;
    return line === "" ? what : `${what}: ${line}`;
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
