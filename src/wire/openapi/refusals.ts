/** Codes of problems that several routes have together. */
import type { RefusalCode } from "../../core/refusal.ts";

/** What any route may answer that asks for a key. */
export const EVERYWHERE: readonly RefusalCode[] = [
  "auth/not-configured",
  "auth/unauthenticated",
  "auth/forbidden",
  "server/error",
];

/** A cell did not answer, or has too much to do: nothing half done, and the same may be sent again. */
const OF_CELLS: readonly RefusalCode[] = ["cell/overloaded", "cell/unavailable"];

/** A path names a model, and the answer takes its cells. */
export const OF_A_MODEL: readonly RefusalCode[] = ["model/unknown", ...OF_CELLS];

/** A path names a twin, which need not exist. */
export const OF_AN_ID: readonly RefusalCode[] = ["twin/bad-id", ...OF_A_MODEL];

/** A path names a twin that must exist. */
export const OF_A_TWIN: readonly RefusalCode[] = ["twin/unknown", ...OF_AN_ID];

/** A body is read that is JSON, within its bound. */
export const OF_A_JSON_BODY: readonly RefusalCode[] = ["body/malformed", "body/too-large"];

/** What a query may be refused with, whatever it comes in. */
export const OF_A_QUERY: readonly RefusalCode[] = [
  "model/unknown",
  "query/bad-type",
  "query/malformed",
  "query/syntax",
  "query/too-many-groups",
  "query/too-many-values",
  "query/unavailable",
  "query/unknown-field",
];
