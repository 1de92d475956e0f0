/**
 * The directory that holds everything a server at home knows. One server at a time uses it, and only one that
 * knows its format.
 *
 *     livetwin.json   {"format":n}: which layout this is; written once
 *     objects/        the Durable Objects' SQLite files; workerd's own layout. Back up this with livetwin.json
 *     archive/        what models put into the archive; files that are written once and may be read at any time
 *     seeded.json     which demos have been given their start-up data (`seeded-demos.ts`)
 *     lock            held by the running server
 *     run/            what the running server was started from; made anew at each start
 *     run.json        who is running: process ids and address
 */
import {
  access,
  constants,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { tryLock } from "./file-lock.ts";
import type { FileLock } from "./file-lock.ts";
import { StartFailure } from "./start-failure.ts";

/** The layout that this version writes. A higher one is refused; a lower one would be migrated here. */
export const DATA_FORMAT = 1;

/** What a directory may hold and still count as new: our lock, and what a fresh volume brings. */
const FOUND_IN_EMPTY = new Set(["lock", "lost+found"]);

/** Who is running, for messages, for tests, and for the start that finds an orphan after a crash. */
export interface RunRecord {
  readonly supervisorPid: number;
  readonly url: string;
  /** Holds the supervision socket; removed at the end. */
  readonly temporaryDirectory: string;
  readonly workerdPid: number | null;
}

export interface DataDirectory {
  /** Absolute, as are the other paths. */
  readonly path: string;
  readonly objects: string;
  readonly archive: string;
  readonly run: string;
  /** The record of a server that did not end in order. */
  readonly interrupted: RunRecord | undefined;
  record(run: RunRecord): Promise<void>;
  /** Removes what only the running server needed, and the lock. */
  close(): Promise<void>;
}

/** Opens the directory, creating it if need be, and locks it. Throws `StartFailure` when it can't be used. */
export async function openDataDirectory(given: string): Promise<DataDirectory> {
  const path = resolve(given);
  const lock = await lockDirectory(given, path);
  const recordPath = join(path, "run.json");
  const run = join(path, "run");
  const objects = join(path, "objects");
  const archive = join(path, "archive");
  try {
    await writeAtomically(join(path, "livetwin.json"), { format: DATA_FORMAT });
    await mkdir(objects, { recursive: true });
    await mkdir(archive, { recursive: true });
    await rm(run, { recursive: true, force: true });
    await mkdir(run);
    return {
      path,
      objects,
      archive,
      run,
      interrupted: await readRunRecord(path),
      record: (record) => writeAtomically(recordPath, record),
      close: async () => {
        await rm(run, { recursive: true, force: true });
        await rm(recordPath, { force: true });
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw unusable(given, error);
  }
}

/** The record of the running server, if there is one. */
export async function readRunRecord(path: string): Promise<RunRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(path, "run.json"), "utf8")) as RunRecord;
  } catch {
    // Not there, or torn by a crash of the machine: nobody is known to run.
    return undefined;
  }
}

async function lockDirectory(given: string, path: string): Promise<FileLock> {
  let lock;
  try {
    await makeDirectory(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await checkFormat(given, path);
    lock = tryLock(join(path, "lock"));
  } catch (error) {
    throw error instanceof StartFailure ? error : unusable(given, error);
  }
  if (lock !== undefined) return lock;
  const run = await readRunRecord(path);
  const who = run === undefined ? "" : ` (process ${run.supervisorPid}, ${run.url})`;
  throw new StartFailure(
    `The data directory ${given} is in use by another Livetwin${who}. End that one, or choose another: --data <path>`,
  );
}

/** As `mkdir -p`. Node's own never returns on a file system that refuses new directories as not found, such as /proc. */
async function makeDirectory(path: string): Promise<void> {
  // Twins may be patients: what they are is nobody else's on this machine.
  const options = { mode: 0o700 };
  try {
    await mkdir(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, options);
  }
}

async function checkFormat(given: string, path: string): Promise<void> {
  const names = await readdir(path);
  if (!names.includes("livetwin.json")) {
    const foreign = names.filter((name) => !FOUND_IN_EMPTY.has(name));
    if (foreign.length === 0) return;
    throw new StartFailure(
      `The directory ${given} is not empty and holds no livetwin.json, so it is not Livetwin's ` +
        `(it holds ${foreign.slice(0, 3).join(", ")}). Choose an empty one or a new path: --data <path>`,
    );
  }
  const format = formatOf(await readFile(join(path, "livetwin.json"), "utf8"));
  if (format === undefined) {
    throw new StartFailure(
      `${join(given, "livetwin.json")} does not say {"format":n}: it is damaged or not Livetwin's.`,
    );
  }
  if (format > DATA_FORMAT) {
    throw new StartFailure(
      `The data directory ${given} has format ${format}, written by a newer version of Livetwin; ` +
        `this one knows formats up to ${DATA_FORMAT}. Update Livetwin, or choose another directory: --data <path>`,
    );
  }
}

function formatOf(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return typeof format === "number" && Number.isSafeInteger(format) && format >= 1
      ? format
      : undefined;
  } catch {
    return undefined;
  }
}

function unusable(given: string, error: unknown): StartFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "this user may not write there",
    ENOENT: "the file system takes no directory there",
    EPERM: "this user may not write there",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EEXIST: "there is a file of that name",
    ENOTDIR: "a part of the path is a file",
  };
  return new StartFailure(
    `The data directory ${given} can't be used: ${reasons[code ?? ""] ?? message}.`,
  );
}

async function writeAtomically(path: string, value: object): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`);
  await rename(temporary, path);
}
