/**
 * What one change of a twin leaves in its history: what came, what changed, what went out. It is built as JSON text
 * and read by nobody until somebody asks. Values, and lists, beyond their bounds are cut and say so.
 */
import {
  TWIN_HISTORY_FIELDS_MAX,
  TWIN_HISTORY_LIST_MAX,
  TWIN_HISTORY_VALUE_CHARS_MAX,
} from "../limits.ts";
import type { AlertAsk } from "../alerts/ask.ts";
import type { Json } from "../model.ts";
import type { Send, TimerChange } from "../step.ts";

/** What a model keeps of its twins' changes. */
export interface HistoryBounds {
  /** Entries for each twin. */
  readonly count: number;
  /** Milliseconds after which an entry is not shown any more. */
  readonly ageMs: number;
  /** Whether the bodies of messages are kept. */
  readonly messages: boolean;
}

/** A value as JSON, or the beginning of its JSON text with the length of the whole. */
export type ShownValue = Json | { readonly cut: string; readonly chars: number };

export interface HistoryMessage {
  readonly messageId?: string;
  readonly seq?: number;
  /** The twin that sent it, where one did. */
  readonly from?: { readonly model: string; readonly id?: string };
  /** Absent where the model's history keeps no messages. */
  readonly body?: ShownValue;
}

/** Why a twin changed. A `report` came from a child. */
export interface HistoryCause {
  readonly kind: "message" | "timer" | "put" | "report";
  readonly messages?: readonly HistoryMessage[];
  /** The name of the timer that fired. */
  readonly timer?: string;
}

/** One change of a twin, as `GET …/history` shows it. Lists that nothing is in are absent. */
export interface HistoryEntry {
  /** The twin's version after the change; the same as before when only effects are listed. */
  readonly version: number;
  /** ISO 8601: the time of the commit. */
  readonly at: string;
  /** The twin came to be by it; `changes` are then against the class's defaults. */
  readonly created?: true;
  readonly cause: HistoryCause;
  /** By field: what it was (absent where it was not) and what it is. */
  readonly changes: Readonly<
    Record<string, { readonly from?: ShownValue; readonly to?: ShownValue }>
  >;
  readonly commands?: readonly { readonly commandId?: string; readonly body: ShownValue }[];
  readonly alerts?: readonly HistoryAlert[];
  readonly sends?: readonly { readonly model: string; readonly id: string }[];
  readonly timers?: { readonly started?: readonly string[]; readonly stopped?: readonly string[] };
  /** How many of a list are not in it, by the list's name. */
  readonly omitted?: Readonly<Record<string, number>>;
}

export interface HistoryAlert {
  readonly key: string;
  readonly state: "raised" | "resolved";
  readonly title?: string;
  readonly severity?: string;
}

