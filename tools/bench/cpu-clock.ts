/**
 * CPU time of a process: the figure that a busy machine disturbs least. From the scheduler where Linux says it
 * (nanoseconds), else from the process's accounting (hundredths of a second), else it is the time on the wall:
 * under a saturating load of a process of one thread that is an upper bound.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";

export type CpuSource = "schedstat" | "stat" | "wall";

/** Where this machine says it. */
export const CPU_SOURCE: CpuSource = existsSync(`/proc/${process.pid}/schedstat`)
  ? "schedstat"
  : existsSync(`/proc/${process.pid}/stat`)
    ? "stat"
    : "wall";

/** The kernel's unit in /proc/PID/stat, the same on every Linux in use. */
const TICK_US = 10_000;

/** Microseconds that all threads of a process have run; only differences mean something. 0 when it has ended. */
export function cpuMicros(pid: number): number {
  try {
    return runMicros(pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

function runMicros(pid: number): number {
  switch (CPU_SOURCE) {
    case "schedstat": {
      let nanos = 0;
      for (const task of readdirSync(`/proc/${pid}/task`)) nanos += taskNanos(pid, task);
      return nanos / 1_000;
    }
    case "stat": {
      // The second field is the program's name in parentheses, which may hold spaces itself.
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * TICK_US;
    }
    case "wall":
      return performance.now() * 1_000;
  }
}

function taskNanos(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    // The thread has ended since the directory was read.
    return 0;
  }
}
