/** Messages in: for one twin, for many, and over connections. */
import * as z from "zod";
import { MESSAGES_PER_REQUEST_MAX, MESSAGE_ID_LENGTH_MAX } from "../../../core/limits.ts";
import type { Operation, Role } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { header, MODEL, query, TWIN_ID } from "../parameters.ts";
import { OF_A_MODEL, OF_AN_ID } from "../refusals.ts";
import { AnyJson, TwinId } from "../shapes/basics.ts";
import { AckFrame, BatchAnswer, BatchElement, ErrorFrame, MessageAnswer } from "../shapes/batch.ts";
import { AcknowledgementV1 } from "../../commands-v1.ts";

/** A device for itself, and who may stand in for one. */
export const SENDERS: readonly Role[] = ["device", "operator"];

const departure = {
  kind: "departure",
  date: "2026-11-23T08:00:00Z",
  delay: 20,
  distance: 1745,
  destination: "LAX",
};
const element = { id: "ORD", message: departure, messageId: "ORD-1" };
const batchAnswer = {
  accepted: 1,
  duplicates: 0,
  rejected: [
    { index: 1, id: "LAX", code: "message/invalid", detail: 'Of "delay": expected a number.' },
  ],
};

const messageId = z.string().min(1).max(MESSAGE_ID_LENGTH_MAX);
const batch = z.array(BatchElement).max(MESSAGES_PER_REQUEST_MAX);

const AckOfCommands = AcknowledgementV1.extend({ type: z.literal("ack") }).meta({
  id: "CommandsAckFrame",
  description: "The device has these commands.",
});
const AckOfGateway = AckOfCommands.extend({ id: TwinId }).meta({
  id: "GatewayCommandsAckFrame",
  description: "The twin's device has these commands.",
});
const CommandFrame = z
  .object({ type: z.literal("command"), commandId: z.string(), body: AnyJson })
  .meta({ id: "CommandFrame" });
const GatewayCommandFrame = CommandFrame.extend({ id: TwinId }).meta({
  id: "GatewayCommandFrame",
});

export const MESSAGE_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/models/{model}/twins/{id}/messages",
    id: "sendToTwin",
    tag: "messages",
    summary: "Send a twin one message or several",
    description:
      "An object is one message, an array is a list. What is accepted is durable and processed. A message for an " +
      "unknown id creates the twin. When nothing is accepted, the problem names the first reason and has all of them.",
    roles: SENDERS,
    parameters: [
      MODEL,
      TWIN_ID,
      query("messageId", "Of one message: a repeat of it is recognised.", messageId),
      query("seq", "Of one message: grows; one not above the twin's last is a repeat.", z.int()),
      query(
        "ack",
        "`answer`: the answer is taken for the commands' delivery, and they do not wait for an acknowledgement.",
        z.literal("answer"),
      ),
      header("Idempotency-Key", "The same as `messageId`.", messageId),
    ],
    body: json(AnyJson, departure),
    answers: {
      200: okJson("What was taken, and the commands that it caused.", MessageAnswer, {
        accepted: 1,
        duplicates: 0,
        rejected: [],
        commands: [],
      }),
    },
    refusals: [
      ...OF_AN_ID,
      "body/malformed",
      "body/too-large",
      "body/too-many",
      "cell/full",
      "message/bad-message-id",
      "message/invalid",
      "message/malformed",
      "message/too-large",
      "model/failed",
      "request/bad-parameter",
      "twin/bad-parent",
      "twin/state-too-large",
      "twin/unstorable",
    ],
  },
  {
    method: "post",
    path: "/v1/models/{model}/messages",
    id: "sendToTwins",
    tag: "messages",
    summary: "Send messages to many twins",
    description: `Up to ${MESSAGES_PER_REQUEST_MAX.toLocaleString("en")} messages. One bad message never fails the others. Where a cell can't take its part, those messages are rejected with \`retry\`, and sending just these again is safe.`,
    roles: SENDERS,
    parameters: [MODEL],
    body: {
      ...json(batch, [element]),
      "application/x-ndjson": {
        schema: z.string(),
        text: { line: BatchElement },
        example: `${JSON.stringify(element)}\n${JSON.stringify({ id: "LAX", message: { delay: "x" } })}\n`,
      },
    },
    answers: { 200: okJson("What became of each.", BatchAnswer, batchAnswer) },
    refusals: [
      ...OF_A_MODEL,
      "body/malformed",
      "body/too-large",
      "body/too-many",
      "message/malformed",
    ],
  },
  {
    method: "get",
    path: "/v1/models/{model}/twins/{id}/socket",
    id: "connectDevice",
    tag: "messages",
    summary: "A device's connection (WebSocket)",
    description:
      "Frames in are messages (an object, or an array of them), and acknowledgements of commands. Each frame of messages " +
      "is answered with an acknowledgement, in order. Commands that wait come at once, then each new one. The server " +
      "pings nobody; a connection sleeps without cost.",
    roles: SENDERS,
    parameters: [
      MODEL,
      TWIN_ID,
      query(
        "envelope",
        'Present: messages come as `{"message","messageId"?,"seq"?}`.',
        z.string().meta({ examples: ["1"] }),
      ),
    ],
    answers: { 101: { description: "The connection." } },
    refusals: [...OF_AN_ID, "request/upgrade-required"],
    frames: {
      fromClient: z.union([AckOfCommands, AnyJson]),
      fromServer: z.union([AckFrame, CommandFrame, ErrorFrame]),
    },
  },
  {
    method: "get",
    path: "/v1/models/{model}/socket",
    id: "connectGateway",
    tag: "messages",
    summary: "A gateway's connection for many twins (WebSocket)",
    description:
      "Frames in are lists as in the body of `POST …/messages`, or one element, or lines. Each gets its acknowledgement, in order, after the commands that it caused.",
    roles: SENDERS,
    parameters: [MODEL],
    answers: { 101: { description: "The connection." } },
    refusals: [...OF_A_MODEL, "request/upgrade-required"],
    frames: {
      fromClient: z.union([AckOfGateway, batch, BatchElement]),
      fromServer: z.union([AckFrame, GatewayCommandFrame, ErrorFrame]),
    },
  },
];
