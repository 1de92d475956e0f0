/**
 * The frames of `/v1/live`: JSON text both ways, documented in docs/live.md. A subscription has a name that the
 * client gives; every frame about it carries the name.
 */
import * as z from "zod";
import { SEVERITIES } from "../core/alerts/alert.ts";
import type { AlertFilter, LiveAlerts } from "../core/alerts/view.ts";
import { isModelName, isTwinId } from "../core/ids.ts";
import { LIVE_FRAME_CHARS_MAX } from "../core/limits.ts";
import type { QuerySpec } from "../core/query/plan.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Refusal, RefusalCode, Result } from "../core/refusal.ts";
import { LOG_KINDS } from "../core/cell/log.ts";
import type { LogFilter } from "../core/cell/log.ts";
import type { QueryAnswer } from "./answer-v1.ts";
import { describeIssues } from "./issues.ts";
import type { LogEntryJson } from "./log-v1.ts";
import { parseQueryBody } from "./query-v1.ts";
import type { TwinJson } from "./twin-v1.ts";
import { isWidgetId } from "./widget-v1.ts";

/** What the platform answers by itself, without waking anybody: exactly these characters. */
export const PING_FRAME = '{"type":"ping"}';
export const PONG_FRAME = '{"type":"pong"}';

/** What somebody watches. */
export type LiveTarget =
  | { readonly kind: "query"; readonly spec: QuerySpec }
  | { readonly kind: "widget"; readonly id: string }
  | { readonly kind: "twin"; readonly model: string; readonly id: string }
  | { readonly kind: "alerts"; readonly filter: LiveAlertFilter }
  | { readonly kind: "log"; readonly model: string; readonly filter: LogFilter };

/** Which open alerts: of a model, of a twin, of some severities. */
export type LiveAlertFilter = Omit<AlertFilter, "states">;

/** A frame from a client. */
export type LiveRequest =
  | { readonly type: "subscribe"; readonly subscription: string; readonly target: LiveTarget }
  | { readonly type: "unsubscribe"; readonly subscription: string }
  | { readonly type: "ping" };

/** A frame to a client. */
export type LiveFrame =
  | { readonly type: "result"; readonly subscription: string; readonly result: LiveResult }
  | { readonly type: "twin"; readonly subscription: string; readonly twin: TwinJson | null }
  | ({ readonly type: "alerts"; readonly subscription: string } & LiveAlerts)
  | {
      readonly type: "log";
      readonly subscription: string;
      readonly model: string;
      readonly entries: readonly LogEntryJson[];
    }
  /** The refusal's data joins as further keys. */
  | {
      readonly type: "error";
      readonly subscription?: string;
      readonly code: RefusalCode;
      readonly detail: string;
    }
  | { readonly type: "pong" };

export type LiveResult = Omit<QueryAnswer, "elapsedMs">;

const subscription = z.string().min(1).max(64);

/** A frame from a client, its query unread. */
export const LiveRequestV1 = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("subscribe"),
    subscription,
    query: z.unknown().optional(),
    widget: z.string().refine(isWidgetId, "is no widget's id").optional(),
    twin: z
      .object({
        model: z.string().refine(isModelName, "is no model's name"),
        id: z.string().refine(isTwinId, "is no twin's id"),
      })
      .optional(),
    alerts: z
      .object({
        model: z.exactOptional(z.string().refine(isModelName, "is no model's name")),
        id: z.exactOptional(z.string().refine(isTwinId, "is no twin's id")),
        severities: z.exactOptional(z.array(z.enum(SEVERITIES)).min(1)),
      })
      .optional(),
    log: z
      .object({
        model: z.string().refine(isModelName, "is no model's name"),
        id: z.exactOptional(z.string().refine(isTwinId, "is no twin's id")),
        severities: z.exactOptional(z.array(z.enum(SEVERITIES)).min(1)),
        kinds: z.exactOptional(z.array(z.enum(LOG_KINDS)).min(1)),
      })
      .optional(),
  }),
  z.object({ type: z.literal("unsubscribe"), subscription }),
  z.object({ type: z.literal("ping") }),
]);

