/** The bodies and parameters of `/v1/alerts`, `/v1/silences` and `/v1/alert-rules`. Channels: channel-v1.ts. */
import * as z from "zod";
import { ALERT_STATES, parseAlertId, SEVERITIES } from "../core/alerts/alert.ts";
import type { Silence } from "../core/alerts/alert.ts";
import type { AlertRule } from "../core/alerts/rule.ts";
import type { AlertFilter } from "../core/alerts/view.ts";
import { isModelName, isTwinId } from "../core/ids.ts";
import {
  ALERTS_LIST_LIMIT_DEFAULT,
  ALERTS_LIST_LIMIT_MAX,
  ALERT_HOLD_MS_MAX,
  ALERT_NOTE_LENGTH_MAX,
  ALERT_REPEAT_MS_MAX,
  ALERT_REPEAT_MS_MIN,
  ALERT_RULE_CHARS_MAX,
  ALERT_RULE_EVERY_MS_DEFAULT,
  ALERT_RULE_EVERY_MS_MAX,
  ALERT_RULE_EVERY_MS_MIN,
  ALERT_TITLE_LENGTH_MAX,
  SILENCE_MS_MAX,
} from "../core/limits.ts";
import { COMPARE_OPS } from "../core/query/plan.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { RefusalCode, Result } from "../core/refusal.ts";
import { describeIssues } from "./issues.ts";
import { isWidgetId } from "./widget-v1.ts";
import { parseQueryBody } from "./query-v1.ts";
import { isoOf } from "../core/query/time-text.ts";

/** Who signs where nobody is named. */
const BY_DEFAULT = "operator";

const note = z.string().max(ALERT_NOTE_LENGTH_MAX);
const severity = z.enum(SEVERITIES);
const model = z.string().refine(isModelName, "is no model's name");

/** The ids of rules, silences and channels are as those of widgets: 1 to 64 letters, digits, `_` and `-`. */
export const isOwnId = isWidgetId;

/** Who handles an alert, and why. */
export const HandlingV1 = z.strictObject({
  by: note.min(1).default(BY_DEFAULT),
  note: note.default(""),
});

/** What an operator does to an alert. */
export type Handling = z.output<typeof HandlingV1>;

/** A silence as it is written. */
export const SilenceV1 = z
  .strictObject({
    model: model.optional(),
    id: z.string().refine(isTwinId, "is no twin's id").optional(),
    rule: z.string().refine(isOwnId, "is no rule's id").optional(),
    key: z.string().max(ALERT_TITLE_LENGTH_MAX).optional(),
    severity: severity.optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    forMs: z.int().min(1).max(SILENCE_MS_MAX).optional(),
    by: note.min(1).default(BY_DEFAULT),
    comment: note.default(""),
  })
  .refine(
    ({ until, forMs }) => (until === undefined) !== (forMs === undefined),
    'needs one of "until" (a time) and "forMs" (milliseconds)',
  );

/** A rule as it is written; its query is read by itself. */
export const RuleV1 = z.strictObject({
  title: z.string().min(1).max(ALERT_TITLE_LENGTH_MAX),
  severity: severity.default("warning"),
  query: z.unknown(),
  op: z.enum(COMPARE_OPS),
  threshold: z.number(),
  clearThreshold: z.number().optional(),
  forMs: z.int().min(0).max(ALERT_HOLD_MS_MAX).default(0),
  everyMs: z
    .int()
    .min(ALERT_RULE_EVERY_MS_MIN)
    .max(ALERT_RULE_EVERY_MS_MAX)
    .default(ALERT_RULE_EVERY_MS_DEFAULT),
  repeatMs: z.int().min(ALERT_REPEAT_MS_MIN).max(ALERT_REPEAT_MS_MAX).optional(),
  notify: z.boolean().default(true),
});

/** A body of acknowledging or resolving; none is an empty one. Refuses with `alert/malformed`. */
export function parseHandling(body: unknown): Result<Handling> {
  return checked(HandlingV1, body ?? {}, "alert/malformed", "the body");
}

/** A silence from a request's body. Refuses with `silence/malformed`. */
export function parseSilence(id: string, body: unknown, nowMs: number): Result<Silence> {
  if (!isOwnId(id)) return refuseId("silence/malformed", "silence", id);
  const parsed = checked(SilenceV1, body, "silence/malformed", "the silence");
  if (!parsed.ok) return parsed;
  const { until, forMs = 0, by, comment, ...meant } = parsed.value;
  const untilMs = until === undefined ? nowMs + forMs : Date.parse(until);
  if (!(untilMs > nowMs && untilMs <= nowMs + SILENCE_MS_MAX)) {
    const detail = `The silence would end at ${until}; that must be from now on, and within ${SILENCE_MS_MAX} ms.`;
    return refuse("silence/malformed", detail);
  }
  return ok({
    id,
    model: meant.model ?? null,
    twin: meant.id ?? null,
    rule: meant.rule ?? null,
    key: meant.key ?? null,
    severity: meant.severity ?? null,
    createdAtMs: nowMs,
    untilMs,
    by,
    comment,
  });
}

