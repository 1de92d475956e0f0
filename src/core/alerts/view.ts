/** Alerts as HTTP, live connections, the generic channel and the mock environment show them, and lists of them. */
import { LIVE_ALERTS_MAX } from "../limits.ts";
import type { Json, Severity } from "../model.ts";
import { alertIdOf, rankOf } from "./alert.ts";
import type { Alert, AlertState, Handled } from "./alert.ts";
import type { AlertBook } from "./book.ts";
import { isoOf } from "../query/time-text.ts";

/** Times are ISO 8601. */
export interface AlertView {
  readonly alertId: string;
  readonly state: AlertState;
  readonly severity: Severity;
  readonly title: string;
  readonly detail: string;
  readonly model: string;
  /** The twin; null for a rule's alert. */
  readonly id: string | null;
  readonly rule: string | null;
  /** Names the condition; of a rule's alert, its group. */
  readonly key: string;
  readonly data: Json;
  readonly firstRaisedAt: string;
  readonly lastRaisedAt: string;
  readonly raised: number;
  readonly updates: number;
  /** While it is pending: when it fires. */
  readonly heldUntil: string | null;
  readonly firedAt: string | null;
  /** When channels were told last. */
  readonly notifiedAt: string | null;
  readonly acknowledged: HandledView | null;
  readonly resolved: HandledView | null;
  readonly silencedUntil: string | null;
}

export interface HandledView {
  readonly by: string;
  readonly at: string;
  readonly note: string;
}

export interface AlertFilter {
  readonly states: readonly AlertState[];
  readonly severities?: readonly Severity[];
  readonly model?: string;
  /** A twin. */
  readonly id?: string;
  readonly rule?: string;
}

export interface AlertPage {
  readonly alerts: readonly AlertView[];
  /** Where the next page begins, below this number; null at the end. */
  readonly next: number | null;
}

/** What a live subscription shows: counts of all that are open, and the worst of them. */
export interface LiveAlerts {
  readonly counts: Readonly<Record<"firing" | "pending" | Severity, number>>;
  readonly alerts: readonly AlertView[];
}

/** `silencedUntilMs` is null where it is not silenced, or where nobody asks. */
export function alertView(alert: Alert, silencedUntilMs: number | null = null): AlertView {
  const { n, id, acknowledged, resolved, state } = alert;
  const { severity, title, detail, model, rule, key, data, raised, updates } = alert;
  return {
    alertId: alertIdOf(n),
    state,
    severity,
    title,
    detail,
    model,
    id: id === "" ? null : id,
    rule,
    key,
    data,
    firstRaisedAt: isoOf(alert.firstRaisedAtMs),
    lastRaisedAt: isoOf(alert.lastRaisedAtMs),
    raised,
    updates,
    heldUntil: state === "pending" ? isoOf(alert.holdUntilMs) : null,
    firedAt: isoOrNull(alert.firedAtMs),
    notifiedAt: isoOrNull(alert.lastNotifiedAtMs),
    acknowledged: handledView(acknowledged),
    resolved: handledView(resolved),
    silencedUntil: isoOrNull(silencedUntilMs),
  };
}

/** An alert of a book, with its silence. */
export function viewIn(book: AlertBook, alert: Alert): AlertView {
  return alertView(alert, alert.resolved === null ? book.silences.untilMs(alert) : null);
}

/** The newest alerts below a number that a filter lets through. The book must be flushed. */
export function listAlerts(
  book: AlertBook,
  filter: AlertFilter,
  limit: number,
  below: number = Number.MAX_SAFE_INTEGER,
): AlertPage {
  const page: Alert[] = [];
  for (const alert of newestBelow(book, filter, below)) {
    if (!passes(alert, filter)) continue;
    if (page.length === limit)
      return { alerts: page.map((each) => viewIn(book, each)), next: page.at(-1)!.n };
    page.push(alert);
  }
  return { alerts: page.map((each) => viewIn(book, each)), next: null };
}

/** What is open and a filter lets through, the worst first, then what fires before what is held, then the newest. */
export function liveAlerts(book: AlertBook, filter: AlertFilter): LiveAlerts {
  const counts = { firing: 0, pending: 0, info: 0, warning: 0, error: 0 };
  const open: Alert[] = [];
  for (const alert of book.open()) {
    if (!passes(alert, filter) || alert.state === "resolved") continue;
    counts[alert.state]++;
    counts[alert.severity]++;
    open.push(alert);
  }
  open.sort(
    (a, b) =>
      rankOf(b.severity) - rankOf(a.severity) || a.state.localeCompare(b.state) || b.n - a.n,
  );
  return { counts, alerts: open.slice(0, LIVE_ALERTS_MAX).map((alert) => viewIn(book, alert)) };
}

/** Open and resolved ones by number, the highest first. */
function* newestBelow(book: AlertBook, { states }: AlertFilter, below: number): Iterable<Alert> {
  const open = [...book.open()].filter(({ n }) => n < below).toReversed();
  let at = 0;
  for (const resolved of states.includes("resolved") ? book.resolvedBelow(below) : []) {
    while (at < open.length && open[at]!.n > resolved.n) yield open[at++]!;
    yield resolved;
  }
  yield* open.slice(at);
}

function passes(alert: Alert, { states, severities, model, id, rule }: AlertFilter): boolean {
  return (
    states.includes(alert.state) &&
    (severities === undefined || severities.includes(alert.severity)) &&
    (model ?? alert.model) === alert.model &&
    (id ?? alert.id) === alert.id &&
    (rule ?? alert.rule) === alert.rule
  );
}

function handledView(handled: Handled | null): HandledView | null {
  return handled === null ? null : { by: handled.by, at: isoOf(handled.atMs), note: handled.note };
}

function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : isoOf(atMs);
}
