/** Shared data: values by key, of a model or of all. */
import * as z from "zod";
import { ID_LENGTH_MAX, OPERATION_MS } from "../../../core/limits.ts";
import { GLOBAL_SCOPE } from "../../../core/shared-data/change.ts";
import type { RefusalCode } from "../../../core/refusal.ts";
import { SharedAddV1, SharedPutV1 } from "../../shared-data-v1.ts";
import type { Operation, Parameter } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { CURSOR, header, limit, path, query } from "../parameters.ts";
import { OF_A_JSON_BODY } from "../refusals.ts";
import { ModelName, TwinId } from "../shapes/basics.ts";
import { SharedChanged, SharedEntry, SharedPage } from "../shapes/shared-data.ts";

const SCOPE_PATH = "/v1/shared/{scope}";
const KEY_PATH = `${SCOPE_PATH}/{key}`;

const SCOPE = path(
  "scope",
  `A model, or \`${GLOBAL_SCOPE}\`: what all models share.`,
  z.union([ModelName, z.literal(GLOBAL_SCOPE)]),
);
const KEY = path("key", "Of the form of a twin's id.", TwinId);
const ETAG = { ETag: "The version, in quotation marks." };

/** A change only of what the caller knows, and once however often it is sent. */
const CHANGES: readonly Parameter[] = [
  SCOPE,
  KEY,
  header("If-Match", 'Only if it has this version: `"7"`.', z.string().regex(/^"\d{1,15}"$/)),
  header("If-None-Match", "Only if there is none.", z.literal("*")),
  header(
    "Idempotency-Key",
    `A repeat within ${OPERATION_MS / 60_000} minutes has no effect, and the same answer.`,
    z.string().max(ID_LENGTH_MAX),
  ),
];

const OF_A_KEY: readonly RefusalCode[] = ["model/unknown", "shared/bad-key", "shared/unavailable"];
const OF_A_CHANGE: readonly RefusalCode[] = [
  ...OF_A_KEY,
  "request/bad-parameter",
  "shared/version-mismatch",
];

const entry = { key: "threshold", value: 50, version: 7 };
const updatedAt = "2026-11-23T08:00:00.000Z";
const changed = { scope: "GasMeter", ...entry };

export const SHARED_DATA_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: SCOPE_PATH,
    id: "listShared",
    tag: "shared",
    summary: "Keys and their values, page by page",
    roles: ["viewer"],
    parameters: [
      SCOPE,
      query("prefix", "Only keys that begin with it.", z.string()),
      limit("Keys"),
      CURSOR,
    ],
    answers: {
      200: okJson("Ascending; `cursor` is null on the last page.", SharedPage, {
        scope: "GasMeter",
        entries: [{ ...entry, updatedAt }],
        cursor: null,
      }),
    },
    refusals: ["model/unknown", "request/bad-parameter", "shared/unavailable"],
  },
  {
    method: "get",
    path: KEY_PATH,
    id: "getShared",
    tag: "shared",
    summary: "The value of a key",
    roles: ["viewer"],
    parameters: [SCOPE, KEY],
    answers: {
      200: {
        ...okJson("With its version.", SharedEntry, { ...changed, updatedAt }),
        headers: ETAG,
      },
    },
    refusals: [...OF_A_KEY, "shared/unknown"],
  },
  {
    method: "put",
    path: KEY_PATH,
    id: "putShared",
    tag: "shared",
    summary: "Set the value of a key",
    roles: ["operator"],
    parameters: CHANGES,
    body: json(SharedPutV1, { value: 50 }),
    answers: { 200: { ...okJson("With its new version.", SharedChanged, changed), headers: ETAG } },
    refusals: [
      ...OF_A_CHANGE,
      ...OF_A_JSON_BODY,
      "shared/malformed",
      "shared/too-many-keys",
      "shared/value-too-large",
    ],
  },
  {
    method: "delete",
    path: KEY_PATH,
    id: "deleteShared",
    tag: "shared",
    summary: "Remove a key",
    roles: ["operator"],
    parameters: CHANGES,
    answers: { 204: { description: "It is gone." } },
    refusals: [...OF_A_CHANGE, "shared/unknown"],
  },
  {
    method: "post",
    path: `${KEY_PATH}/add`,
    id: "addToShared",
    tag: "shared",
    summary: "Add to the number of a key",
    description: "A key that is not there counts as 0.",
    roles: ["operator"],
    parameters: CHANGES,
    body: json(SharedAddV1, { by: 1 }),
    answers: { 200: { ...okJson("With its new version.", SharedChanged, changed), headers: ETAG } },
    refusals: [
      ...OF_A_CHANGE,
      ...OF_A_JSON_BODY,
      "shared/malformed",
      "shared/not-a-number",
      "shared/too-many-keys",
    ],
  },
];
