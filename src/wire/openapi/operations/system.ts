/** The deployment itself. */
import * as z from "zod";
import type { Operation } from "../operation.ts";
import { okJson } from "../operation.ts";

const Health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

const Description = z
  .looseObject({ openapi: z.string(), info: z.looseObject({ title: z.string() }) })
  .meta({ id: "Description" });

export const SYSTEM_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/healthz",
    id: "getHealth",
    tag: "system",
    summary: "Whether the server answers",
    roles: [],
    answers: { 200: okJson("It does.", Health, { status: "ok" }) },
    refusals: [],
  },
  {
    method: "get",
    path: "/metrics",
    id: "getMetrics",
    tag: "system",
    summary: "Counters and sizes, for Prometheus",
    roles: ["viewer"],
    answers: {
      200: {
        description: "Prometheus text. Totals grow while their cell is awake.",
        content: {
          "text/plain": {
            schema: z.string(),
            text: {},
            example: 'livetwin_messages_accepted_total{model="GasMeter"} 1200\n',
          },
        },
      },
    },
    refusals: [],
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "getDescription",
    tag: "system",
    summary: "This description",
    description: "To be browsed at `/docs`. Documentation of public code: it asks for no key.",
    roles: [],
    answers: {
      200: okJson("OpenAPI 3.1.", Description, { openapi: "3.1.1", info: { title: "Livetwin" } }),
    },
    refusals: ["auth/forbidden", "auth/not-configured", "request/not-found"],
  },
];
