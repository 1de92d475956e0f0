/**
 * Expected failures: a closed list of codes, each with the HTTP status it answers with.
 * A refusal is data. It names the thing, the value and the rule; a bug throws instead (`assert.ts`).
 */

const STATUS = {
  "auth/not-configured": 503,
  "auth/unauthenticated": 401,
  "auth/forbidden": 403,
  "body/malformed": 400,
  "body/too-large": 413,
  "body/too-many": 413,
  "cell/full": 507,
  "cell/overloaded": 503,
  "cell/unavailable": 503,
  "live/malformed": 400,
  "live/too-many": 503,
  "message/malformed": 400,
  "message/invalid": 422,
  "message/too-large": 413,
  "message/bad-message-id": 400,
  "model/unknown": 404,
  "model/failed": 422,
  "query/malformed": 400,
  "query/syntax": 400,
  "query/unknown-field": 400,
  "query/bad-type": 400,
  "query/too-many-groups": 400,
  "query/too-many-values": 400,
  "query/unavailable": 503,
  "request/not-found": 404,
  "request/upgrade-required": 426,
  "request/bad-parameter": 400,
  "server/error": 500,
  "twin/bad-id": 400,
  "twin/unknown": 404,
  "twin/invalid-field": 422,
  "twin/unstorable": 422,
  "twin/state-too-large": 422,
  "widget/unknown": 404,
  "widget/malformed": 400,
  "widget/too-many": 409,
} as const;

/** The stable code of an expected failure, of the form `area/what`. */
export type RefusalCode = keyof typeof STATUS;

/** An expected failure. `data` joins the problem document that HTTP answers with. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(
  code: RefusalCode,
  detail: string,
  data?: Readonly<Record<string, unknown>>,
): Result<never> {
  return { ok: false, refusal: data === undefined ? { code, detail } : { code, detail, data } };
}

/** The HTTP status that a refusal answers with. */
export function statusOf(code: RefusalCode): number {
  return STATUS[code];
}

/** Whether sending the same again later may succeed, with nothing done meanwhile. */
export function isRetryable(code: RefusalCode): boolean {
  return STATUS[code] === 503;
}
