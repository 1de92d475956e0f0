/** Results that come by themselves. docs/live.md is the page about it. */
import * as z from "zod";
import { LIVE_ALERTS_MAX, LIVE_LOG_ENTRIES_MAX } from "../../../core/limits.ts";
import { LiveRequestV1 } from "../../live-v1.ts";
import type { LiveFrame } from "../../live-v1.ts";
import type { Operation } from "../operation.ts";
import { AlertShape } from "../shapes/alerts.ts";
import { LogEntryShape } from "../shapes/models.ts";
import { Code, Count } from "../shapes/basics.ts";
import { LiveAnswer } from "../shapes/queries.ts";
import { Twin } from "../shapes/twins.ts";

const subscription = z.string();

/** Every frame to a client, by its type. */
const FRAMES: Readonly<Record<LiveFrame["type"], z.ZodType<LiveFrame>>> = {
  result: z
    .object({ type: z.literal("result"), subscription, result: LiveAnswer })
    .meta({ id: "ResultFrame" }),
  twin: z
    .object({ type: z.literal("twin"), subscription, twin: Twin.nullable() })
    .meta({ id: "TwinFrame", description: "Null when there is no such twin." }),
  alerts: z
    .object({
      type: z.literal("alerts"),
      subscription,
      counts: z.object({
        firing: Count,
        pending: Count,
        info: Count,
        warning: Count,
        error: Count,
      }),
      alerts: z.array(AlertShape).max(LIVE_ALERTS_MAX),
    })
    .meta({
      id: "AlertsFrame",
      description: "Counts of all that are open, and the worst of them.",
    }),
  log: z
    .object({
      type: z.literal("log"),
      subscription,
      model: z.string(),
      entries: z.array(LogEntryShape).max(LIVE_LOG_ENTRIES_MAX),
    })
    .meta({ id: "LogFrame", description: "The newest entries, newest first." }),
  // The refusal's data joins as further members.
  error: z
    .looseObject({
      type: z.literal("error"),
      subscription: z.exactOptional(z.string()),
      code: Code,
      detail: z.string(),
    })
    .meta({
      id: "LiveErrorFrame",
      description: "Without a subscription: the frame can't be read.",
    }),
  pong: z.object({ type: z.literal("pong") }).meta({ id: "PongFrame" }),
};

export const LIVE_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/live",
    id: "connectLive",
    tag: "live",
    summary: "Live results (WebSocket)",
    description:
      "Subscriptions to queries, widgets, twins, alerts and models' logs, each under a name that the client gives. Results are pushed when they " +
      "change, once a second at most, and every five seconds at least. Pings are answered without waking anybody.",
    roles: ["viewer"],
    answers: { 101: { description: "The connection." } },
    refusals: ["live/too-many", "request/upgrade-required"],
    frames: {
      fromClient: LiveRequestV1.meta({ id: "LiveRequest" }),
      fromServer: z.union(Object.values(FRAMES)),
    },
  },
];
