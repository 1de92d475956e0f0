/** How failures leave over HTTP: RFC 9457 problem documents, one shape for all. */
import { isRetryable, statusOf } from "../core/refusal.ts";
import type { Refusal } from "../core/refusal.ts";
import { RETRY_AFTER_S } from "../core/limits.ts";

const TITLES: Readonly<Record<string, string>> = {
  auth: "Not allowed",
  body: "The request's body can't be taken",
  cell: "The twins' cell can't take this now",
  live: "The live connection can't do this",
  message: "The message can't be taken",
  model: "The model can't do this",
  query: "The query can't be answered",
  request: "The request can't be answered",
  server: "The server failed",
  twin: "The twin can't do this",
  widget: "The widget can't be kept",
};

/** The problem document of a refusal, with the status of its code and `Retry-After` where waiting helps. */
export function problem(refusal: Refusal): Response {
  const status = statusOf(refusal.code);
  const area = refusal.code.slice(0, refusal.code.indexOf("/"));
  const body = {
    type: `urn:livetwin:${refusal.code}`,
    title: TITLES[area] ?? "The request failed",
    status,
    detail: refusal.detail,
    code: refusal.code,
    ...refusal.data,
  };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (isRetryable(refusal.code)) headers.set("retry-after", String(RETRY_AFTER_S));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(body), { status, headers });
}
