/** Alerts of the real server: called out to a receiver on this machine, over failures and SIGKILL. */
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlertView } from "../../src/core/alerts/view.ts";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly type: string; readonly dedupKey: string; readonly alert: AlertView };
  readonly atMs: number;
}

/** Keeps what it gets, and answers as `answer` says. */
class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  answer: (call: Received, response: ServerResponse) => void = (_call, response) => response.end();
  readonly #server: Server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const { url: path = "", headers } = request;
      const body = JSON.parse(text) as Received["body"];
      const call = { path, headers, text, body, atMs: performance.now() };
      this.received.push(call);
      this.answer(call, response);
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(path: string): readonly Received[] {
    return this.received.filter((call) => call.path === path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

let project: Awaited<ReturnType<typeof copyProject>>;
let server: RunningServer;

beforeAll(async () => {
  project = await copyProject();
  server = await startServer({ project: project.directory });
});

afterAll(async () => {
  await server.stop();
  await project[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function say(id: string, message: unknown): Promise<void> {
  const response = await call("POST", `/v1/models/Counter/twins/${id}/messages`, message);
  expect(response.status).toBe(200);
}

/** Looks again until it holds; the test's time limit is the bound. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resume) => setTimeout(resume, 20));
}

test("a webhook gets each notification signed, in order, over failures, Retry-After and a slow neighbour", async () => {
  await using receiver = new Receiver();
  const url = await receiver.listen();
  const tries = new Map<string, number>();
  receiver.answer = ({ path, body }, response) => {
    if (path === "/slow") {
      setTimeout(() => response.end(), 3_000);
      return;
    }
    const key = `${path} ${body.type}`;
    tries.set(key, (tries.get(key) ?? 0) + 1);
    if (path === "/failing" && body.type === "firing" && tries.get(key) === 1) {
      response.writeHead(503, { "retry-after": "4" }).end("busy");
      return;
    }
    response.end("ok");
  };
  const channels = {
    slow: { kind: "json", url: `${url}/slow` },
    failing: { kind: "json", url: `${url}/failing`, secret: "shared secret" },
    good: { kind: "json", url: `${url}/good` },
  };
  for (const [id, body] of Object.entries(channels))
    expect((await call("PUT", `/v1/alert-channels/${id}`, body)).status).toBe(201);
  const startedAtMs = performance.now();
  await say("web-1", { do: "raise", body: { title: "Hot", key: "heat" } });
  await until(() => receiver.of("/failing").length === 1);
  await say("web-1", { do: "resolve", to: "heat" });
  await until(() => receiver.of("/good").length === 2);
  // The slow one holds up nobody.
  expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  await until(() => receiver.of("/failing").length === 3);
  const failing = receiver.of("/failing");
  expect(failing.map(({ body }) => body.type)).toEqual(["firing", "firing", "resolved"]);
  expect(failing[1]!.atMs - failing[0]!.atMs).toBeGreaterThan(3_900);
  expect(new Set(failing.map(({ body }) => body.dedupKey)).size).toBe(1);
  for (const { headers, text } of failing) {
    const [, seconds, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
      String(headers["livetwin-signature"]),
    )!;
    const expected = createHmac("sha256", "shared secret").update(`${seconds}.${text}`);
    expect(digest).toBe(expected.digest("hex"));
  }
  await until(() => receiver.of("/slow").length === 2);
  const shown = (await (await call("GET", "/v1/alert-channels/failing")).json()) as object;
  expect(shown).toMatchObject({ health: { delivered: 2, failedCalls: 1, waiting: 0 } });
  for (const id of Object.keys(channels)) await call("DELETE", `/v1/alert-channels/${id}`);
});

test("a server killed between raise and delivery tells of every alert, under a key that makes repeats one", async () => {
  await using receiver = new Receiver();
  const url = await receiver.listen();
  // Nobody is answered before the kill: each call that was made is made again.
  let isSilent = true;
  receiver.answer = (_call, response) => {
    if (!isSilent) response.end();
  };
  const channel = { kind: "json", url: `${url}/kill` };
  expect((await call("PUT", "/v1/alert-channels/kill", channel)).status).toBe(201);
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 10; i++)
      await say(`kill-${round}-${i}`, { do: "raise", body: { title: "Killed" } });
    await server.killWorkerd();
  }
  isSilent = false;
  const told = (type: string): Set<string> =>
    new Set(
      receiver.received.filter(({ body }) => body.type === type).map(({ body }) => body.alert.id!),
    );
  // Nobody asks the server anything: what was not delivered is by itself.
  await until(() => told("firing").size === rounds * 10);
  const resolved = Array.from({ length: 10 }, (_, i) => `kill-0-${i}`);
  for (const id of resolved) await say(id, { do: "resolve", to: "Killed" });
  await until(() => told("resolved").size === 10);
  const keys = new Map<string, Set<string>>();
  for (const { body } of receiver.received) {
    const id = body.alert.id!;
    keys.set(id, (keys.get(id) ?? new Set<string>()).add(body.dedupKey));
  }
  expect([...keys.values()].every((each) => each.size === 1)).toBe(true);
  expect(new Set([...keys.values()].flatMap((each) => [...each])).size).toBe(rounds * 10);
  // In order for each alert: nobody hears that it fires after hearing that it is over.
  for (const id of resolved) {
    const types = receiver.received
      .filter(({ body }) => body.alert.id === id)
      .map(({ body }) => body.type);
    expect(types.indexOf("resolved")).toBeGreaterThan(types.lastIndexOf("firing"));
  }
  const open = (await (await call("GET", "/v1/alerts?state=firing&limit=500")).json()) as {
    alerts: AlertView[];
  };
  expect(open.alerts.filter(({ title }) => title === "Killed")).toHaveLength((rounds - 1) * 10);
});
