/** What the figures were measured on, and what else the machine did meanwhile. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { cpuMicros, CPU_SOURCE } from "./cpu-clock.ts";
import { syncMicros } from "./disk.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly workerd: string;
  readonly date: string;
  readonly cpuSource: string;
  /** Microseconds of a small durable write. */
  readonly syncMicros: number;
}

/** What the machine did in all, to compare with later. */
export interface Moment {
  readonly atMs: number;
  readonly loadAverage: number;
  /** Microseconds of CPU that all processes have taken; undefined where the system does not say. */
  readonly busyMicros: number | undefined;
  /** Of these, this process's and its servers'. */
  readonly ownMicros: number;
}

export interface Business {
  readonly loadAverageAtStart: number;
  readonly loadAverageAtEnd: number;
  /** Cores that other programs kept busy on average; undefined where the system does not say. */
  readonly othersCores: number | undefined;
}

/** From so many cores' worth of other programs on, figures are called lower bounds. */
const BUSY_CORES = 0.15;

export function describeMachine(directory: string): Machine {
  const [first] = cpus();
  const workerd = createRequire(import.meta.url)("workerd/package.json") as { version: string };
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    workerd: workerd.version,
    date: new Date().toISOString().slice(0, 10),
    cpuSource: CPU_SOURCE,
    syncMicros: syncMicros(directory),
  };
}

export function momentNow(serversMicros: number): Moment {
  return {
    atMs: performance.now(),
    loadAverage: loadavg()[0] ?? 0,
    busyMicros: busyMicros(),
    ownMicros: cpuMicros(process.pid) + serversMicros,
  };
}

export function businessBetween(start: Moment, end: Moment): Business {
  const loads = { loadAverageAtStart: start.loadAverage, loadAverageAtEnd: end.loadAverage };
  if (start.busyMicros === undefined || end.busyMicros === undefined)
    return { ...loads, othersCores: undefined };
  const others = end.busyMicros - start.busyMicros - (end.ownMicros - start.ownMicros);
  return { ...loads, othersCores: Math.max(0, others / ((end.atMs - start.atMs) * 1_000)) };
}

export function wasBusy({ othersCores, loadAverageAtStart }: Business): boolean {
  return (othersCores ?? loadAverageAtStart) > BUSY_CORES;
}

/** User, nice, system, interrupts and what a hypervisor gave to others, in hundredths of a second. */
function busyMicros(): number | undefined {
  try {
    const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/).map(Number);
    const [user, nice, system, , , irq, softIrq, steal] = fields.slice(1);
    return (user! + nice! + system! + irq! + softIrq! + steal!) * 10_000;
  } catch {
    // No /proc here.
    return undefined;
  }
}
