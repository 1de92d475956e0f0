/** What devices ask for, and what they say that they have. */
import * as z from "zod";
import {
  COMMAND_ACK_IDS_MAX,
  COMMAND_WAIT_S_MAX,
  COMMANDS_PER_PAGE_MAX,
} from "../../../core/limits.ts";
import { AcknowledgementV1 } from "../../commands-v1.ts";
import type { Operation } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { MODEL, query, TWIN_ID } from "../parameters.ts";
import { OF_A_JSON_BODY, OF_A_TWIN } from "../refusals.ts";
import { Acknowledged, PendingCommands } from "../shapes/twins.ts";
import { SENDERS } from "./messages.ts";

const PATH = "/v1/models/{model}/twins/{id}/commands";
const command = { commandId: "k3v9-1", body: { code: 100 }, sentAt: "2026-11-23T08:00:00.000Z" };

export const COMMAND_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: PATH,
    id: "listCommands",
    tag: "commands",
    summary: "Commands that wait for the device",
    description: `The oldest that are not acknowledged, ${COMMANDS_PER_PAGE_MAX} at most. Where there are none, the answer waits for the first.`,
    roles: SENDERS,
    parameters: [
      MODEL,
      TWIN_ID,
      query(
        "wait",
        "Seconds to wait for the first.",
        z.int().min(0).max(COMMAND_WAIT_S_MAX).default(0),
      ),
    ],
    answers: { 200: okJson("Oldest first.", PendingCommands, { commands: [command] }) },
    refusals: [...OF_A_TWIN, "request/bad-parameter"],
  },
  {
    method: "post",
    path: `${PATH}/ack`,
    id: "acknowledgeCommands",
    tag: "commands",
    summary: "Acknowledge commands",
    description: `The device has these: those that wait are gone. Unknown ids are passed over, so a repeat is harmless. Up to ${COMMAND_ACK_IDS_MAX} ids.`,
    roles: SENDERS,
    parameters: [MODEL, TWIN_ID],
    body: json(AcknowledgementV1, { commandIds: [command.commandId] }),
    answers: { 200: okJson("How many of them waited.", Acknowledged, { acknowledged: 1 }) },
    refusals: [...OF_A_TWIN, ...OF_A_JSON_BODY, "body/too-many"],
  },
];
