/** Live connections: the Worker checks who calls, the reducer takes the socket. */
import type { Context, Hono } from "hono";
import type { Refusal } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { problem } from "../problem.ts";

export function liveRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/live", connect);
}

async function connect(c: Context<{ Bindings: Env }>): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return problem({
      code: "request/upgrade-required",
      detail: "/v1/live is a WebSocket: ask for an upgrade.",
    });
  }
  const response = await c.env.REDUCER.getByName("reducer").fetch(c.req.raw);
  return response.status === 101 ? response : problem(await response.json<Refusal>());
}
