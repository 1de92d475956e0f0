/** The public HTTP interface: routes, who may call them, and what becomes of failures. */
import { Hono } from "hono";
import type { Env } from "../env.ts";
import { authenticate } from "./authenticate.ts";
import { problem } from "./problem.ts";
import { childrenRoutes } from "./routes/children.ts";
import { commandRoutes } from "./routes/commands.ts";
import { historyRoutes } from "./routes/history.ts";
import { alertSettingRoutes } from "./routes/alert-settings.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { liveRoutes } from "./routes/live.ts";
import { logRoutes } from "./routes/log.ts";
import { messageRoutes } from "./routes/messages.ts";
import { modelRoutes } from "./routes/models.ts";
import { isOpenToAll, openApiRoutes } from "./routes/openapi.ts";
import { queryRoutes } from "./routes/query.ts";
import { socketRoutes } from "./routes/sockets.ts";
import { sharedDataRoutes } from "./routes/shared-data.ts";
import { systemRoutes } from "./routes/system.ts";
import { tableRoutes } from "./routes/tables.ts";
import { twinRoutes } from "./routes/twins.ts";
import { widgetRoutes } from "./routes/widgets.ts";

/** The routes; requests come through `handle`. */
export const app = new Hono<{ Bindings: Env }>();

messageRoutes(app);
twinRoutes(app);
commandRoutes(app);
childrenRoutes(app);
socketRoutes(app);
queryRoutes(app);
widgetRoutes(app);
liveRoutes(app);
alertRoutes(app);
alertSettingRoutes(app);
modelRoutes(app);
logRoutes(app);
historyRoutes(app);
sharedDataRoutes(app);
tableRoutes(app);
systemRoutes(app);
openApiRoutes(app);

app.notFound((c) => {
  const { method, path } = c.req;
  if (!isApiPath(path) && c.env.ASSETS !== undefined) return c.env.ASSETS.fetch(c.req.raw);
  return problem({ code: "request/not-found", detail: `There is nothing at ${method} ${path}.` });
});

app.onError((error, c) => {
  console.error(`${c.req.method} ${c.req.path} failed:`, error);
  return problem({
    code: "server/error",
    detail: "The server failed at this request. Its log has the error.",
  });
});

/** By the end of the URL, which is not parsed for it: one with a query is no health check. */
function isHealthCheck(request: Request): boolean {
  return request.url.endsWith("/healthz") && new URL(request.url).pathname === "/healthz";
}

function isApiPath(path: string): boolean {
  return path.startsWith("/v1/") || path === "/v1" || path === "/healthz" || path === "/metrics";
}

/** Answers a request. What comes before the routes is no middleware: it would add turns to every message. */
export function handle(
  request: Request,
  env: Env,
  context: ExecutionContext,
): Response | Promise<Response> {
  if (isHealthCheck(request)) return app.fetch(request, env, context);
  const refusal = authenticate(request, env);
  if (refusal === null) return app.fetch(request, env, context);
  if (refusal instanceof Promise) {
    return refusal.then((late) =>
      late === null || isOpenToAll(request, late)
        ? app.fetch(request, env, context)
        : problem(late),
    );
  }
  return problem(refusal);
}
