/**
 * Devices with sockets while the server is killed again and again: each command that an acknowledged message caused
 * reaches its device, in order, once by id; what the server has taken as acknowledged never comes again.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { seededRandom } from "../../src/core/random.ts";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const SEED = Number(process.env["KILL_SEED"] ?? 20261123);
const ROUNDS = 4;
const DEVICES = 6;
const BATCH = 5;
const RETRY_MS = 20;

interface Frame {
  readonly type: string;
  readonly commandId: string;
  readonly body: number;
}

let server: RunningServer;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const project = await copyProject();
  ended.unshift(async () => project[Symbol.asyncDispose]());
  server = await startServer({ project: project.directory });
  ended.unshift(() => server.stop());
});

afterAll(async () => {
  for (const end of ended) await end();
});

/** A device that is always connected, or about to be; it acknowledges by frame or by request, sometimes late. */
class Device {
  /** Bodies in the order in which their ids were first seen. */
  readonly received: number[] = [];
  readonly faults: string[] = [];
  connections = 0;
  repeats = 0;
  readonly #path: string;
  readonly #random: () => number;
  readonly #seen = new Set<string>();
  /** What is to be acknowledged yet. */
  readonly #open = new Set<string>();
  readonly #acknowledged = new Set<string>();
  #socket: WebSocket | undefined;
  #stopped = false;

  constructor(name: string, random: () => number) {
    this.#path = `/v1/models/Counter/twins/${name}`;
    this.#random = random;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#connection();
      await pause(RETRY_MS);
    }
  }

  /** Acknowledges what it has until nothing is pending, and goes. */
  async finish(sent: number): Promise<void> {
    while (this.received.length < sent || (await this.#pending()) > 0) {
      await this.#acknowledge([...this.#open]);
      await pause(RETRY_MS);
    }
    this.#stopped = true;
    this.#socket?.close();
  }

  #connection(): Promise<void> {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}${this.#path}/socket`);
    this.#socket = socket;
    // What was acknowledged before must not come on this connection.
    const before = new Set(this.#acknowledged);
    socket.on("open", () => this.connections++);
    socket.on("message", (data: Buffer) => this.#take(JSON.parse(String(data)) as Frame, before));
    return new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
  }

  #take({ type, commandId, body }: Frame, before: ReadonlySet<string>): void {
    if (type !== "command") return;
    if (before.has(commandId)) this.faults.push(`${commandId} came after its acknowledgement`);
    this.#open.add(commandId);
    if (this.#seen.has(commandId)) this.repeats++;
    else {
      this.#seen.add(commandId);
      this.received.push(body);
    }
    const choice = this.#random();
    if (choice < 0.3) this.#socket?.send(JSON.stringify({ type: "ack", commandIds: [commandId] }));
    else if (choice < 0.5) void this.#acknowledge([...this.#open]);
  }

  async #acknowledge(commandIds: readonly string[]): Promise<void> {
    const answer = await ask("POST", `${this.#path}/commands/ack`, { commandIds });
    if (answer === undefined) return;
    for (const commandId of commandIds) {
      this.#open.delete(commandId);
      this.#acknowledged.add(commandId);
    }
  }

  async #pending(): Promise<number> {
    const answer = await ask("GET", `${this.#path}/commands`);
    return answer === undefined ? 1 : (answer["commands"] as unknown[]).length;
  }
}

/** The answer, or undefined when the connection broke or the server was not ready. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown> | undefined> {
  try {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${server.url}${path}`, init);
    return response.status === 200
      ? ((await response.json()) as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a twin send numbers to its device, one after the other; answers how many. */
async function sendUntilStopped(name: string, load: { stop: boolean }): Promise<number> {
  let sent = 0;
  while (!load.stop) {
    const batch = Array.from({ length: BATCH }, (_, i) => ({
      id: name,
      message: { do: "command", body: sent + i },
      messageId: `${sent + i}`,
    }));
    for (let taken = 0; taken < BATCH;) {
      const answer = await ask("POST", "/v1/models/Counter/messages", batch);
      if (answer !== undefined)
        taken = (answer["accepted"] as number) + (answer["duplicates"] as number);
      await pause(RETRY_MS);
    }
    sent += BATCH;
  }
  return sent;
}

test(`through ${ROUNDS} kills, devices get each command once, in order (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const load = { stop: false };
  const names = Array.from({ length: DEVICES }, (_, i) => `device-${i}`);
  const devices = names.map((name, i) => new Device(name, seededRandom(SEED + i)));
  const running = devices.map((device) => device.run());
  const senders = names.map((name) => sendUntilStopped(name, load));
  for (let round = 0; round < ROUNDS; round++) {
    await pause(100 + random() * 400);
    await server.killWorkerd();
  }
  load.stop = true;
  const sent = await Promise.all(senders);
  await Promise.all(devices.map((device, i) => device.finish(sent[i]!)));
  await Promise.all(running);
  for (const [i, device] of devices.entries()) {
    expect(device.faults).toEqual([]);
    expect(device.received).toEqual(Array.from({ length: sent[i]! }, (_, n) => n));
    expect(device.connections).toBeGreaterThan(1);
  }
  expect(Math.min(...sent)).toBeGreaterThan(BATCH);
  expect(devices.reduce((sum, { repeats }) => sum + repeats, 0)).toBeGreaterThan(0);
});
