/**
 * The contract of `/v1` as tests, written from its specification: one suite, run against the Worker in miniflare
 * and against the server of `npm start`.
 */
import { beforeAll } from "vitest";
import { alertContract } from "./http/alerts.ts";
import { batchContract } from "./http/batches.ts";
import { childrenContract } from "./http/children.ts";
import { Client } from "./http/client.ts";
import { commandContract } from "./http/commands.ts";
import type { Reach } from "./http/client.ts";
import { descriptionContract } from "./http/description.ts";
import { historyContract } from "./http/history.ts";
import { logContract } from "./http/logs.ts";
import { messageContract } from "./http/messages.ts";
import { described } from "./http/openapi.ts";
import { queryContract } from "./http/queries.ts";
import { sharedDataContract } from "./http/shared-data.ts";
import { socketContract } from "./http/sockets.ts";
import { tableContract } from "./http/tables.ts";
import { twinContract } from "./http/twins.ts";
import { widgetContract } from "./http/widgets.ts";

/** Registers the suite. `start` is called once, before the first test. */
export function httpContract(start: () => Promise<Reach>): void {
  const client = new Client();
  beforeAll(async () => client.use(described(await start())));
  messageContract(client);
  batchContract(client);
  twinContract(client);
  childrenContract(client);
  socketContract(client);
  commandContract(client);
  queryContract(client);
  sharedDataContract(client);
  tableContract(client);
  logContract(client);
  historyContract(client);
  alertContract(client);
  widgetContract(client);
  descriptionContract(client);
}
