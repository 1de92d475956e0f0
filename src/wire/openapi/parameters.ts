/** Parameters that several routes have. */
import * as z from "zod";
import { LIST_LIMIT_MAX } from "../../core/limits.ts";
import type { Parameter } from "./operation.ts";
import { ModelName, TwinId } from "./shapes/basics.ts";

export const MODEL: Parameter = {
  name: "model",
  in: "path",
  description: "The model's name.",
  schema: ModelName,
};

export const TWIN_ID: Parameter = {
  name: "id",
  in: "path",
  description: "The twin's id.",
  schema: TwinId,
};

/** `limit`: how many a page has. */
export function limit(what: string, max = LIST_LIMIT_MAX, fallback = max): Parameter {
  return query("limit", `${what} at most.`, z.int().min(1).max(max).default(fallback));
}

export const CURSOR: Parameter = query(
  "cursor",
  "What the page before gave as `cursor`.",
  z.string(),
);

export function query(name: string, description: string, schema: z.ZodType): Parameter {
  return { name, in: "query", description, schema };
}

export function header(name: string, description: string, schema: z.ZodType): Parameter {
  return { name, in: "header", description, schema };
}

export function path(name: string, description: string, schema: z.ZodType): Parameter {
  return { name, in: "path", description, schema };
}

/** One or more of these, separated by commas. */
export function choices(allowed: readonly string[]): z.ZodType<string> {
  const one = `(${allowed.join("|")})`;
  return z.string().regex(new RegExp(`^${one}(,${one})*$`));
}
