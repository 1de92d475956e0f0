import { afterAll, describe } from "vitest";
import { WebSocket } from "ws";
import { httpContract } from "../contract/http-contract.ts";
import type { Connection } from "../contract/http/client.ts";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";

describe("the HTTP interface of a server, with a model of one's own", () => {
  const ended: (() => Promise<unknown>)[] = [];

  httpContract(async () => {
    const project = await copyProject();
    ended.unshift(async () => project[Symbol.asyncDispose]());
    const server = await startServer({ project: project.directory });
    ended.unshift(() => server.stop());
    return {
      fetch: (path, init) => fetch(`${server.url}${path}`, init),
      connect: (path) => connect(`${server.url.replace("http", "ws")}${path}`),
    };
  });

  afterAll(async () => {
    for (const end of ended) await end();
  });
});

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  const frames: string[] = [];
  const waiting: ((frame: string) => void)[] = [];
  socket.on("message", (data: Buffer) => {
    const next = waiting.shift();
    if (next === undefined) frames.push(data.toString());
    else next(data.toString());
  });
  await new Promise((opened, failed) => socket.once("open", opened).once("error", failed));
  return {
    send: (frame) => socket.send(frame),
    next: async () => {
      const frame = frames.shift() ?? (await new Promise<string>((take) => waiting.push(take)));
      return JSON.parse(frame) as Record<string, unknown>;
    },
    close: () => socket.close(),
  };
}
