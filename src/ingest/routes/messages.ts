/** Messages in: for one twin, for many. */
import type { Context, Hono } from "hono";
import type { CommandsWanted } from "../../core/cell/requests.ts";
import { cellOf, isTwinId } from "../../core/ids.ts";
import { MESSAGES_PER_REQUEST_MAX, MESSAGE_CHARS_MAX } from "../../core/limits.ts";
import { refuse } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import { singleValue, splitValues } from "../../core/json/tokenizer.ts";
import type { Env } from "../../env.ts";
import { deployedModel } from "../../routing/deployment.ts";
import { acceptSlice } from "../cell-calls.ts";
import { problem } from "../problem.ts";
import { readText } from "../read-body.ts";
import { badId, batchBody, rejectionOf, routeBatch, splitBatch } from "../route-batch.ts";
import type { BatchFormat } from "../route-batch.ts";
import type { AcceptReply } from "../../wire/internal-rpc.ts";

type Ctx = Context<{ Bindings: Env }>;

export function messageRoutes(app: Hono<{ Bindings: Env }>): void {
  app.post("/v1/models/:model/messages", postBatch);
  app.post("/v1/models/:model/twins/:id/messages", postForTwin);
}

async function postBatch(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const text = await readText(c.req.raw);
  if (!text.ok) return problem(text.refusal);
  const batch = splitBatch(text.value, formatOf(c.req.raw), model.value);
  if (!batch.ok) return problem(malformedBody(batch.refusal));
  const { name } = model.value;
  const outcome = await routeBatch(batch.value, (cell, slice) =>
    acceptSlice(c.env, name, cell, slice.text, slice.indexes.length, false),
  );
  const [first] = outcome.rejected;
  // Where every single message has to wait, the request has.
  if (
    first !== undefined &&
    outcome.rejected.length === batch.value.count &&
    outcome.rejected.every((each) => each.retry === true)
  ) {
    return problem({ code: first.code, detail: first.detail, data: batchBody(outcome) });
  }
  return Response.json(batchBody(outcome));
}

async function postForTwin(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  const id = c.req.param("id")!;
  if (!isTwinId(id)) return problem(badId(id));
  const text = await readText(c.req.raw);
  if (!text.ok) return problem(text.refusal);
  const identity = identityOf(c);
  if (!identity.ok) return problem(identity.refusal);
  const wanted = commandsWanted(c);
  if (!wanted.ok) return problem(wanted.refusal);
  const slice = sliceForTwin(text.value, id, identity.value);
  if (!slice.ok) return problem(slice.refusal);
  const { name, placement } = model.value;
  const reply = await acceptSlice(
    c.env,
    name,
    cellOf(id, placement),
    slice.value.text,
    slice.value.count,
    wanted.value,
  );
  if ("code" in reply) return problem(reply);
  return answerForTwin(reply);
}

/** The answer to nearly every message. */
const TAKEN = '{"accepted":1,"duplicates":0,"rejected":[],"commands":[]}';
const JSON_HEADERS = { headers: { "content-type": "application/json" } };

function answerForTwin(reply: AcceptReply): Response {
  const { accepted, repeated, rejected, commands = [], commandIds } = reply;
  if (accepted === 1 && repeated.length + rejected.length + commands.length === 0) {
    return new Response(TAKEN, JSON_HEADERS);
  }
  const body = {
    accepted,
    duplicates: repeated.length,
    rejected: rejected.map(([index, refusal]) => rejectionOf(index, undefined, refusal)),
    commands,
    ...(commandIds === undefined ? {} : { commandIds }),
  };
  const [first] = rejected;
  if (accepted > 0 || repeated.length > 0 || first === undefined) return Response.json(body);
  // Nothing was taken: the first reason speaks for the request, and the body still says all of them.
  const [, { code, detail }] = first;
  return problem({ code, detail, data: body });
}

/** A client that takes the answer for the commands' delivery says `?ack=answer`. */
function commandsWanted(c: Ctx): Result<CommandsWanted> {
  const ack = c.req.url.includes("?") ? c.req.query("ack") : undefined;
  if (ack === undefined) return { ok: true, value: true };
  if (ack === "answer") return { ok: true, value: "taken" };
  const given = JSON.stringify(ack.slice(0, 80));
  return refuse("request/bad-parameter", `"ack" is "answer" or absent; this one is ${given}.`);
}

/** The query's or header's identity of a message, as members of its envelope: `,"messageId":"…"` or nothing. */
function identityOf(c: Ctx): Result<string> {
  if (!c.req.url.includes("?") && c.req.raw.headers.get("idempotency-key") === null) {
    return { ok: true, value: "" };
  }
  const messageId = c.req.query("messageId") ?? c.req.header("idempotency-key");
  const seq = c.req.query("seq");
  if (seq !== undefined && !/^-?\d{1,16}$/.test(seq)) {
    return refuse(
      "message/bad-message-id",
      `"seq" is an integer; this one is ${JSON.stringify(seq)}.`,
    );
  }
  const members = messageId === undefined ? "" : `,"messageId":${JSON.stringify(messageId)}`;
  return { ok: true, value: seq === undefined ? members : `${members},"seq":${Number(seq)}` };
}

function sliceForTwin(
  text: string,
  id: string,
  identity: string,
): Result<{ text: string; count: number }> {
  const value = singleValue(text);
  if (!value.ok) return { ok: false, refusal: malformedMessage(value.refusal) };
  const { start, end, kind } = value.value;
  const head = `{"id":${JSON.stringify(id)},"message":`;
  if (kind !== "array") return single(text.slice(start, end), head, identity);
  if (identity !== "") {
    return refuse(
      "message/bad-message-id",
      "messageId, seq and Idempotency-Key name one message; this body is a list.",
    );
  }
  const elements: string[] = [];
  const split = splitValues(text, (_index, from, to) =>
    elements.push(`${head}${text.slice(from, to)}}`),
  );
  if (!split.ok) return { ok: false, refusal: malformedMessage(split.refusal) };
  if (elements.length > MESSAGES_PER_REQUEST_MAX) {
    return refuse(
      "body/too-many",
      `The body has ${elements.length} messages; the limit is ${MESSAGES_PER_REQUEST_MAX}.`,
    );
  }
  return { ok: true, value: { text: elements.join(","), count: elements.length } };
}

function single(
  text: string,
  head: string,
  identity: string,
): Result<{ text: string; count: number }> {
  if (text.length > MESSAGE_CHARS_MAX) {
    return refuse(
      "message/too-large",
      `The message has ${text.length} characters; the limit is ${MESSAGE_CHARS_MAX}.`,
    );
  }
  return { ok: true, value: { text: `${head}${text}${identity}}`, count: 1 } };
}

function formatOf(request: Request): BatchFormat {
  const type = request.headers.get("content-type") ?? "";
  return type.includes("ndjson") || type.includes("jsonl") ? "ndjson" : "json";
}

/** The contract calls bad JSON `message/malformed`, whether it is a message or the list around them. */
function malformedBody(refusal: Refusal): Refusal {
  return refusal.code === "body/malformed" ? malformedMessage(refusal) : refusal;
}

function malformedMessage(refusal: Refusal): Refusal {
  return {
    ...refusal,
    code: "message/malformed",
    detail: `The body can't be read: ${refusal.detail}.`,
  };
}
