/** WebSockets in: a device's, which its twin's cell holds, and a gateway's, which speaks for many twins. */
import type { Context, Hono } from "hono";
import { cellKey, cellOf, isTwinId } from "../../core/ids.ts";
import { BODY_BYTES_MAX } from "../../core/limits.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import type { Env } from "../../env.ts";
import { deployedModel } from "../../routing/deployment.ts";
import { gatewayAcknowledgementOf } from "../../wire/commands-v1.ts";
import type { GatewayAcknowledgement } from "../../wire/commands-v1.ts";
import type { DeployedModel } from "../../wire/internal-rpc.ts";
import { acceptSlice, callCell } from "../cell-calls.ts";
import { problem } from "../problem.ts";
import { badId, routeBatch, splitBatch } from "../route-batch.ts";
import type { BatchOutcome, BatchRejection, CellSlice, SplitBatch } from "../route-batch.ts";
import { targetOf } from "./twins.ts";

type Ctx = Context<{ Bindings: Env }>;

/** Frames of one gateway that may wait for their acknowledgement; a gateway that sends more is cut off. */
const GATEWAY_WINDOW_FRAMES_MAX = 4_096;

export function socketRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/models/:model/twins/:id/socket", deviceSocket);
  app.get("/v1/models/:model/socket", gatewaySocket);
}

async function deviceSocket(c: Ctx): Promise<Response> {
  const target = await targetOf(c);
  if (!target.ok) return problem(target.refusal);
  if (!wantsSocket(c)) return problem(NO_SOCKET);
  const { id, key } = target.value;
  const envelope = c.req.query("envelope") === undefined ? "" : "&envelope=1";
  const url = `https://cell/socket?id=${encodeURIComponent(id)}${envelope}`;
  const reply = await callCell(c.env, key, (cell) => cell.fetch(new Request(url, c.req.raw)));
  return reply instanceof Response ? reply : problem(reply);
}

/**
 * A gateway's frames are lists as in `POST …/messages` (or one element alone). Frames that arrive together are
 * routed together; each gets its acknowledgement, in order, after the commands that they caused. Other commands wait
 * in their twins' mailboxes: a cell does not know which gateway speaks for a twin.
 */
async function gatewaySocket(c: Ctx): Promise<Response> {
  const model = await deployedModel(c.env, c.req.param("model")!);
  if (!model.ok) return problem(model.refusal);
  if (!wantsSocket(c)) return problem(NO_SOCKET);
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  const gateway = new Gateway(c.env, model.value, server);
  server.addEventListener("message", ({ data }) =>
    gateway.take(typeof data === "string" ? data : new TextDecoder().decode(data)),
  );
  return new Response(null, { status: 101, webSocket: client });
}

/** A frame's share of the batch that it went into. */
interface Frame {
  readonly split: SplitBatch | Refusal;
  /** The index in the joined batch of the frame's first element. */
  readonly offset: number;
}

class Gateway {
  readonly #env: Env;
  readonly #model: DeployedModel;
  readonly #socket: WebSocket;
  #waiting: string[] = [];
  #routing = false;

  constructor(env: Env, model: DeployedModel, socket: WebSocket) {
    this.#env = env;
    this.#model = model;
    this.#socket = socket;
  }

  take(frame: string): void {
    if (this.#waiting.length >= GATEWAY_WINDOW_FRAMES_MAX) {
      this.#socket.close(
        1013,
        `More than ${GATEWAY_WINDOW_FRAMES_MAX} frames wait for acknowledgement.`,
      );
      this.#waiting = [];
      return;
    }
    const acknowledgement = gatewayAcknowledgementOf(frame);
    if (acknowledgement !== undefined) {
      void this.#acknowledgeCommands(acknowledgement);
      return;
    }
    this.#waiting.push(frame);
    if (!this.#routing) {
      this.#routing = true;
      // Frames that are there already join: one call per cell for all of them.
      setTimeout(() => void this.#routeAll(), 0);
    }
  }