/** A silence as it is shown: the form of its body, and its times. */
export function silenceJson(silence: Silence): object {
  const { twin, createdAtMs, untilMs, id: silenceId, ...rest } = silence;
  const times = { createdAt: isoOf(createdAtMs), until: isoOf(untilMs) };
  return { silenceId, ...rest, id: twin, ...times };
}

/**
 * A rule from a request's body. Whether its query suits the model is not asked here. Refuses with `rule/malformed`,
 * or as `parseQueryBody`.
 */
export function parseRule(id: string, body: unknown): Result<AlertRule> {
  if (!isOwnId(id)) return refuseId("rule/malformed", "rule", id);
  const parsed = checked(RuleV1, body, "rule/malformed", "the rule");
  if (!parsed.ok) return parsed;
  const { query, clearThreshold = null, repeatMs = null, ...rest } = parsed.value;
  const problem = clearProblem(rest.op, rest.threshold, clearThreshold);
  if (problem !== undefined) return refuse("rule/malformed", `"clearThreshold" ${problem}.`);
  const spec = parseQueryBody(query);
  if (!spec.ok) return spec;
  const rule: AlertRule = { id, ...rest, query: spec.value, clearThreshold, repeatMs };
  const chars = JSON.stringify(rule).length;
  if (chars <= ALERT_RULE_CHARS_MAX) return ok(rule);
  return refuse(
    "rule/malformed",
    `The rule has ${chars} characters; ${ALERT_RULE_CHARS_MAX} is the limit.`,
  );
}

/** What a list of alerts is asked for. */
export interface AlertListQuery {
  readonly filter: AlertFilter;
  readonly limit: number;
  /** Alerts with a lower number. */
  readonly below: number | undefined;
}

/** The parameters of `GET /v1/alerts`. Refuses with `request/bad-parameter`. */
export function parseAlertList(
  parameters: Readonly<Record<string, string>>,
): Result<AlertListQuery> {
  const { limit: limitText, cursor, ...filterTexts } = parameters;
  const filter = parseAlertFilter(filterTexts);
  if (!filter.ok) return filter;
  const limit = limitText === undefined ? ALERTS_LIST_LIMIT_DEFAULT : Number(limitText);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= ALERTS_LIST_LIMIT_MAX))
    return badParameter("limit", limitText ?? "", `an integer from 1 to ${ALERTS_LIST_LIMIT_MAX}`);
  const below = cursor === undefined ? undefined : parseAlertId(cursor);
  if (cursor !== undefined && below === undefined)
    return badParameter("cursor", cursor, 'the "cursor" of an answer');
  return ok({ filter: filter.value, limit, below });
}

function parseAlertFilter(texts: Readonly<Record<string, string>>): Result<AlertFilter> {
  const { state = "firing,pending", severity: severityText, model: ofModel, id, rule } = texts;
  const states = listOf(ALERT_STATES, state);
  if (states === undefined) return badParameter("state", state, `of ${ALERT_STATES.join(", ")}`);
  const severities = severityText === undefined ? undefined : listOf(SEVERITIES, severityText);
  if (severityText !== undefined && severities === undefined)
    return badParameter("severity", severityText, `of ${SEVERITIES.join(", ")}`);
  return ok({
    states: states,
    ...(severities === undefined ? {} : { severities }),
    ...(ofModel === undefined ? {} : { model: ofModel }),
    ...(id === undefined ? {} : { id }),
    ...(rule === undefined ? {} : { rule }),
  });
}

/** Checks a body. The refusal names what is wrong first, and its rule. `what` is the body in words, as "the rule". */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  code: RefusalCode,
  what: string,
): Result<z.output<Schema>> {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return ok(parsed.data);
  return refuse(code, describeIssues(what, parsed.error.issues));
}

export function refuseId(code: RefusalCode, what: string, id: string): Result<never> {
  const text = JSON.stringify(id.slice(0, 80));
  return refuse(code, `A ${what}'s id is 1 to 64 letters, digits, "_" or "-", not ${text}.`);
}

function clearProblem(
  op: AlertRule["op"],
  threshold: number,
  clear: number | null,
): string | undefined {
  if (clear === null) return undefined;
  if (op === "=" || op === "!=") return `has no meaning with "${op}"`;
  const isBeyond = op === ">" || op === ">=" ? clear > threshold : clear < threshold;
  return isBeyond ? `is ${clear}, which is beyond the threshold ${threshold}` : undefined;
}

function listOf<T extends string>(known: readonly T[], text: string): readonly T[] | undefined {
  const words = text.split(",");
  const chosen = known.filter((word) => words.includes(word));
  return chosen.length === new Set(words).size ? chosen : undefined;
}

function badParameter(name: string, text: string, rule: string): Result<never> {
  const shown = JSON.stringify(text.slice(0, 80));
  return refuse("request/bad-parameter", `"${name}" is ${rule}; this one is ${shown}.`);
}
