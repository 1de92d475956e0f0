import { exports } from "cloudflare:workers";
import { describe } from "vitest";
import { httpContract } from "../contract/http-contract.ts";
import type { Connection, Reach } from "../contract/http/client.ts";

const worker = exports.default;

describe("the HTTP interface in miniflare", () => {
  httpContract(async (): Promise<Reach> => ({
    fetch: (path, init) => worker.fetch(new Request(`http://localhost${path}`, init)),
    connect,
  }));
});

async function connect(path: string): Promise<Connection> {
  const response = await worker.fetch(
    new Request(`http://localhost${path}`, { headers: { upgrade: "websocket" } }),
  );
  const socket = response.webSocket;
  if (socket === null)
    throw new Error(`no WebSocket at ${path}: ${response.status} ${await response.text()}`);
  socket.accept();
  const frames: string[] = [];
  const waiting: ((frame: string) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const next = waiting.shift();
    if (next === undefined) frames.push(String(data));
    else next(String(data));
  });
  return {
    send: (frame) => socket.send(frame),
    next: async () => {
      const frame = frames.shift() ?? (await new Promise<string>((take) => waiting.push(take)));
      return JSON.parse(frame) as Record<string, unknown>;
    },
    close: () => socket.close(),
  };
}
