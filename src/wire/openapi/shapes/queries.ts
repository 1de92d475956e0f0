/** What queries and widgets answer. */
import * as z from "zod";
import type { Field, FieldType } from "../../../core/model.ts";
import type { QueryAnswer } from "../../answer-v1.ts";
import { QUERY_PARTS, SqlQueryV1 } from "../../query-v1.ts";
import { WidgetLooksV1 } from "../../widget-v1.ts";
import { AnyJson, Count, Time } from "./basics.ts";

const TYPES = ["number", "string", "boolean", "time"] as const satisfies readonly FieldType[];

export const FieldShape: z.ZodType<Field> = z
  .object({ name: z.string(), type: z.enum(TYPES) })
  .meta({ id: "Field", description: "A queryable field. A time is shown as ISO 8601." });

const Value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const table = { columns: z.array(FieldShape), rows: z.array(z.array(Value)) };

export const Answer: z.ZodType<QueryAnswer> = z
  .object({
    ...table,
    asOf: Time.meta({ description: "Every message acknowledged up to then is in the result." }),
    twins: Count.meta({ description: "Twins that the query looked at." }),
    partial: z.boolean().meta({ description: "Whether a part of the twins could not be had." }),
    elapsedMs: z.number(),
  })
  .meta({ id: "QueryAnswer" });

/** What a live connection brings of a query: its answer without the time that it took. */
export const LiveAnswer = z
  .object({ ...table, asOf: Time, twins: Count, partial: z.boolean() })
  .meta({ id: "LiveAnswer" });

export const Fields = z
  .object({
    model: z.string(),
    fields: z.array(z.object({ name: z.string(), type: z.enum(TYPES), samples: z.array(Value) })),
  })
  .meta({ id: "Fields" });

/** What the dashboard fills as it likes needs no definition of its own. */
const Free = z.record(z.string(), AnyJson).optional();
const looks = { ...WidgetLooksV1.shape, options: Free, position: Free };

/** A widget as it is written: its query as JSON or as SQL text. An id in it is ignored. */
export const WidgetBody = z
  .union([z.object({ ...looks, ...QUERY_PARTS }), z.object({ ...looks, ...SqlQueryV1.shape })])
  .meta({ id: "WidgetBody" });

export const WidgetShape = z
  .object({ id: z.string(), ...looks, ...QUERY_PARTS })
  .meta({ id: "Widget", description: "As it is stored; written again it is the same widget." });

export const Widgets = z.object({ widgets: z.array(WidgetShape) }).meta({ id: "Widgets" });

export const WidgetHistory = z
  .object({
    results: z.array(z.object({ at: Time, ...table, partial: z.boolean() })),
  })
  .meta({ id: "WidgetHistory" });