  async #routeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const texts = this.#waiting;
      this.#waiting = [];
      await this.#route(texts);
    }
    this.#routing = false;
  }

  async #acknowledgeCommands(acknowledgement: Result<GatewayAcknowledgement>): Promise<void> {
    const outcome = acknowledgement.ok
      ? await this.#commandsTaken(acknowledgement.value)
      : acknowledgement.refusal;
    if ("code" in outcome)
      this.#send({ type: "error", code: outcome.code, detail: outcome.detail });
  }

  #commandsTaken({
    id,
    commandIds,
  }: GatewayAcknowledgement): Promise<{ readonly acknowledged: number } | Refusal> {
    if (!isTwinId(id)) return Promise.resolve(badId(id));
    const key = cellKey(this.#model.name, cellOf(id, this.#model.placement));
    return callCell(this.#env, key, (cell) => cell.acknowledge(id, commandIds));
  }

  async #route(texts: readonly string[]): Promise<void> {
    const joined = new Map<number, CellSlice>();
    const rejected: BatchRejection[] = [];
    const frames: Frame[] = [];
    let count = 0;
    for (const text of texts) {
      const split = this.#split(text);
      frames.push({ split: split.ok ? split.value : split.refusal, offset: count });
      if (!split.ok) continue;
      for (const each of split.value.rejected)
        rejected.push({ ...each, index: each.index + count });
      for (const [cell, slice] of split.value.slices) join(joined, cell, slice, count);
      count += split.value.count;
    }
    const { name } = this.#model;
    const outcome = await routeBatch({ slices: joined, rejected, count }, (cell, slice) =>
      acceptSlice(this.#env, name, cell, slice.text, slice.indexes.length, true),
    );
    for (const command of outcome.commands) this.#send({ type: "command", ...command });
    this.#acknowledge(frames, outcome);
  }

  #split(text: string): ReturnType<typeof splitBatch> {
    if (text.length > BODY_BYTES_MAX) {
      const detail = `A frame has ${text.length} characters; the limit is ${BODY_BYTES_MAX}.`;
      return { ok: false, refusal: { code: "body/too-large", detail } };
    }
    return splitBatch(text, text.trimStart().startsWith("[") ? "json" : "ndjson", this.#model);
  }

  #acknowledge(frames: readonly Frame[], { rejected, repeated }: BatchOutcome): void {
    let nextRejected = 0;
    let nextRepeated = 0;
    for (const { split, offset } of frames) {
      if ("code" in split) {
        this.#send({ type: "error", code: split.code, detail: split.detail });
        continue;
      }
      const end = offset + split.count;
      const own: BatchRejection[] = [];
      for (
        ;
        nextRejected < rejected.length && rejected[nextRejected]!.index < end;
        nextRejected++
      ) {
        const each = rejected[nextRejected]!;
        own.push({ ...each, index: each.index - offset });
      }
      const firstRepeated = nextRepeated;
      while (nextRepeated < repeated.length && repeated[nextRepeated]! < end) nextRepeated++;
      const duplicates = nextRepeated - firstRepeated;
      this.#send({
        type: "ack",
        accepted: split.count - own.length - duplicates,
        duplicates,
        rejected: own,
      });
    }
  }

  #send(frame: unknown): void {
    try {
      this.#socket.send(JSON.stringify(frame));
    } catch {
      // The gateway has gone. What it sent is durable; without the acknowledgement it will send it again.
    }
  }
}

function join(
  joined: Map<number, CellSlice>,
  cell: number,
  slice: CellSlice,
  offset: number,
): void {
  const present = joined.get(cell);
  const indexes = slice.indexes.map((index) => index + offset);
  if (present === undefined) joined.set(cell, { text: slice.text, indexes, ids: [...slice.ids] });
  else {
    present.text += `,${slice.text}`;
    present.indexes.push(...indexes);
    present.ids.push(...slice.ids);
  }
}

const NO_SOCKET: Refusal = {
  code: "request/upgrade-required",
  detail: "This address answers WebSocket connections only.",
};

function wantsSocket(c: Ctx): boolean {
  return c.req.header("upgrade")?.toLowerCase() === "websocket";
}
