/**
 * Rules on aggregates: an alert while a model's aggregate is beyond a threshold; with groups, one for each group.
 * Pure: the query's answer and the time are given. What a rule's alert goes through is the book's business.
 */
import { hash32 } from "../ids.ts";
import { ALERT_RULE_GROUPS_MAX, ALERT_TITLE_LENGTH_MAX } from "../limits.ts";
import type { Severity } from "../model.ts";
import type { CompareOp, Plan, QueryResult, QuerySpec } from "../query/plan.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import type { AlertSource, Raise } from "./alert.ts";
import type { AlertBook } from "./book.ts";

export interface AlertRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly query: QuerySpec;
  readonly op: CompareOp;
  readonly threshold: number;
  /** An alert that fires ends only when the comparison with this, too, is false (hysteresis). Null: the threshold. */
  readonly clearThreshold: number | null;
  /** Milliseconds that the comparison must be true, without a false one between, before the alert fires. */
  readonly forMs: number;
  readonly everyMs: number;
  readonly repeatMs: number | null;
  /** Whether channels are told. */
  readonly notify: boolean;
}

/** A rule whose query was checked, and where in its answer what is. */
export interface PlannedRule {
  readonly rule: AlertRule;
  readonly plan: Plan;
  /** Indexes of the answer's columns. */
  readonly value: number;
  readonly groups: readonly number[];
  /** A group that is not in the answer counts 0; without this it is no group any more. */
  readonly isCount: boolean;
}

/** What a rule's query says of one group; the key is empty when there are no groups. */
export interface Sample {
  readonly key: string;
  /** Null when no twin has a value. */
  readonly value: number | null;
}

/** Joins a rule with its query's plan. Refuses with `rule/malformed` a query that gives no single number per group. */
export function planRule(rule: AlertRule, plan: Plan): Result<PlannedRule> {
  const malformed = (problem: string): Result<never> =>
    refuse("rule/malformed", `The rule's query ${problem}.`);
  if (plan.kind !== "groups") return malformed("lists twins; a rule needs one aggregate");
  const { limit, offset } = rule.query;
  if (limit !== undefined || offset !== undefined)
    return malformed("has a limit or an offset: which groups it leaves out may change each time");
  if (plan.aggregates.length !== 1)
    return malformed(`has ${plan.aggregates.length} aggregates; a rule compares exactly one`);
  const { op, type } = plan.aggregates[0]!;
  if (type !== "number") return malformed(`gives a ${type}; a rule compares a number`);
  const { columns, keys } = plan;
  const value = columns.findIndex(({ cell }) => cell >= keys.length);
  const groups = keys.map((_key, cell) => columns.findIndex((column) => column.cell === cell));
  if (groups.includes(-1)) return malformed("does not show all that it groups by");
  return ok({ rule, plan, value, groups, isCount: op === "count" || op === "countDistinct" });
}

/** The groups of an answer. Refuses with `query/too-many-groups` beyond ALERT_RULE_GROUPS_MAX. */
export function samplesOf(planned: PlannedRule, { columns, rows }: QueryResult): Result<Sample[]> {
  if (rows.length > ALERT_RULE_GROUPS_MAX) {
    const detail = `The rule's query has ${rows.length} groups; ${ALERT_RULE_GROUPS_MAX} is the limit for a rule.`;
    return refuse("query/too-many-groups", detail);
  }
  const samples = rows.map((row): Sample => {
    const names = planned.groups.map((at) => `${columns[at]!.name}=${JSON.stringify(row[at])}`);
    const value = row[planned.value];
    return { key: boundedKey(names.join(" ")), value: typeof value === "number" ? value : null };
  });
  return ok(samples);
}

/**
 * Raises and resolves the alerts of a rule by a complete answer of its query. A group without a value changes
 * nothing. One that is not in the answer any more has no twins: it counts 0 in a count, and is resolved in others.
 */
export function applySamples(
  book: AlertBook,
  planned: PlannedRule,
  samples: readonly Sample[],
  nowMs: number,
): void {
  const { rule } = planned;
  const source = sourceOf(rule);
  const open = new Map(book.openOf(source).map((alert) => [alert.key, alert]));
  const seen = new Set(samples.map(({ key }) => key));
  const gone = [...open.keys()].filter((key) => !seen.has(key));
  for (const { key, value } of [...samples, ...gone.map((key) => ({ key, value: 0 }))]) {
    const alert = open.get(key);
    if (!seen.has(key) && !planned.isCount) book.resolve(source, key, nowMs, nowMs, "rule");
    else if (value === null) continue;
    else if (isBeyond(rule.op, value, rule.threshold))
      book.raise(source, raiseFor(planned, key, value), nowMs, nowMs);
    else if (alert !== undefined && (alert.state === "pending" || isClear(rule, value)))
      book.resolve(source, key, nowMs, nowMs, "rule");
    else if (alert !== undefined) book.raise(source, raiseFor(planned, key, value), nowMs, nowMs);
  }
}

/** Whether an alert that fires ends at this value. */
export function isClear({ op, threshold, clearThreshold }: AlertRule, value: number): boolean {
  return !isBeyond(op, value, clearThreshold ?? threshold);
}

export function isBeyond(op: CompareOp, value: number, threshold: number): boolean {
  switch (op) {
    case "=":
      return value === threshold;
    case "!=":
      return value !== threshold;
    case "<":
      return value < threshold;
    case "<=":
      return value <= threshold;
    case ">":
      return value > threshold;
    case ">=":
      return value >= threshold;
  }
}

/** Whose alerts a rule's are. */
export function sourceOf({ id, query }: AlertRule): AlertSource {
  return { model: query.model, id: "", rule: id };
}

function raiseFor({ rule, plan, value: at }: PlannedRule, key: string, value: number): Raise {
  const name = plan.kind === "groups" ? plan.columns[at]!.name : "";
  const detail = `${name} is ${value} (${rule.op} ${rule.threshold})`;
  return {
    key,
    title: rule.title,
    severity: rule.severity,
    detail: key === "" ? detail : `${detail} for ${key}`,
    data: { value },
    holdMs: rule.forMs,
    repeatMs: rule.repeatMs,
    notify: rule.notify,
  };
}

/** Keys are as long as titles at most; a longer one keeps its beginning and is told apart by its hash. */
function boundedKey(text: string): string {
  if (text.length <= ALERT_TITLE_LENGTH_MAX) return text;
  return `${text.slice(0, ALERT_TITLE_LENGTH_MAX - 12)}…#${hash32(text).toString(36)}`;
}
