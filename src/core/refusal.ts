/**
 * Expected failures: a closed list of codes, each with the HTTP status it answers with.
 * A refusal is data. It names the thing, the value and the rule; a bug throws instead (`assert.ts`).
 */

const STATUS = {
  "alert/malformed": 400,
  "alert/resolved": 409,
  "alert/unknown": 404,
  "auth/not-configured": 503,
  "auth/unauthenticated": 401,
  "auth/forbidden": 403,
  "body/malformed": 400,
  "body/too-large": 413,
  "body/too-many": 413,
  "cell/full": 507,
  "cell/overloaded": 503,
  "cell/unavailable": 503,
  "history/off": 409,
  "channel/malformed": 400,
  "channel/too-many": 409,
  "channel/unknown": 404,
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
  "rule/malformed": 400,
  "rule/too-many": 409,
  "rule/unknown": 404,
  "server/error": 500,
  "shared/bad-key": 400,
  "shared/malformed": 400,
  "shared/not-a-number": 409,
  "shared/too-many-keys": 409,
  "shared/unavailable": 503,
  "shared/unknown": 404,
  "shared/value-too-large": 413,
  "shared/version-mismatch": 412,
  "table/bad-row": 422,
  "table/malformed": 400,
  "table/not-indexed": 400,
  "table/too-large": 413,
  "table/too-many": 409,
  "table/too-wide": 400,
  "table/unknown": 404,
  "table/unknown-row": 404,
  "silence/malformed": 400,
  "silence/too-many": 409,
  "silence/unknown": 404,
  "simulation/malformed": 400,
  "twin/bad-id": 400,
  "twin/bad-parent": 422,
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

/** All codes. */
export const REFUSAL_CODES = Object.keys(STATUS) as readonly RefusalCode[];

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
