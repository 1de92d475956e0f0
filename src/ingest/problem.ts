/** How failures leave over HTTP: RFC 9457 problem documents, one shape for all. */
import { isRetryable, statusOf } from "../core/refusal.ts";
import type { Refusal } from "../core/refusal.ts";
import { RETRY_AFTER_S } from "../core/limits.ts";
import { problemJson } from "../wire/problem-v1.ts";

/** The problem document of a refusal, with the status of its code and `Retry-After` where waiting helps. */
export function problem(refusal: Refusal): Response {
  const status = statusOf(refusal.code);
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (isRetryable(refusal.code)) headers.set("retry-after", String(RETRY_AFTER_S));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(problemJson(refusal)), { status, headers });
}
