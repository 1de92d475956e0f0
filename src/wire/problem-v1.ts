/** A failure as HTTP shows it: a problem document (RFC 9457), one shape for all. */
import { statusOf } from "../core/refusal.ts";
import type { Refusal, RefusalCode } from "../core/refusal.ts";

type AreaOf<Code> = Code extends `${infer Area}/${string}` ? Area : never;
type Area = AreaOf<RefusalCode>;

/** What each area says of its failures. */
const TITLES: Readonly<Record<Area, string>> = {
  alert: "The alert can't be had",
  auth: "Not allowed",
  body: "The request's body can't be taken",
  cell: "The twins' cell can't take this now",
  history: "There is no history",
  channel: "The channel can't be kept",
  live: "The live connection can't do this",
  message: "The message can't be taken",
  model: "The model can't do this",
  query: "The query can't be answered",
  request: "The request can't be answered",
  rule: "The rule can't be kept",
  server: "The server failed",
  shared: "The shared data can't do this",
  table: "The look-up table can't do this",
  silence: "The silence can't be kept",
  simulation: "The simulation can't do this",
  twin: "The twin can't do this",
  widget: "The widget can't be kept",
};

/** The refusal's data joins as further members. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode;
}

/** The problem document of a refusal. */
export function problemJson({ code, detail, data }: Refusal): ProblemJson {
  const area = code.slice(0, code.indexOf("/")) as Area;
  return {
    type: `urn:livetwin:${code}`,
    title: TITLES[area],
    status: statusOf(code),
    detail,
    code,
    ...data,
  };
}
