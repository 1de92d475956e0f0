/** Queries, and what they may name. */
import * as z from "zod";
import { QueryBodyV1 } from "../../query-v1.ts";
import type { Operation } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { MODEL, query } from "../parameters.ts";
import { OF_A_JSON_BODY, OF_A_MODEL, OF_A_QUERY } from "../refusals.ts";
import { Answer, Fields } from "../shapes/queries.ts";

const sql =
  "SELECT region, max(alert_level) AS worst, count(*) AS n FROM StatusTracker GROUP BY region ORDER BY worst DESC";

export const QUERY_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/query",
    id: "query",
    tag: "queries",
    summary: "Ask all twins of a model",
    description:
      "As JSON or as SQL text, which mean the same. A query that lists twins always shows their `id`. Missing or wrongly " +
      "typed values are null. The problem of a query that can't be read names the part (`path`, or the `position` in SQL).",
    roles: ["viewer"],
    parameters: [
      query(
        "consistent",
        "Waits for everything that was acknowledged before the request.",
        z.boolean().default(false),
      ),
    ],
    body: {
      ...json(QueryBodyV1, { sql }),
      "text/plain": { schema: z.string(), text: {}, example: sql },
    },
    answers: {
      200: okJson("The rows.", Answer, {
        columns: [
          { name: "region", type: "string" },
          { name: "worst", type: "number" },
          { name: "n", type: "number" },
        ],
        rows: [
          ["NW", 20, 3334],
          ["SE", 5, 3333],
        ],
        asOf: "2026-11-23T08:00:00.000Z",
        twins: 20_000,
        partial: false,
        elapsedMs: 3,
      }),
    },
    refusals: [...OF_A_QUERY, ...OF_A_JSON_BODY, "request/bad-parameter"],
  },
  {
    method: "get",
    path: "/v1/models/{model}/fields",
    id: "listFields",
    tag: "queries",
    summary: "The fields of a model that queries may name",
    roles: ["viewer"],
    parameters: [MODEL],
    answers: {
      200: okJson("With some of the values that are there.", Fields, {
        model: "GasMeter",
        fields: [{ name: "site", type: "string", samples: ["98109"] }],
      }),
    },
    refusals: OF_A_MODEL,
  },
];
