/**
 * A device's WebSocket, held by the cell of its twin and hibernating with it: frames in are messages, frames
 * out are acknowledgements and commands.
 */
import { BODY_BYTES_MAX, MESSAGES_PER_REQUEST_MAX } from "../core/limits.ts";
import type { Refusal } from "../core/refusal.ts";
import { isRetryable } from "../core/refusal.ts";
import type { Settlement } from "../core/cell/requests.ts";
import { singleValue, splitValues } from "../core/json/tokenizer.ts";

/** What a socket remembers through hibernation. */
export interface SocketAttachment {
  readonly id: string;
  /** Frames are `{"message","messageId"?,"seq"?}` (or lists of these) instead of messages. */
  readonly envelope: boolean;
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
