/** What is deployed. */
import * as z from "zod";
import { SEVERITIES } from "../../../core/alerts/alert.ts";
import { LOG_KINDS } from "../../../core/cell/log.ts";
import { LOG_ENTRIES_DEFAULT, LOG_ENTRIES_MAX } from "../../../core/limits.ts";
import type { Operation } from "../operation.ts";
import { okJson } from "../operation.ts";
import { choices, limit, MODEL, query } from "../parameters.ts";
import { OF_A_MODEL } from "../refusals.ts";
import { TwinId } from "../shapes/basics.ts";
import { Log, ModelInfo, Models, PlacementShape } from "../shapes/models.ts";

const MODEL_PATH = "/v1/models/{model}";

const meter = {
  name: "GasMeter",
  status: "running",
  cells: 4,
  shards: 1,
  deployedAt: "2026-11-23T07:00:00.000Z",
  fields: [{ name: "site", type: "string" }],
  twins: 400,
  counts: { accepted: 1200, duplicates: 0, rejected: 1, failures: 0 },
};

export const MODEL_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/models",
    id: "listModels",
    tag: "models",
    summary: "All models",
    roles: ["viewer"],
    answers: { 200: okJson("What is deployed.", Models, { models: [meter] }) },
    refusals: [],
  },
  {
    method: "get",
    path: MODEL_PATH,
    id: "getModel",
    tag: "models",
    summary: "A model",
    roles: ["viewer"],
    parameters: [MODEL],
    answers: { 200: okJson("Its cells, fields and counts.", ModelInfo, meter) },
    refusals: ["model/unknown"],
  },
  {
    method: "get",
    path: `${MODEL_PATH}/placement`,
    id: "getPlacement",
    tag: "models",
    summary: "How ids map to cells",
    description: "For gateways that batch by cell: such batches cost a fraction of mixed ones.",
    roles: ["device", "viewer"],
    parameters: [MODEL],
    answers: {
      200: okJson("Fixed when the model is first deployed.", PlacementShape, {
        version: 1,
        cells: 4,
        buckets: 1024,
        hash: "fnv1a-32 over UTF-16 units, murmur3 finalizer",
      }),
    },
    refusals: ["model/unknown"],
  },
  {
    method: "get",
    path: `${MODEL_PATH}/log`,
    id: "getLog",
    tag: "models",
    summary: "What a model's code wrote, raised and failed at",
    roles: ["viewer"],
    parameters: [
      MODEL,
      limit("Entries", LOG_ENTRIES_MAX, LOG_ENTRIES_DEFAULT),
      query("severity", "Only these, separated by commas.", choices(SEVERITIES)),
      query("kind", "Only these, separated by commas.", choices(LOG_KINDS)),
      query("id", "Only of this twin.", TwinId),
      query(
        "before",
        "Only before this time: ISO 8601, or epoch milliseconds.",
        z.string().meta({ examples: ["2026-11-23T08:00:00Z"] }),
      ),
    ],
    answers: {
      200: okJson("Newest first.", Log, {
        entries: [
          {
            at: "2026-11-23T08:00:00.000Z",
            severity: "error",
            kind: "failure",
            id: "m-1",
            text: "TypeError: …",
          },
        ],
        partial: false,
      }),
    },
    refusals: [...OF_A_MODEL, "request/bad-parameter"],
  },
];
