/**
 * What an alert is: one episode of a condition, from the first raise to its resolution. The same condition raised
 * again after that is another alert, with its own history and acknowledgement.
 */
import type { Json, Severity } from "../model.ts";

export const SEVERITIES: readonly Severity[] = ["info", "warning", "error"];

/** `pending`: raised, but its hold has not passed, so nobody was told. */
export const ALERT_STATES = ["pending", "firing", "resolved"] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** Whose condition it is: a twin's, or a rule's on a model's aggregates. */
export interface AlertSource {
  readonly model: string;
  /** The twin; empty for a rule's alert. */
  readonly id: string;
  /** The rule; null for a twin's alert. */
  readonly rule: string | null;
}

/** What is said of a condition when it is raised, and each time again. */
export interface Raise {
  /** Names the condition among its source's; a rule's alert has its group here. */
  readonly key: string;
  readonly title: string;
  readonly severity: Severity;
  readonly detail: string;
  readonly data: Json;
  /** Milliseconds that it must last, from the first raise, before it fires. */
  readonly holdMs: number;
  /** Milliseconds between repeated notifications while it fires unacknowledged; null for none. */
  readonly repeatMs: number | null;
  /** Whether channels are told of it at all. */
  readonly notify: boolean;
}

/** Who did something to an alert, when (epoch ms), and what they wrote. */
export interface Handled {
  readonly by: string;
  readonly atMs: number;
  readonly note: string;
}

export interface Alert extends AlertSource, Omit<Raise, "holdMs"> {
  /** Its number, larger for newer ones and never used again: from the time at which the book met it. */
  readonly n: number;
  /** The highest severity that it has had. */
  readonly worst: Severity;
  readonly state: AlertState;
  readonly firstRaisedAtMs: number;
  readonly lastRaisedAtMs: number;
  /** Raises that the book was told of, the first included, and those of them that said something new. */
  readonly raised: number;
  readonly updates: number;
  /** When a pending alert fires. */
  readonly holdUntilMs: number;
  /** Null before it fires. */
  readonly firedAtMs: number | null;
  /** When channels were told of it first and last; null while nobody was. */
  readonly notifiedAtMs: number | null;
  readonly lastNotifiedAtMs: number | null;
  readonly acknowledged: Handled | null;
  readonly resolved: Handled | null;
}

/** The key of the book's own alert about a model that has too many. */
export const TOO_MANY_KEY = "livetwin/too-many-alerts";

/** What keeps alerts from notifying for a while. All that it names must hold; naming nothing, it means every alert. */
export interface Silence {
  readonly id: string;
  readonly model: string | null;
  /** A twin. */
  readonly twin: string | null;
  readonly rule: string | null;
  readonly key: string | null;
  /** This severity and the lower ones. */
  readonly severity: Severity | null;
  readonly createdAtMs: number;
  /** The time at which it ends, not included. */
  readonly untilMs: number;
  readonly by: string;
  readonly comment: string;
}

/** What channels are told of an alert. */
export type NoticeKind = "firing" | "escalated" | "repeated" | "acknowledged" | "resolved";

export interface Notice {
  readonly kind: NoticeKind;
  readonly atMs: number;
  /** As it was then. */
  readonly alert: Alert;
}

/** 0, 1 or 2: higher is worse. */
export function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The same for two raises of one condition. */
export function identityOf({ model, id, rule }: AlertSource, key: string): string {
  // Neither names of models and rules nor ids of twins hold a line break.
  return `${model}\n${id}\n${rule ?? ""}\n${key}`;
}

/** Whether a silence that has not ended means this alert. */
export function isMeant(silence: Silence, alert: Alert): boolean {
  return (
    (silence.model ?? alert.model) === alert.model &&
    (silence.twin ?? alert.id) === alert.id &&
    (silence.rule ?? alert.rule) === alert.rule &&
    (silence.key ?? alert.key) === alert.key &&
    (silence.severity === null || rankOf(alert.severity) <= rankOf(silence.severity))
  );
}

/** An alert's number as URLs and frames have it. */
export function alertIdOf(n: number): string {
  return n.toString(36);
}

/** The number in an id, or undefined when it is none. */
export function parseAlertId(text: string): number | undefined {
  const n = /^[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
  return Number.isSafeInteger(n) ? n : undefined;
}
