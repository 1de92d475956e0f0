/** What the sections share: the directory on disk and the servers, started when they are first needed. */
import { rm } from "node:fs/promises";
import type { Variant } from "./bundle.ts";
import { acceptedAnswer } from "./contenders.ts";
import { readCounters } from "./counters.ts";
import { makeDataDirectory } from "./disk.ts";
import { sendAll } from "./load/http-load.ts";
import { creation } from "./messages.ts";
import type { Load } from "./messages.ts";
import { TWINS } from "./plan.ts";
import { readSettings, WorkerdServer } from "./workerd-server.ts";
import type { WorkerSettings } from "./workerd-server.ts";

/** Objects are evicted after ten seconds without a request, and without a store that would be their end. */
const AWAKE_INTERVAL_MS = 4_000;

/** A server that is being started when the run is given up may still write. */
const REMOVE_TRIES = 5;

/** The model of all sections but `scale`. */
export const PUMP = "Pump";

export class Stand implements AsyncDisposable {
  readonly directory: string;
  readonly #settings: WorkerSettings;
  readonly #servers = new Map<Variant, WorkerdServer>();
  readonly #awake: NodeJS.Timeout;
  /** CPU of servers that were ended. */
  #endedMicros = 0;

  constructor(directory: string, settings: WorkerSettings) {
    this.directory = directory;
    this.#settings = settings;
    this.#awake = setInterval(() => void this.#keepAwake(), AWAKE_INTERVAL_MS).unref();
  }

  static async make(): Promise<Stand> {
    return new Stand(await makeDataDirectory(), await readSettings());
  }

  /** A server with all pumps, or an empty one for `fleet`. */
  async server(variant: Variant): Promise<WorkerdServer> {
    const running = this.#servers.get(variant);
    if (running !== undefined) return running;
    const server = await WorkerdServer.start(variant, this.#settings, this.directory);
    this.#servers.set(variant, server);
    if (variant !== "fleet") await this.send(server, PUMP, creation(PUMP, TWINS));
    return server;
  }

  /** A server, if it was started. */
  running(variant: Variant): WorkerdServer | undefined {
    return this.#servers.get(variant);
  }

  /** Sends a load once. */
  async send(server: WorkerdServer, model: string, load: Load): Promise<void> {
    const target = { port: server.port, load, answer: acceptedAnswer(load) };
    server.acknowledge(model, await sendAll(target));
  }

  async end(variant: Variant): Promise<void> {
    const server = this.#servers.get(variant);
    this.#servers.delete(variant);
    if (server === undefined) return;
    await server.kill();
    this.#endedMicros += server.cpuMicros();
  }

  /** Microseconds of CPU that all servers have taken. */
  cpuMicros(): number {
    let micros = this.#endedMicros;
    for (const server of this.#servers.values()) micros += server.cpuMicros();
    return micros;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#awake);
    for (const variant of this.#servers.keys()) await this.end(variant);
    await rm(this.directory, { recursive: true, force: true, maxRetries: REMOVE_TRIES });
  }

  async #keepAwake(): Promise<void> {
    for (const [variant, server] of this.#servers) {
      if (variant === "fleet") continue;
      // A server that is being ended answers no more, and need not.
      await readCounters(server.port, PUMP).catch(() => undefined);
    }
  }
}
