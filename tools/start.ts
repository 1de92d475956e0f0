/**
 * `npm start`: Livetwin on this machine. Builds the Worker's bundle if need be and runs it with plain workerd,
 * supervised, with its Durable Objects in a data directory. `docs/operating.md` says how to run it for good.
 *
 * Exit codes: 0 after a signal asked it to end, 1 when it could not start, 2 for a wrong command line.
 */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { checkExposure, claimPort, resolveHost } from "./serve/address.ts";
import { HELP, parseStartArguments } from "./serve/arguments.ts";
import type { StartOptions } from "./serve/arguments.ts";
import { snapshotWorker } from "./serve/build.ts";
import { databaseNames } from "./serve/databases.ts";
import { openDataDirectory } from "./serve/data-directory.ts";
import type { DataDirectory } from "./serve/data-directory.ts";
import { endOrphan } from "./serve/guarded-child.ts";
import { startReplays } from "./serve/replays.ts";
import type { Replays } from "./serve/replays.ts";
import { SeededDemos } from "./serve/seeded-demos.ts";
import { StartFailure } from "./serve/start-failure.ts";
import { describeAssets } from "./serve/static-assets.ts";
import { supervise } from "./serve/supervisor.ts";
import { TIMINGS } from "./serve/timings.ts";
import { workerdConfig } from "./serve/workerd-config.ts";
import type { WorkerdConfigOptions } from "./serve/workerd-config.ts";
import { stopSignal } from "./stop-signal.ts";

const ROOT = dirname(import.meta.dirname);
const TEMPORARY_PREFIX = "livetwin-";

process.exit(await main());

async function main(): Promise<number> {
  const stop = stopSignal();
  const parsed = parseStartArguments(process.argv.slice(2));
  if (parsed.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    if (parsed.kind === "wrong") throw new StartFailure(parsed.detail, 2);
    await start(parsed.options, stop);
    return 0;
  } catch (error) {
    if (error instanceof StartFailure) {
      process.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    // A build or a wait that was given up because of the signal.
    if (stop.aborted) return 0;
    throw error;
  }
}

async function start(options: StartOptions, stop: AbortSignal): Promise<void> {
  const address = await resolveHost(options.host);
  const secret = process.env["LIVETWIN_ADMIN_SECRET"];
  const authentication = checkExposure(options.host, address, secret);
  const databases = databaseNames(process.env);
  const data = await openDataDirectory(options.dataDirectory);
  // A directory that only this user enters, with a short path: a socket's path may have about 100 bytes.
  const temporaryDirectory = await mkdtemp(join(tmpdir(), TEMPORARY_PREFIX));
  const supervisionSocket = join(temporaryDirectory, "supervision");
  let replays: Replays | undefined;
  try {
    await cleanUpAfter(data);
    const listen = await claimPort(options.host, address, options.port);
    const record = { supervisorPid: process.pid, url: listen.url, temporaryDirectory };
    await data.record({ ...record, workerdPid: null });
    const { bind } = listen;
    const { network, hangMsMax } = options;
    const chosen = { bind, supervisionSocket, authentication, network, databases };
    await prepareRun(data, chosen, stop);

    const onReady = (): void => {
      print(accessLine(authentication, address));
      if (options.demos.length > 0)
        print(`Playing ${options.demos.join(", ")}; --demo none leaves that out.`);
      const key = authentication ? secret : undefined;
      replays = startReplays({
        root: ROOT,
        demos: options.demos,
        url: listen.localUrl,
        key,
        seeded: new SeededDemos(data.path),
        print,
      });
    };
    const onStarted = (workerdPid: number): Promise<void> => data.record({ ...record, workerdPid });
    const program = workerdProgram();
    const args = ["serve", configPath(data)];
    const timings = { ...TIMINGS, hangMsMax };
    await supervise(
      { program, args, listen, supervisionSocket, print, onStarted, onReady, timings },
      stop,
    );
  } finally {
    await replays?.end();
    await rm(temporaryDirectory, { recursive: true, force: true });
    await data.close();
  }
}

/** Fills the run directory with all that workerd reads: the bundle, the static assets and its configuration. */
async function prepareRun(
  data: DataDirectory,
  chosen: Pick<
    WorkerdConfigOptions,
    "bind" | "supervisionSocket" | "authentication" | "network" | "databases"
  >,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await snapshotWorker({ root: ROOT, print, signal }, data.run);
  const assetsDirectory = join(data.run, "assets");
  const config = workerdConfig({
    ...chosen,
    manifest,
    objectsDirectory: data.objects,
    archiveDirectory: data.archive,
    assetsDirectory,
    memoryBytes: memoryBytes(),
  });
  await writeFile(configPath(data), config);
  await writeFile(
    join(data.run, "assets.json"),
    JSON.stringify(await describeAssets(assetsDirectory)),
  );
  const assetsWorker = "assets-worker.js";
  await copyFile(join(import.meta.dirname, "serve", assetsWorker), join(data.run, assetsWorker));
}

function accessLine(authentication: boolean, address: string): string {
  if (authentication) return "Requests need a key.";
  return `Authentication is off: only this machine reaches ${address}.`;
}

/** Ends and removes what a supervisor left behind that was itself killed. */
async function cleanUpAfter(data: DataDirectory): Promise<void> {
  const { interrupted } = data;
  if (interrupted === undefined) return;
  if (
    interrupted.workerdPid !== null &&
    (await endOrphan(interrupted.workerdPid, configPath(data)))
  ) {
    print("Ended the workerd that an interrupted run had left behind");
  }
  const temporary = interrupted.temporaryDirectory;
  if (dirname(temporary) === tmpdir() && basename(temporary).startsWith(TEMPORARY_PREFIX)) {
    await rm(temporary, { recursive: true, force: true });
  }
}

function configPath(data: DataDirectory): string {
  return join(data.run, "workerd.capnp");
}

/** The path of workerd's binary, which its package knows: a wrapper would hide the process id. */
function workerdProgram(): string {
  const { default: path } = createRequire(import.meta.url)("workerd") as { default: string };
  return path;
}

/** What this process may use: a container may have less than the machine. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
