/** Twins as they are shown, with their children, commands and history. */
import * as z from "zod";
import type { HistoryEntry, HistoryMessage } from "../../../core/history/entry.ts";
import type { ChildReport, TwinRef } from "../../../core/hierarchy/declaration.ts";
import { COMMANDS_PER_PAGE_MAX } from "../../../core/limits.ts";
import type { HistoryView } from "../../../core/cell/history.ts";
import type { ChildrenJson, TwinJson } from "../../twin-v1.ts";
import { AnyJson, Count, Time } from "./basics.ts";

const State = z.record(z.string(), AnyJson);

const TwinRefShape: z.ZodType<TwinRef> = z.object({ model: z.string(), id: z.string() });

const Child: z.ZodType<ChildReport> = z
  .object({
    model: z.string(),
    id: z.string(),
    values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
    left: z.exactOptional(z.literal(true)),
  })
  .meta({ id: "Child", description: "A child, with the fields that its model reports." });

export const Twin: z.ZodType<TwinJson> = z
  .object({
    model: z.string(),
    id: z.string(),
    state: State,
    version: Count,
    createdAt: Time,
    updatedAt: Time,
    lastMessageAt: Time.nullable().meta({ description: "Null before the first message." }),
    timers: z.array(z.object({ name: z.string(), dueAt: Time, everyMs: z.number().nullable() })),
    pendingCommands: Count.meta({ description: "Commands that the device has not acknowledged." }),
    parent: z.exactOptional(TwinRefShape.nullable()),
    childCount: z.exactOptional(Count),
    children: z.exactOptional(z.array(Child)),
  })
  .meta({ id: "Twin" });

export const TwinPut = z.object({ state: State }).meta({
  id: "TwinPut",
  description: "Fields of the twin and their values; fields that are not named stay.",
});

export const TwinPage = z
  .object({ ids: z.array(z.string()), cursor: z.string().nullable() })
  .meta({ id: "TwinPage" });

export const ChildrenPage: z.ZodType<ChildrenJson> = z
  .object({ children: z.array(Child), cursor: z.string().nullable() })
  .meta({ id: "ChildrenPage" });

export const Command = z
  .object({ commandId: z.string(), body: AnyJson, sentAt: Time })
  .meta({ id: "Command" });

export const PendingCommands = z
  .object({ commands: z.array(Command).max(COMMANDS_PER_PAGE_MAX) })
  .meta({ id: "PendingCommands" });

export const Acknowledged = z
  .object({ acknowledged: Count.meta({ description: "How many of them were pending." }) })
  .meta({ id: "Acknowledged" });

const ShownValue = AnyJson.meta({
  description: "The value, or the beginning of a long one as `{cut, chars}`.",
});

const Message: z.ZodType<HistoryMessage> = z.object({
  messageId: z.exactOptional(z.string()),
  seq: z.exactOptional(z.int()),
  from: z.exactOptional(z.object({ model: z.string(), id: z.exactOptional(z.string()) })),
  body: z.exactOptional(ShownValue),
});

const Change: z.ZodType<HistoryEntry> = z
  .object({
    version: Count,
    at: Time,
    created: z.exactOptional(z.literal(true)),
    cause: z.object({
      kind: z.enum(["message", "timer", "put", "report"]),
      messages: z.exactOptional(z.array(Message)),
      timer: z.exactOptional(z.string()),
    }),
    changes: z.record(
      z.string(),
      z.object({ from: z.exactOptional(ShownValue), to: z.exactOptional(ShownValue) }),
    ),
    commands: z.exactOptional(
      z.array(z.object({ commandId: z.exactOptional(z.string()), body: ShownValue })),
    ),
    alerts: z.exactOptional(
      z.array(
        z.object({
          key: z.string(),
          state: z.enum(["raised", "resolved"]),
          title: z.exactOptional(z.string()),
          severity: z.exactOptional(z.string()),
        }),
      ),
    ),
    sends: z.exactOptional(z.array(z.object({ model: z.string(), id: z.string() }))),
    timers: z.exactOptional(
      z.object({
        started: z.exactOptional(z.array(z.string())),
        stopped: z.exactOptional(z.array(z.string())),
      }),
    ),
    omitted: z.exactOptional(z.record(z.string(), Count)),
  })
  .meta({
    id: "Change",
    description: "One change, and what it came from. Empty lists are absent.",
  });

export const History: z.ZodType<HistoryView> = z
  .object({ entries: z.array(Change), before: Count.nullable() })
  .meta({ id: "History" });
