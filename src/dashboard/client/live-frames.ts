/**
 * The frames of `/v1/live` as a browser sends and reads them. The shapes are those of `src/wire/live-v1.ts`, of which
 * only types come here: its schemas would bring a library of several times this page's size.
 */
import type { QuerySpec } from "../../core/query/plan.ts";
import type { LiveFrame, LiveResult } from "../../wire/live-v1.ts";

/** Answered by the platform without waking anybody; must be exactly these characters. */
export const PING = '{"type":"ping"}';

/** What the page makes of a frame. An error without a subscription is about the connection. */
export type Incoming =
  | { readonly type: "result"; readonly subscription: string; readonly result: LiveResult }
  | { readonly type: "error"; readonly subscription: string | undefined; readonly problem: Problem }
  | { readonly type: "pong" };

/** Something that failed, in the server's words. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
}

export function subscribeFrame(subscription: string, query: QuerySpec): string {
  return JSON.stringify({ type: "subscribe", subscription, query });
}

export function unsubscribeFrame(subscription: string): string {
  return JSON.stringify({ type: "unsubscribe", subscription });
}

/** Reads a frame of the server; undefined for one that this page has no use for, such as one of a later version. */
export function parseFrame(text: string): Incoming | undefined {
  let frame: Partial<LiveFrame> | null;
  try {
    frame = JSON.parse(text) as Partial<LiveFrame> | null;
  } catch {
    // A proxy between here and the server may say anything.
    return undefined;
  }
  switch (frame?.type) {
    case "result": {
      const { subscription, result } = frame;
      const isWhole = Array.isArray(result?.rows) && Array.isArray(result.columns);
      if (!isWhole || typeof subscription !== "string") return undefined;
      return { type: "result", subscription, result };
    }
    case "error": {
      const { subscription, code = "", detail = "" } = frame;
      return {
        type: "error",
        subscription,
        problem: { code, detail },
      };
    }
    case "pong":
      return { type: "pong" };
    default:
      return undefined;
  }
}
