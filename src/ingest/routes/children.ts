/** The children of a twin, page by page. */
import type { Context, Hono } from "hono";
import { isModelName, isTwinId } from "../../core/ids.ts";
import type { TwinRef } from "../../core/hierarchy/declaration.ts";
import { keyOf } from "../../core/hierarchy/declaration.ts";
import { LIST_LIMIT_MAX } from "../../core/limits.ts";
import { ok, refuse } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import type { ChildrenJson } from "../../wire/twin-v1.ts";
import { callCell } from "../cell-calls.ts";
import { limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { targetOf } from "./twins.ts";

type Ctx = Context<{ Bindings: Env }>;

export function childrenRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/twins/:id/children", listChildren);
}

async function listChildren(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const limit = limitParameter(c.req.query("limit"), LIST_LIMIT_MAX);
  if (!limit.ok) return problem(limit.refusal);
  const after = cursorOf(c.req.query("cursor"));
  if (!after.ok) return problem(after.refusal);
  const model = c.req.query("model") ?? null;
  const { id, key, model: parent } = target.value;
  // One more than is shown tells whether there is a next page.
  const page = { model, after: after.value, limit: limit.value + 1 };
  const found = await callCell(c.env, key, (cell) => cell.children(id, page));
  if (found === null)
    return problem({
      code: "twin/unknown",
      detail: `There is no twin "${id}" of model ${parent.name}.`,
    });
  if ("code" in found) return problem(found);
  const children = found.slice(0, limit.value);
  const last = children.at(-1);
  const cursor = found.length > children.length && last !== undefined ? keyOf(last) : null;
  return Response.json({ children, cursor } satisfies ChildrenJson);
}

/** The cursor is the last child of the page before: `model/id`. */
function cursorOf(text: string | undefined): Result<TwinRef | null> {
  if (text === undefined || text === "") return ok(null);
  const slash = text.indexOf("/");
  const [model, id] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash > 0 && isModelName(model) && isTwinId(id)) return ok({ model, id });
  const given = JSON.stringify(text.slice(0, 200));
  return refuse(
    "request/bad-parameter",
    `"cursor" is what the page before gave; this one is ${given}.`,
  );
}
