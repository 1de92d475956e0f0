/** Shapes that many others are made of, and the problem that every failure leaves as. */
import * as z from "zod";
import { isModelName, isTwinId } from "../../../core/ids.ts";
import { ID_LENGTH_MAX, MODEL_NAME_LENGTH_MAX } from "../../../core/limits.ts";
import type { Json } from "../../../core/model.ts";
import { REFUSAL_CODES } from "../../../core/refusal.ts";

export const AnyJson: z.ZodType<Json> = z.any().meta({ description: "Any JSON." });

export const Time = z.iso.datetime().meta({ description: "ISO 8601, UTC." });

export const Count = z.int().min(0);

export const TwinId = z
  .string()
  .min(1)
  .max(ID_LENGTH_MAX)
  .refine(isTwinId)
  .meta({ id: "TwinId", description: "Printable ASCII except `/ ? # %`." });

export const ModelName = z
  .string()
  .min(1)
  .max(MODEL_NAME_LENGTH_MAX)
  .refine(isModelName)
  .meta({ id: "ModelName" });

export const Code = z
  .enum(REFUSAL_CODES)
  .meta({ id: "Code", description: "Stable, of the form `area/what`." });

/** RFC 9457. A code may bring further members. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: Code,
  })
  .meta({
    id: "Problem",
    description: "RFC 9457. The detail names the thing, the value and the rule.",
  });
