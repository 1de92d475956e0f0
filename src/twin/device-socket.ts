/**
 * A device's WebSocket, held by the cell of its twin and hibernating with it: frames in are messages, frames
 * out are acknowledgements and commands.
 */
import type { CommitQueue } from "./commit-queue.ts";
import type { PendingCommand, SentCommand } from "../core/cell/mailbox.ts";
import { BODY_BYTES_MAX, MESSAGES_PER_REQUEST_MAX } from "../core/limits.ts";
import type { Refusal } from "../core/refusal.ts";
import { isRetryable } from "../core/refusal.ts";
import type { Settlement } from "../core/cell/requests.ts";
import { singleValue, splitValues } from "../core/json/tokenizer.ts";
import { acknowledgementOf, commandFrame } from "../wire/commands-v1.ts";

/** What a socket remembers through hibernation. */
export interface SocketAttachment {
  readonly id: string;
  /** Frames are `{"message","messageId"?,"seq"?}` (or lists of these) instead of messages. */
  readonly envelope: boolean;
}

/**
 * The devices' sockets of a cell, tagged with their twins' ids. A command is sent to all sockets of its twin when they
 * connect or when it is committed, whichever is later: once on each. The platform holds what is sent until the commit
 * is durable.
 */
export class DeviceSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  get count(): number {
    return this.#ctx.getWebSockets().length;
  }

  /** Takes a device's connection, and sends it what is pending. */
  connect(attachment: SocketAttachment, pending: readonly PendingCommand[]): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [attachment.id]);
    server.serializeAttachment(attachment);
    for (const command of pending) sendTo(server, command);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sends commands to the sockets of their twins. */
  push(commands: readonly SentCommand[]): void {
    const socketsOf = new Map<string, readonly WebSocket[]>();
    for (const command of commands) {
      const { id } = command;
      let sockets = socketsOf.get(id);
      if (sockets === undefined) socketsOf.set(id, (sockets = this.#ctx.getWebSockets(id)));
      for (const socket of sockets) sendTo(socket, command);
    }
  }

  /** Sends every socket what is pending for its twin, again where it was sent before. */
  pushAll(pendingOf: (id: string) => readonly PendingCommand[]): void {
    for (const socket of this.#ctx.getWebSockets()) {
      const { id } = socket.deserializeAttachment() as SocketAttachment;
      for (const command of pendingOf(id)) sendTo(socket, command);
    }
  }
}

/** Takes a frame of a device: an acknowledgement of commands, or messages, which are answered when they are durable. */
export async function takeFrame(
  socket: WebSocket,
  frame: string | ArrayBuffer,
  queue: CommitQueue,
): Promise<void> {
  const attachment = socket.deserializeAttachment() as SocketAttachment;
  const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame);
  const acknowledgement = acknowledgementOf(text);
  if (acknowledgement !== undefined) {
    const outcome = acknowledgement.ok
      ? await queue.acknowledge(attachment.id, acknowledgement.value)
      : acknowledgement.refusal;
    if ("code" in outcome) socket.send(errorFrame(outcome));
    return;
  }
  const slice = sliceOfFrame(text, attachment);
  if ("code" in slice) {
    socket.send(errorFrame(slice));
    return;
  }
  // The commands that it causes are sent to all sockets of the twin when they are committed, before this is settled.
  socket.send(ackFrame(await queue.accept(slice.text, slice.count, false)));
}

function sendTo(socket: WebSocket, command: PendingCommand): void {
  try {
    socket.send(commandFrame(command));
  } catch {
    // The socket is closing. The command stays pending: the device gets it when it connects again.
  }
}

/** A frame as a slice for the cell, or why it can't be taken. */
export function sliceOfFrame(
  frame: string,
  { id, envelope }: SocketAttachment,
): { text: string; count: number } | Refusal {
  if (frame.length > BODY_BYTES_MAX) {
    return {
      code: "body/too-large",
      detail: `A frame has ${frame.length} characters; the limit is ${BODY_BYTES_MAX}.`,
    };
  }
  const value = singleValue(frame);
  if (!value.ok) return value.refusal;
  const { start, end, kind } = value.value;
  const wrap = (from: number, to: number): string => wrapped(id, frame.slice(from, to), envelope);
  if (kind !== "array") return { text: wrap(start, end), count: 1 };
  const elements: string[] = [];
  const split = splitValues(frame, (_index, from, to) => elements.push(wrap(from, to)));
  if (!split.ok) return split.refusal;
  if (elements.length <= MESSAGES_PER_REQUEST_MAX)
    return { text: elements.join(","), count: elements.length };
  return {
    code: "body/too-many",
    detail: `A frame has ${elements.length} messages; the limit is ${MESSAGES_PER_REQUEST_MAX}.`,
  };
}

/** An envelope's own keys come first, so that an `id` of its own can't redirect it: the last one counts. */
function wrapped(id: string, text: string, envelope: boolean): string {
  const idText = JSON.stringify(id);
  if (!envelope) return `{"id":${idText},"message":${text}}`;
  const inner = text.slice(1, -1).trim();
  return inner === "" ? `{"id":${idText}}` : `{${inner},"id":${idText}}`;
}

/** The acknowledgement of a frame. */
export function ackFrame({ accepted, repeated, rejected }: Settlement): string {
  return JSON.stringify({
    type: "ack",
    accepted,
    duplicates: repeated.length,
    rejected: rejected.map(rejectionOf),
  });
}

/** A frame that could not be taken at all. */
export function errorFrame({ code, detail }: Refusal): string {
  return JSON.stringify({ type: "error", code, detail });
}

/** A rejection as it goes out. */
export function rejectionOf([index, { code, detail }]: readonly [number, Refusal]): Record<
  string,
  unknown
> {
  return isRetryable(code) ? { index, code, detail, retry: true } : { index, code, detail };
}
