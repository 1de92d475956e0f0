/** A query's answer, as `POST /v1/query` and live connections give it. */
import type { QueryResult } from "../core/query/plan.ts";

export interface QueryAnswer extends QueryResult {
  /** Every message acknowledged up to this time (ISO 8601) is in the result, unless it is partial. */
  readonly asOf: string;
  /** Twins that the query looked at. */
  readonly twins: number;
  /** Whether a part of the twins could not be had, or only as they were at `asOf`. */
  readonly partial: boolean;
  readonly elapsedMs: number;
}
