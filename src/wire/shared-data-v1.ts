/** Shared data and look-up tables as HTTP and the objects speak of them. */
import * as z from "zod";
import { NESTING_MAX } from "../core/limits.ts";
import type { Json } from "../core/model.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { SharedEntry } from "../core/shared-data/book.ts";
import type { TableDefinition } from "../core/shared-data/table.ts";
import { isNestedDeeper } from "./nesting.ts";

/** How a column of a CSV is read; text unless named. An empty field of a column that is no text is null. */
export type ColumnType = "number" | "boolean";

/** What somebody has chosen for a table. */
export interface TableSettings extends TableDefinition {
  readonly types: Readonly<Record<string, ColumnType>>;
}

export interface TableInfo extends TableSettings {
  readonly rows: number;
  readonly updatedAtMs: number;
}

export const SharedPutV1 = z.strictObject({ value: z.unknown() });
export const SharedAddV1 = z.strictObject({ by: z.number() });

/** The value of a PUT: `{"value": …}`. Refuses with `shared/malformed`. */
export function parseSharedPut(body: unknown): Result<Json> {
  const parsed = SharedPutV1.safeParse(body);
  if (!parsed.success || parsed.data.value === undefined)
    return refuse("shared/malformed", 'The body is {"value": …}, of any JSON.');
  if (isNestedDeeper(parsed.data.value, NESTING_MAX))
    return refuse("shared/malformed", `The value may be nested ${NESTING_MAX} deep at most.`);
  return ok(parsed.data.value as Json);
}

/** What an add adds: `{"by": number}`. Refuses with `shared/malformed`. */
export function parseSharedAdd(body: unknown): Result<number> {
  const parsed = SharedAddV1.safeParse(body);
  if (parsed.success) return ok(parsed.data.by);
  return refuse("shared/malformed", 'The body is {"by": number}.');
}

/** The version that a request expects: of `If-Match: "7"`, 0 for `If-None-Match: *`, undefined for neither. */
export function parseExpectedVersion(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): Result<number | undefined> {
  if (ifMatch === undefined) {
    if (ifNoneMatch === undefined) return ok(undefined);
    if (ifNoneMatch.trim() === "*") return ok(0);
    return refuse("request/bad-parameter", "If-None-Match takes nothing but *.");
  }
  const version = /^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1];
  if (version !== undefined && ifNoneMatch === undefined) return ok(Number(version));
  return refuse(
    "request/bad-parameter",
    'If-Match takes one version in quotation marks, as ETag has it: "7".',
  );
}

export function sharedJson({ key, value, version, updatedAtMs }: SharedEntry): object {
  return { key, value, version, updatedAt: new Date(updatedAtMs).toISOString() };
}

export function tableJson({ name, key, indexes, types, rows, updatedAtMs }: TableInfo): object {
  return { name, key, indexes, types, rows, updatedAt: new Date(updatedAtMs).toISOString() };
}
