/** The description of this interface, and the pages to browse it. Both are files, made with the dashboard. */
import type { Context, Hono } from "hono";
import type { Refusal } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { problem } from "../problem.ts";

type Ctx = Context<{ Bindings: Env }>;

const DESCRIPTION = "/openapi.json";
const PAGE = "/docs";

export function openApiRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get(DESCRIPTION, file);
  app.get(`${PAGE}/*`, file);
}

/**
 * Whether a refused request may go on without a key: it is documentation of public code, and a browser that opens a
 * page has no key to send. A deployment that has no secret yet refuses these as everything else.
 */
export function isOpenToAll(request: Request, { code }: Refusal): boolean {
  if (code !== "auth/unauthenticated" || !["GET", "HEAD"].includes(request.method)) return false;
  const { pathname } = new URL(request.url);
  return pathname === DESCRIPTION || pathname === PAGE || pathname.startsWith(`${PAGE}/`);
}

function file(c: Ctx): Response | Promise<Response> {
  // One address for the page, from which its parts are found.
  if (c.req.path === `${PAGE}/`) return c.redirect(PAGE, 301);
  if (c.env.ASSETS !== undefined) return c.env.ASSETS.fetch(c.req.raw);
  const detail = `${c.req.path} is a file of the dashboard, which this deployment does not have.`;
  return problem({ code: "request/not-found", detail });
}