/** What an entry is made of. */
export interface Change {
  readonly isNew: boolean;
  readonly cause: {
    readonly kind: HistoryCause["kind"];
    readonly messages: readonly CauseMessage[];
    readonly timer: string | undefined;
  };
  /** The fields before, dates revived. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: object;
  readonly commands: readonly { readonly commandId: string | undefined; readonly body: Json }[];
  readonly alerts: readonly HistoryAlert[];
  readonly sends: readonly Send[];
  readonly timers: readonly TimerChange[];
}

/** A message that is a cause: its JSON text as it came. */
export interface CauseMessage {
  readonly messageId: string | undefined;
  readonly seq: number | undefined;
  readonly from: { readonly model: string; readonly id: string | undefined } | undefined;
  readonly text: string | undefined;
}

/** The entry of a change without its version and time, as JSON; undefined for one that changed and asked for nothing. */
export function entryBody(change: Change): string | undefined {
  const omitted: Record<string, number> = {};
  const changes = changesText(change.before, change.after, omitted);
  const tail =
    listText("commands", change.commands, commandText, omitted) +
    listText("alerts", change.alerts, alertText, omitted) +
    listText("sends", change.sends, sendText, omitted) +
    timersText(change.timers, omitted);
  if (changes === "" && tail === "" && !change.isNew) return undefined;
  const head = change.isNew ? '"created":true,' : "";
  const cause = causeText(change.cause, omitted);
  const rest = isEmpty(omitted) ? "" : `,"omitted":${JSON.stringify(omitted)}`;
  return `{${head}"cause":${cause},"changes":{${changes}}${tail}${rest}}`;
}

/** Members of `changes`: the fields that differ. Values are compared as JSON shows them. */
function changesText(
  before: Readonly<Record<string, unknown>>,
  after: object,
  omitted: Record<string, number>,
): string {
  const now = after as Readonly<Record<string, unknown>>;
  const members: string[] = [];
  let differing = 0;
  for (const field of fieldsOf(before, now)) {
    const [from, to] = [before[field], now[field]];
    if (isSame(from, to)) continue;
    const [fromText, toText] = [JSON.stringify(from), JSON.stringify(to)];
    if (fromText === toText) continue;
    if (++differing > TWIN_HISTORY_FIELDS_MAX) continue;
    const was = fromText === undefined ? "" : `"from":${cutJson(fromText)}`;
    const is = toText === undefined ? "" : `"to":${cutJson(toText)}`;
    members.push(`${textJson(field)}:{${was}${was !== "" && is !== "" ? "," : ""}${is}}`);
  }
  if (differing > TWIN_HISTORY_FIELDS_MAX) omitted["changes"] = differing - TWIN_HISTORY_FIELDS_MAX;
  return members.join(",");
}

/** Whether two values of a state are the same; much cheaper than their texts, and most fields are. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date)
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  let members = 0;
  for (const key in left) {
    if (!Object.hasOwn(right, key) || !isSame(left[key], right[key])) return false;
    members++;
  }
  for (const _key in right) members--;
  return members === 0;
}

function* fieldsOf(before: object, after: object): Generator<string> {
  for (const field in after) if (Object.hasOwn(after, field)) yield field;
  for (const field in before) if (!Object.hasOwn(after, field)) yield field;
}

function causeText(
  { kind, messages, timer }: Change["cause"],
  omitted: Record<string, number>,
): string {
  const list = listText("messages", messages, messageText, omitted);
  const fired = timer === undefined ? "" : `,"timer":${textJson(timer)}`;
  return `{"kind":"${kind}"${list}${fired}}`;
}

function messageText({ messageId, seq, from, text }: CauseMessage): string {
  const members: string[] = [];
  if (messageId !== undefined) members.push(`"messageId":${textJson(messageId)}`);
  if (seq !== undefined) members.push(`"seq":${seq}`);
  if (from !== undefined) members.push(`"from":${JSON.stringify(from)}`);
  if (text !== undefined) members.push(`"body":${cutJson(text)}`);
  return `{${members.join(",")}}`;
}

function commandText({ commandId, body }: Change["commands"][number]): string {
  const id = commandId === undefined ? "" : `"commandId":${textJson(commandId)},`;
  return `{${id}"body":${cutJson(JSON.stringify(body))}}`;
}

function alertText({ key, state, title, severity }: HistoryAlert): string {
  const named = title === undefined ? "" : `,"title":${textJson(title)}`;
  const rated = severity === undefined ? "" : `,"severity":${textJson(severity)}`;
  return `{"key":${textJson(key)},"state":"${state}"${named}${rated}}`;
}

function sendText({ model, id }: Send): string {
  return JSON.stringify({ model, id });
}

function timersText(changes: readonly TimerChange[], omitted: Record<string, number>): string {
  if (changes.length === 0) return "";
  const named = (kind: TimerChange["kind"]): readonly string[] =>
    changes.filter((change) => change.kind === kind).map(({ name }) => name);
  const started = listText("started", named("start"), textJson, omitted);
  const stopped = listText("stopped", named("stop"), textJson, omitted);
  return `,"timers":{${`${started}${stopped}`.slice(1)}}`;
}

/** `,"name":[…]` of the first entries of a list; nothing for an empty one. */
function listText<T>(
  name: string,
  list: readonly T[],
  textOf: (item: T) => string,
  omitted: Record<string, number>,
): string {
  if (list.length === 0) return "";
  if (list.length > TWIN_HISTORY_LIST_MAX) omitted[name] = list.length - TWIN_HISTORY_LIST_MAX;
  return `,"${name}":[${list.slice(0, TWIN_HISTORY_LIST_MAX).map(textOf).join(",")}]`;
}

/** JSON text as it is, or its beginning. */
function cutJson(text: string): string {
  if (text.length <= TWIN_HISTORY_VALUE_CHARS_MAX) return text;
  return JSON.stringify({ cut: text.slice(0, TWIN_HISTORY_VALUE_CHARS_MAX), chars: text.length });
}

/** A name or a title as JSON; a long one loses its end. */
function textJson(text: string): string {
  return JSON.stringify(
    text.length > TWIN_HISTORY_VALUE_CHARS_MAX
      ? `${text.slice(0, TWIN_HISTORY_VALUE_CHARS_MAX)}…`
      : text,
  );
}

function isEmpty(object: object): boolean {
  for (const _key in object) return false;
  return true;
}

/** What the history says of an alert that a step raised or resolved. */
export function askedAlert(ask: AlertAsk): HistoryAlert {
  if (ask.do === "resolve") return { key: ask.key, state: "resolved" };
  const { key, title, severity } = ask.raise;
  return { key, state: "raised", title, severity };
}
