/** The entry: mounts the HTTP interface, names the objects. No logic. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "./env.ts";
import { handle } from "./ingest/app.ts";
import { clockMs } from "./routing/clock.ts";
import { watchCells } from "./routing/watchdog.ts";

export { Alerts } from "./alerts/alerts-object.ts";
export { Archiver } from "./archive/archiver-object.ts";
export { SharedData } from "./shared-data/shared-data-object.ts";
export { AggregatorShard } from "./aggregator/shard-object.ts";
export { Reducer } from "./aggregator/reducer-object.ts";
export { Registry } from "./control/registry-object.ts";
export { TwinObject } from "./twin-object.ts";

async function scheduled(env: Env, scheduledAtMs: number): Promise<void> {
  await Promise.all([
    env.REDUCER.getByName("reducer").minute(scheduledAtMs),
    watchCells(env, scheduledAtMs),
  ]);
}

export default {
  fetch: handle,
  scheduled: ({ scheduledTime }, env) => scheduled(env, scheduledTime),
} satisfies ExportedHandler<Env>;

/**
 * For the supervisor of a server at home, over a socket of its own: plain workerd has no cron, so the supervisor
 * calls here what the platform's cron trigger calls above.
 */
export class Supervision extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/scheduled") {
      return new Response("Not found\n", { status: 404 });
    }
    await scheduled(this.env, clockMs());
    return new Response(null, { status: 204 });
  }
}
