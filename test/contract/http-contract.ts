/**
 * The contract of `/v1` as tests, written from its specification: one suite, run against the Worker in miniflare
 * and against the server of `npm start`.
 */
import { beforeAll } from "vitest";
import { batchContract } from "./http/batches.ts";
import { Client } from "./http/client.ts";
import type { Reach } from "./http/client.ts";
import { messageContract } from "./http/messages.ts";
import { queryContract } from "./http/queries.ts";
import { socketContract } from "./http/sockets.ts";
import { twinContract } from "./http/twins.ts";

/** Registers the suite. `start` is called once, before the first test. */
export function httpContract(start: () => Promise<Reach>): void {
  const client = new Client();
  beforeAll(async () => client.use(await start()));
  messageContract(client);
  batchContract(client);
  twinContract(client);
  socketContract(client);
  queryContract(client);
}
