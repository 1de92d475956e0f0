/**
 * What the page shows: a model, the number that matters, and by what twins are grouped and coloured. The address
 * holds what somebody chose; everything else is a default that suits the model, so a link stays short and still
 * reproduces the view.
 */
import { groupFields, numberFields, wordsOf } from "./fields.ts";
import type { ModelInfo } from "./fields.ts";

/** How the values of a group become one, and the words for it. */
export const SUMMARIES = {
  max: "highest",
  avg: "mean",
  min: "lowest",
  sum: "total",
  p50: "median",
  p90: "90th percentile of",
  count: "number of twins",
} as const;

export type SummaryOp = keyof typeof SUMMARIES;

export interface View {
  readonly model: ModelInfo;
  /** The number field that figures, chart and table are about; none in a model without numbers. */
  readonly measure: string | undefined;
  readonly op: SummaryOp;
  /** The field that the chart groups by; none in a model that has no texts. */
  readonly group: string | undefined;
  /** The field that colours the map. */
  readonly colour: string | undefined;
}

/** What the address asks for; names may be of fields that do not exist. */
export type ViewParameters = Readonly<Partial<Record<(typeof PARAMETERS)[number], string>>>;

const PARAMETERS = ["model", "field", "summary", "by", "colour"] as const;

/** Names that promise a number worth watching, with the summary that suits it; the first that is found wins. */
const MEASURES: readonly (readonly [RegExp, SummaryOp])[] = [
  [/alert|severity|threat|risk/i, "max"],
  [/mean|average|avg/i, "avg"],
  [/delay|latency|duration/i, "avg"],
  [/temp|speed|rate|power|pressure|level|ppm/i, "avg"],
];
const GROUPS = [
  /region|zone|district/i,
  /^(state|country)$/i,
  /^(site|city|department)$/i,
  /type|kind/i,
];
const CONDITIONS = /condition|congestion|status|health/i;
const NAMES = /(^|_)(id|iata|name)$|Id$|Name$/;

/** Reads what an address asks for; what it does not know is left alone. */
export function parseView(search: string): ViewParameters {
  const query = new URLSearchParams(search);
  const entries = PARAMETERS.map((name) => [name, query.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

/** The query string of a view's parameters, `?` included; `""` for none. */
export function searchOf(parameters: ViewParameters): string {
  const query = new URLSearchParams();
  for (const name of PARAMETERS) {
    const value = parameters[name];
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query}`;
}

/** The view that the parameters ask for; a field that the model has not gives way to the default. */
export function makeView(model: ModelInfo, asked: ViewParameters): View {
  const numbers = numberFields(model);
  const groups = groupFields(model);
  const measure = pick(numbers, asked.field) ?? defaultMeasure(numbers);
  const op = measure === undefined ? "count" : (opOf(asked.summary) ?? defaultOp(measure));
  const group = pick(groups, asked.by) ?? defaultGroup(groups);
  const colour = pick([...numbers, ...groups], asked.colour) ?? defaultColour(measure, groups);
  return { model, measure, op, group, colour };
}

/** A summary of a field in words: "highest alert level", "number of twins". */
export function wordsOfSummary(op: SummaryOp, measure: string | undefined): string {
  if (op === "count" || measure === undefined) return SUMMARIES.count;
  const words = wordsOf(measure);
  return words.startsWith(`${SUMMARIES[op]} `) ? words : `${SUMMARIES[op]} ${words}`;
}

function pick(names: readonly string[], asked: string | undefined): string | undefined {
  return asked !== undefined && names.includes(asked) ? asked : undefined;
}

function opOf(text: string | undefined): SummaryOp | undefined {
  return text !== undefined && Object.hasOwn(SUMMARIES, text) ? (text as SummaryOp) : undefined;
}

function defaultMeasure(numbers: readonly string[]): string | undefined {
  for (const [pattern] of MEASURES) {
    const found = numbers.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return numbers[0];
}

function defaultOp(measure: string): SummaryOp {
  return MEASURES.find(([pattern]) => pattern.test(measure))?.[1] ?? "avg";
}

function defaultGroup(groups: readonly string[]): string | undefined {
  for (const pattern of GROUPS) {
    const found = groups.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  // A field that names each twin makes groups of one.
  return groups.find((name) => !NAMES.test(name)) ?? groups[0];
}

/** An alarm speaks for itself; otherwise a condition says more than a number does. */
function defaultColour(measure: string | undefined, groups: readonly string[]): string | undefined {
  if (measure !== undefined && defaultOp(measure) === "max") return measure;
  return groups.find((name) => CONDITIONS.test(name)) ?? measure ?? groups[0];
}
