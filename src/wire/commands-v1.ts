/** Commands to devices as they leave, over HTTP and sockets, and how a device says that it has them. */
import * as z from "zod";
import type { PendingCommand } from "../core/cell/mailbox.ts";
import { COMMAND_ACK_IDS_MAX, MESSAGE_CHARS_MAX } from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";

/** How a device says that it has commands. */
export const AcknowledgementV1 = z.object({ commandIds: z.array(z.string()) });

/** The JSON text of `GET …/commands`. Bodies are JSON text already and join as they are. */
export function commandsJson(commands: readonly PendingCommand[]): string {
  const texts = commands.map(({ commandId, body, sentAtMs }) => {
    const sentAt = new Date(sentAtMs).toISOString();
    return `{"commandId":${JSON.stringify(commandId)},"body":${body},"sentAt":"${sentAt}"}`;
  });
  return `{"commands":[${texts.join(",")}]}`;
}

/** The frame that brings a command to a device. */
export function commandFrame({ commandId, body }: PendingCommand): string {
  return `{"type":"command","commandId":${JSON.stringify(commandId)},"body":${body}}`;
}

/**
 * The ids of an acknowledgement, `{"commandIds":[…]}` with whatever else. Refuses with `body/malformed`, and with
 * `body/too-many` beyond COMMAND_ACK_IDS_MAX.
 */
export function parseAcknowledgement(input: unknown): Result<readonly string[]> {
  const parsed = AcknowledgementV1.safeParse(input);
  if (!parsed.success)
    return refuse(
      "body/malformed",
      'An acknowledgement is {"commandIds": […]}: the ids of commands, each a string.',
    );
  const { commandIds } = parsed.data;
  if (commandIds.length <= COMMAND_ACK_IDS_MAX) return ok(commandIds);
  return refuse(
    "body/too-many",
    `The acknowledgement has ${commandIds.length} ids; the limit is ${COMMAND_ACK_IDS_MAX}.`,
  );
}

/** A gateway's acknowledgement: the twin and the ids of its commands. */
export interface GatewayAcknowledgement {
  readonly id: string;
  readonly commandIds: readonly string[];
}

/**
 * Whether a device's frame is an acknowledgement, undefined when it is a message: one is an object of `type: "ack"` and
 * a list `commandIds`, and of nothing else, so that a model may have messages of a type "ack" of its own. Refuses as
 * `parseAcknowledgement`.
 */
export function acknowledgementOf(frame: string): Result<readonly string[]> | undefined {
  const value = acknowledgingObject(frame);
  return value === undefined || Object.keys(value).length !== 2
    ? undefined
    : parseAcknowledgement(value);
}

/** As `acknowledgementOf` for a gateway's frame, which names the twin too: `id`. */
export function gatewayAcknowledgementOf(
  frame: string,
): Result<GatewayAcknowledgement> | undefined {
  const value = acknowledgingObject(frame);
  const id = value?.["id"];
  if (value === undefined || typeof id !== "string" || Object.keys(value).length !== 3)
    return undefined;
  const commandIds = parseAcknowledgement(value);
  return commandIds.ok ? ok({ id, commandIds: commandIds.value }) : commandIds;
}

/** The object of a frame that has an acknowledgement's type and a list of ids. */
function acknowledgingObject(frame: string): Record<string, unknown> | undefined {
  // Nearly every frame is a message, and those are not parsed here.
  if (frame.length > MESSAGE_CHARS_MAX || !frame.includes('"commandIds"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    // A frame that is no JSON is refused as a message.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const object = value as Record<string, unknown>;
  return object["type"] === "ack" && Array.isArray(object["commandIds"]) ? object : undefined;
}
