/**
 * A server under measurement: plain workerd with the configuration of `npm start`, on loopback and a free port,
 * without the supervisor. It ends with this process, however that ends.
 */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { claimPort } from "../serve/address.ts";
import type { WorkerManifest } from "../serve/build.ts";
import { describeExit, spawnGuarded } from "../serve/guarded-child.ts";
import type { GuardedChild } from "../serve/guarded-child.ts";
import { workerdConfig } from "../serve/workerd-config.ts";
import { BenchFailure } from "./bench-failure.ts";
import { bundle } from "./bundle.ts";
import type { BundleOptions, Variant } from "./bundle.ts";
import { cpuMicros } from "./cpu-clock.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { get } from "./messages.ts";

const LOOPBACK = "127.0.0.1";
/** A socket that nothing here uses; its path may have about 100 bytes. */
const SUPERVISION = "s";
const READY_MS_MAX = 30_000;
const READY_POLL_MS = 5;
/** Characters of a server's output that a failure shows. */
const OUTPUT_CHARS_MAX = 4_000;

/** What wrangler.toml says, as far as the bench's servers follow it. */
export type WorkerSettings = Pick<
  WorkerManifest,
  "compatibilityDate" | "compatibilityFlags" | "objects"
> &
  BundleOptions;

/** The parts of wrangler's configuration that are read here. */
interface WranglerConfig {
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly durable_objects: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[];
  };
  readonly keep_names?: boolean;
  readonly minify?: boolean;
}

/** Reads wrangler.toml through wrangler, which knows its defaults. */
export async function readSettings(): Promise<WorkerSettings> {
  // Loaded only here: it takes a second.
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const root = dirname(dirname(import.meta.dirname));
  const config = readConfig({ config: join(root, "wrangler.toml") }) as unknown as WranglerConfig;
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    objects: [
      ...config.durable_objects.bindings.map(({ name, class_name: className }) => ({
        binding: name,
        className,
      })),
      { binding: "BARE", className: "BareObject" },
    ],
    keepNames: config.keep_names ?? true,
    minify: config.minify ?? false,
  };
}

export class WorkerdServer {
  readonly port: number;
  readonly #acknowledged = new Map<string, number>();
  /** Milliseconds from the start of the process until it answered. */
  readyAfterMs = 0;
  readonly #directory: string;
  #child: GuardedChild | undefined;
  #output = "";
  /** CPU of processes of this server that have ended. */
  #endedMicros = 0;

  constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  /** Bundles a variant, and starts it with its objects below `directory`. */
  static async start(
    variant: Variant,
    settings: WorkerSettings,
    directory: string,
  ): Promise<WorkerdServer> {
    const run = join(directory, variant);
    for (const each of ["worker", "assets", "objects", "archive"])
      await mkdir(join(run, each), { recursive: true });
    await bundle(variant, settings, join(run, "worker", "worker.js"));
    await writeFile(join(run, "assets.json"), "{}");
    await copyFile(
      join(import.meta.dirname, "..", "serve", "assets-worker.js"),
      join(run, "assets-worker.js"),
    );
    const listen = await claimPort(LOOPBACK, LOOPBACK, 0);
    const config = workerdConfig({
      manifest: {
        ...settings,
        modules: [{ name: "worker.js", kind: "esModule" }],
        assets: { binding: "ASSETS", directory: "assets" },
      },
      bind: listen.bind,
      supervisionSocket: join(run, SUPERVISION),
      objectsDirectory: join(run, "objects"),
      assetsDirectory: join(run, "assets"),
      archiveDirectory: join(run, "archive"),
      network: "none",
      databases: [],
      authentication: false,
      memoryBytes: totalmem(),
    });
    await writeFile(join(run, "workerd.capnp"), config);
    const server = new WorkerdServer(run, listen.port);
    await server.launch();
    return server;
  }

  get pid(): number {
    if (this.#child === undefined) throw new BenchFailure("The server is not running.");
    return this.#child.pid;
  }

  /** Starts the process (again) and waits until it answers. */
  async launch(): Promise<void> {
    // A process that was killed has left its socket's file.
    await rm(join(this.#directory, SUPERVISION), { force: true });
    const startMs = performance.now();
    const { default: program } = createRequire(import.meta.url)("workerd") as { default: string };
    const child = spawnGuarded(program, ["serve", join(this.#directory, "workerd.capnp")]);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_CHARS_MAX);
      });
    }
    let ended: string | undefined;
    void child.exited.then((exit) => (ended = describeExit(exit)));
    while (!(await this.#answers())) {
      if (ended !== undefined)
        throw new BenchFailure(`workerd ended ${ended} before it was ready:\n${this.#output}`);
      if (performance.now() - startMs > READY_MS_MAX)
        throw new BenchFailure(`workerd was not ready in ${READY_MS_MAX} ms:\n${this.#output}`);
      await delay(READY_POLL_MS);
    }
    this.readyAfterMs = performance.now() - startMs;
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#endedMicros += cpuMicros(child.pid);
    this.#child = undefined;
    child.kill("SIGKILL");
    await child.exited;
  }

  /** Notes messages of a model as acknowledged. */
  acknowledge(model: string, messages: number): void {
    this.#acknowledged.set(model, this.acknowledged(model) + messages);
  }

  /** Messages of a model that were acknowledged. */
  acknowledged(model: string): number {
    return this.#acknowledged.get(model) ?? 0;
  }

  /** Microseconds of CPU that this server's processes have taken. */
  cpuMicros(): number {
    return this.#endedMicros + (this.#child === undefined ? 0 : cpuMicros(this.#child.pid));
  }

  /** Bytes of memory: now, and at most. NaN where the system does not say. */
  memory(): { readonly nowBytes: number; readonly peakBytes: number } {
    return { nowBytes: this.#statusBytes("VmRSS"), peakBytes: this.#statusBytes("VmHWM") };
  }

  /** The tail of what the server printed. */
  get output(): string {
    return this.#output;
  }

  #statusBytes(field: string): number {
    try {
      const text = readFileSync(`/proc/${this.pid}/status`, "utf8");
      return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
    } catch {
      // No /proc here.
      return Number.NaN;
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const connection = await HttpConnection.open(this.port);
      const { status } = await connection.ask(get("/healthz"));
      connection.close();
      return status === 200;
    } catch {
      // It does not listen yet.
      return false;
    }
  }
}
