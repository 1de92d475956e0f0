/** Twins themselves. */
import * as z from "zod";
import {
  LIST_LIMIT_MAX,
  MESSAGES_PER_REQUEST_MAX,
  TWIN_HISTORY_COUNT_MAX,
  TWIN_HISTORY_LIMIT_DEFAULT,
} from "../../../core/limits.ts";
import type { Operation } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { CURSOR, limit, MODEL, query, TWIN_ID } from "../parameters.ts";
import { OF_A_JSON_BODY, OF_A_MODEL, OF_A_TWIN, OF_AN_ID } from "../refusals.ts";
import { ModelName } from "../shapes/basics.ts";
import { BatchAnswer, NewTwin } from "../shapes/batch.ts";
import { ChildrenPage, History, Twin, TwinPage, TwinPut } from "../shapes/twins.ts";

const TWINS = "/v1/models/{model}/twins";
const TWIN = `${TWINS}/{id}`;

const meter = {
  model: "GasMeter",
  id: "m-1",
  state: { lastPPMReading: 80, limitExceeded: false, site: "98109" },
  version: 3,
  createdAt: "2026-11-23T07:00:00.000Z",
  updatedAt: "2026-11-23T08:00:00.000Z",
  lastMessageAt: "2026-11-23T08:00:00.000Z",
  timers: [{ name: "limit", dueAt: "2026-11-23T08:15:00.000Z", everyMs: null }],
  pendingCommands: 0,
};
const change = {
  version: 3,
  at: meter.updatedAt,
  cause: { kind: "message", messages: [{ messageId: "r-3", body: { ppm: 80 } }] },
  changes: { lastPPMReading: { from: 20, to: 80 } },
};

export const TWIN_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: TWIN,
    id: "getTwin",
    tag: "twins",
    summary: "A twin",
    roles: ["viewer"],
    parameters: [MODEL, TWIN_ID],
    answers: { 200: okJson("The twin as it is now.", Twin, meter) },
    refusals: OF_A_TWIN,
  },
  {
    method: "put",
    path: TWIN,
    id: "putTwin",
    tag: "twins",
    summary: "Create a twin, or replace fields of its state",
    roles: ["operator"],
    parameters: [MODEL, TWIN_ID],
    body: json(TwinPut, { state: { site: "98109" } }),
    answers: {
      200: okJson("Its fields are replaced.", Twin, meter),
      201: okJson("It is created.", Twin, meter),
    },
    refusals: [
      ...OF_AN_ID,
      ...OF_A_JSON_BODY,
      "cell/full",
      "model/failed",
      "twin/bad-parent",
      "twin/invalid-field",
      "twin/state-too-large",
      "twin/unstorable",
    ],
  },
  {
    method: "delete",
    path: TWIN,
    id: "deleteTwin",
    tag: "twins",
    summary: "Remove a twin",
    description: "Its row leaves queries and widgets; its timers and commands go with it.",
    roles: ["operator"],
    parameters: [MODEL, TWIN_ID],
    answers: { 204: { description: "It is gone." } },
    refusals: OF_A_TWIN,
  },
  {
    method: "get",
    path: TWINS,
    id: "listTwins",
    tag: "twins",
    summary: "Ids of twins, page by page",
    roles: ["viewer"],
    parameters: [
      MODEL,
      query("prefix", "Only ids that begin with it.", z.string()),
      limit("Ids", LIST_LIMIT_MAX),
      CURSOR,
    ],
    answers: {
      200: okJson("Ascending; `cursor` is null on the last page.", TwinPage, {
        ids: ["m-1", "m-2"],
        cursor: "m-2",
      }),
    },
    refusals: [...OF_A_MODEL, "request/bad-parameter"],
  },
  {
    method: "post",
    path: TWINS,
    id: "createTwins",
    tag: "twins",
    summary: "Create many twins with their first state",
    description: `Up to ${MESSAGES_PER_REQUEST_MAX.toLocaleString("en")}: a line of JSON each, a JSON array, or CSV with a header row that has a column \`id\` or \`Id\`; an empty cell leaves the field's default.`,
    roles: ["operator"],
    parameters: [MODEL],
    body: {
      "application/x-ndjson": {
        schema: z.string(),
        text: { line: NewTwin },
        example: '{"id":"m-1","state":{"site":"98109"}}\n{"id":"m-2","site":"98109"}\n',
      },
      "text/csv": { schema: z.string(), text: {}, example: "id,site\r\nm-1,98109\r\n" },
      ...json(z.array(NewTwin).max(MESSAGES_PER_REQUEST_MAX), [{ id: "m-1", site: "98109" }]),
    },
    answers: {
      200: okJson("What became of each.", BatchAnswer, {
        accepted: 2,
        duplicates: 0,
        rejected: [],
      }),
    },
    refusals: [...OF_A_MODEL, ...OF_A_JSON_BODY, "body/too-many"],
  },
  {
    method: "get",
    path: `${TWIN}/children`,
    id: "listChildren",
    tag: "twins",
    summary: "A twin's children, page by page",
    description: "With what they reported last, by model and id.",
    roles: ["viewer"],
    parameters: [
      MODEL,
      TWIN_ID,
      query("model", "Only children of this model.", ModelName),
      limit("Children", LIST_LIMIT_MAX),
      CURSOR,
    ],
    answers: {
      200: okJson("`cursor` is null on the last page.", ChildrenPage, {
        children: [{ model: "WindTurbine", id: "t-1", values: { status: "normal" } }],
        cursor: null,
      }),
    },
    refusals: [...OF_A_TWIN, "request/bad-parameter"],
  },
  {
    method: "get",
    path: `${TWIN}/history`,
    id: "getHistory",
    tag: "twins",
    summary: "A twin's recent changes, and what they came from",
    description: "Of models that keep a history. What the bounds of the model let go is not there.",
    roles: ["viewer"],
    parameters: [
      MODEL,
      TWIN_ID,
      limit("Entries", TWIN_HISTORY_COUNT_MAX, TWIN_HISTORY_LIMIT_DEFAULT),
      query("before", "Only lower versions: what the page before gave.", z.int().min(0)),
      query("field", "Only changes of this field.", z.string()),
    ],
    answers: {
      200: okJson("Newest first; `before` asks for the next page, null on the last.", History, {
        entries: [change],
        before: null,
      }),
    },
    refusals: [...OF_A_TWIN, "history/off", "request/bad-parameter"],
  },
];
