/** Where the objects are stored: on a disk that has to be waited for, not in memory. */
import { closeSync, fdatasyncSync, openSync, statfsSync, unlinkSync, writeSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchFailure } from "./bench-failure.ts";
import { median } from "./statistics.ts";

/** File systems in memory, by what statfs calls them: tmpfs, ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

const SYNCS = 50;
const SYNC_BYTES = 4_096;

/** A new directory on a real disk; the caller removes it. */
export async function makeDataDirectory(): Promise<string> {
  for (const parent of [tmpdir(), "/var/tmp", import.meta.dirname]) {
    if (isOnDisk(parent)) return mkdtemp(join(parent, "livetwin-bench-"));
  }
  throw new BenchFailure(`${tmpdir()} and /var/tmp are in memory: there is no disk to measure.`);
}

/** Microseconds until a small write is durable on the disk of `directory`: the median of several. */
export function syncMicros(directory: string): number {
  const path = join(directory, "sync");
  const file = openSync(path, "w");
  const micros: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    writeSync(file, Buffer.alloc(SYNC_BYTES, i), 0, SYNC_BYTES, i * SYNC_BYTES);
    const startMs = performance.now();
    fdatasyncSync(file);
    micros.push((performance.now() - startMs) * 1_000);
  }
  closeSync(file);
  unlinkSync(path);
  return median(micros);
}

function isOnDisk(directory: string): boolean {
  try {
    return !IN_MEMORY.has(statfsSync(directory).type);
  } catch {
    // There is no such directory.
    return false;
  }
}