type SubscribeFrame = Extract<z.output<typeof LiveRequestV1>, { type: "subscribe" }>;

/** A frame that was refused: why, and of which subscription as far as it can be told. */
export interface BadFrame {
  readonly subscription: string | undefined;
  readonly refusal: Refusal;
}

/** Reads a client's frame. Refuses with `live/malformed`, or as `parseQueryBody` for the query in it. */
export function parseLiveFrame(
  text: string,
): { readonly ok: true; readonly value: LiveRequest } | ({ readonly ok: false } & BadFrame) {
  if (text.length > LIVE_FRAME_CHARS_MAX) {
    const detail = `The frame has ${text.length} characters; ${LIVE_FRAME_CHARS_MAX} is the limit.`;
    return { ok: false, subscription: undefined, refusal: { code: "live/malformed", detail } };
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // What a client sends may be anything; the refusal says that it is no JSON.
    return {
      ok: false,
      subscription: undefined,
      refusal: { code: "live/malformed", detail: "The frame is no JSON." },
    };
  }
  const parsed = LiveRequestV1.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    const refusal: Refusal = {
      code: "live/malformed",
      detail: describeIssues("the frame", parsed.error.issues),
    };
    return { ok: false, subscription: nameIn(body), refusal };
  }
  if (parsed.data.type !== "subscribe") return { ok: true, value: parsed.data };
  const target = targetOf(parsed.data);
  if (!target.ok)
    return { ok: false, subscription: parsed.data.subscription, refusal: target.refusal };
  return {
    ok: true,
    value: { type: "subscribe", subscription: parsed.data.subscription, target: target.value },
  };
}

function targetOf(request: SubscribeFrame): Result<LiveTarget> {
  const { query, widget, twin, alerts, log } = request;
  const named = [query, widget, twin, alerts, log].filter((part) => part !== undefined).length;
  if (named !== 1)
    return refuse(
      "live/malformed",
      `A subscription names one of "query", "widget", "twin", "alerts" and "log", not ${named}.`,
    );
  if (widget !== undefined) return ok({ kind: "widget", id: widget });
  if (twin !== undefined) return ok({ kind: "twin", ...twin });
  if (alerts !== undefined) return ok({ kind: "alerts", filter: alerts });
  if (log !== undefined) {
    const { model, ...filter } = log;
    return ok({ kind: "log", model, filter });
  }
  const spec = parseQueryBody(query);
  return spec.ok ? ok({ kind: "query", spec: spec.value }) : spec;
}

function nameIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("subscription" in body)) return undefined;
  const name = subscription.safeParse(body.subscription);
  return name.success ? name.data : undefined;
}

/** The frame by which a client would subscribe to this: how a subscription is stored. */
export function subscribeFrame(name: string, target: LiveTarget): string {
  switch (target.kind) {
    case "query":
      return JSON.stringify({ type: "subscribe", subscription: name, query: target.spec });
    case "widget":
      return JSON.stringify({ type: "subscribe", subscription: name, widget: target.id });
    case "twin":
      return JSON.stringify({
        type: "subscribe",
        subscription: name,
        twin: { model: target.model, id: target.id },
      });
    case "alerts":
      return JSON.stringify({ type: "subscribe", subscription: name, alerts: target.filter });
    case "log":
      return JSON.stringify({
        type: "subscribe",
        subscription: name,
        log: { model: target.model, ...target.filter },
      });
  }
}

/** An error about a subscription, or about a frame that names none. */
export function errorFrame(refusal: Refusal, name?: string): string {
  const { code, detail, data } = refusal;
  return JSON.stringify({ ...data, type: "error", subscription: name, code, detail });
}
