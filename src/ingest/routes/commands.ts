/** Commands to a device that asks for them: what is pending, and what it says that it has. */
import type { Context, Hono } from "hono";
import { COMMAND_WAIT_S_MAX, MESSAGE_CHARS_MAX } from "../../core/limits.ts";
import type { Env } from "../../env.ts";
import { commandsJson, parseAcknowledgement } from "../../wire/commands-v1.ts";
import { callCell } from "../cell-calls.ts";
import { integerParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readJson } from "../read-body.ts";
import { targetOf } from "./twins.ts";

type Ctx = Context<{ Bindings: Env }>;

export function commandRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/twins/:id/commands", getCommands);
  app.post("/v1/models/:model/twins/:id/commands/ack", postAcknowledgement);
}

async function getCommands(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const range = { min: 0, max: COMMAND_WAIT_S_MAX, fallback: 0 };
  const waitS = integerParameter("wait", c.req.query("wait"), range);
  if (!waitS.ok) return problem(waitS.refusal);
  const { id, key } = target.value;
  const reply = await callCell(c.env, key, (cell) => cell.commands(id, waitS.value * 1_000));
  if ("code" in reply) return problem(reply);
  return new Response(commandsJson(reply), { headers: { "content-type": "application/json" } });
}

async function postAcknowledgement(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  const body = await readJson(c.req.raw, MESSAGE_CHARS_MAX);
  if (!body.ok) return problem(body.refusal);
  const commandIds = parseAcknowledgement(body.value);
  if (!commandIds.ok) return problem(commandIds.refusal);
  const { id, key } = target.value;
  const reply = await callCell(c.env, key, (cell) => cell.acknowledge(id, commandIds.value));
  return "code" in reply ? problem(reply) : Response.json(reply);
}
