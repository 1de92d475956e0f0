/** Shared data: values by key, of a model or of all. */
import type { Context, Hono } from "hono";
import { ID_LENGTH_MAX, LIST_LIMIT_MAX, QUERY_BODY_BYTES_MAX } from "../../core/limits.ts";
import { ok, refuse } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import type { SharedEntry, SharedOutcome } from "../../core/shared-data/book.ts";
import { GLOBAL_SCOPE, checkChange, keyFault } from "../../core/shared-data/change.ts";
import type { SharedChange } from "../../core/shared-data/change.ts";
import type { Env } from "../../env.ts";
import { deployedModel } from "../../routing/deployment.ts";
import {
  parseExpectedVersion,
  parseSharedAdd,
  parseSharedPut,
  sharedJson,
} from "../../wire/shared-data-v1.ts";
import { limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readJson } from "../read-body.ts";
import { askShared, callShared } from "../shared-calls.ts";

type Ctx = Context<{ Bindings: Env }>;

interface Place {
  readonly scope: string;
  readonly key: string;
}

export function sharedDataRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/shared/:scope", listKeys);
  app.get("/v1/shared/:scope/:key", getKey);
  app.put("/v1/shared/:scope/:key", putKey);
  app.delete("/v1/shared/:scope/:key", deleteKey);
  app.post("/v1/shared/:scope/:key/add", addToKey);
}

async function listKeys(c: Ctx): Promise<Response> {
  const scope = await scopeOf(c);
  if (!scope.ok) return problem(scope.refusal);
  const limit = limitParameter(c.req.query("limit"), LIST_LIMIT_MAX);
  if (!limit.ok) return problem(limit.refusal);
  const prefix = c.req.query("prefix") ?? "";
  // The cursor is the last key of the page before.
  const after = c.req.query("cursor") ?? "";
  const found = await callShared(c.env, (stub) =>
    stub.list(scope.value, prefix, after, limit.value + 1),
  );
  if ("code" in found) return problem(found);
  const shown = found.slice(0, limit.value);
  const cursor = found.length > shown.length ? shown.at(-1)!.key : null;
  return Response.json({ scope: scope.value, entries: shown.map(sharedJson), cursor });
}

async function getKey(c: Ctx): Promise<Response> {
  const place = await placeOf(c);
  if (!place.ok) return problem(place.refusal);
  const { scope, key } = place.value;
  const found = await askShared<[SharedEntry | null]>(c.env, { ask: "get", scope, keys: [key] });
  if (!found.ok) return problem(found.refusal);
  const [entry] = found.value;
  if (entry === null) return problem(unknown(place.value));
  return Response.json(
    { scope, ...sharedJson(entry) },
    { headers: { etag: `"${entry.version}"` } },
  );
}

async function putKey(c: Ctx): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const value = parseSharedPut(body.value);
  if (!value.ok) return problem(value.refusal);
  return changeKey(c, { kind: "set", value: value.value });
}

async function deleteKey(c: Ctx): Promise<Response> {
  const response = await changeKey(c, { kind: "delete" });
  return response.ok ? new Response(null, { status: 204 }) : response;
}

async function addToKey(c: Ctx): Promise<Response> {
  const body = await readJson(c.req.raw, QUERY_BODY_BYTES_MAX);
  if (!body.ok) return problem(body.refusal);
  const by = parseSharedAdd(body.value);
  return by.ok ? changeKey(c, { kind: "add", by: by.value }) : problem(by.refusal);
}

/** Changes a key, and answers with what it then has. `Idempotency-Key` makes a repeat harmless for ten minutes. */
async function changeKey(c: Ctx, wanted: SharedChange): Promise<Response> {
  const place = await placeOf(c);
  if (!place.ok) return problem(place.refusal);
  const change = checkChange(wanted);
  if (!change.ok) return problem(change.refusal);
  const ifVersion = parseExpectedVersion(c.req.header("if-match"), c.req.header("if-none-match"));
  if (!ifVersion.ok) return problem(ifVersion.refusal);
  const operation = c.req.header("idempotency-key");
  if (operation !== undefined && operation.length > ID_LENGTH_MAX)
    return problem({
      code: "request/bad-parameter",
      detail: `Idempotency-Key has ${operation.length} characters; the limit is ${ID_LENGTH_MAX}.`,
    });
  const { scope, key } = place.value;
  const outcome = await askShared<SharedOutcome>(c.env, {
    ask: "change",
    scope,
    key,
    change: change.value,
    ...(ifVersion.value === undefined ? {} : { ifVersion: ifVersion.value }),
    ...(operation === undefined ? {} : { operation: `${scope}/${key}/${operation}` }),
  });
  if (!outcome.ok) return problem(outcome.refusal);
  const { value, version } = outcome.value;
  return Response.json({ scope, key, value, version }, { headers: { etag: `"${version}"` } });
}

async function placeOf(c: Ctx): Promise<Result<Place>> {
  const scope = await scopeOf(c);
  if (!scope.ok) return scope;
  const key = c.req.param("key")!;
  const fault = keyFault(key);
  return fault === undefined ? ok({ scope: scope.value, key }) : { ok: false, refusal: fault };
}

async function scopeOf(c: Ctx): Promise<Result<string>> {
  const scope = c.req.param("scope")!;
  if (scope === GLOBAL_SCOPE) return ok(scope);
  const model = await deployedModel(c.env, scope);
  if (model.ok) return ok(scope);
  const { code, detail } = model.refusal;
  return refuse(code, `${detail} What all models share is under ${GLOBAL_SCOPE}.`);
}

function unknown({ scope, key }: Place): Refusal {
  return { code: "shared/unknown", detail: `There is no "${key}" in scope "${scope}".` };
}
