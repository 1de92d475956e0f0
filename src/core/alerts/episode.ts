/** One alert over time: how it begins, and what a further raise changes in it. */
import { rankOf } from "./alert.ts";
import type { Alert, AlertSource, Raise } from "./alert.ts";

/** The alert that a first raise makes. */
export function newAlert(n: number, source: AlertSource, raise: Raise, atMs: number): Alert {
  const { holdMs, ...said } = raise;
  const isHeld = holdMs > 0;
  return {
    n,
    model: source.model,
    id: source.id,
    rule: source.rule,
    ...said,
    worst: raise.severity,
    state: isHeld ? "pending" : "firing",
    firstRaisedAtMs: atMs,
    lastRaisedAtMs: atMs,
    raised: 1,
    updates: 0,
    holdUntilMs: atMs + holdMs,
    firedAtMs: isHeld ? null : atMs,
    notifiedAtMs: null,
    lastNotifiedAtMs: null,
    acknowledged: null,
    resolved: null,
  };
}

/** An open alert after a further raise. The hold counts from the first raise and is the last one's. */
export function changesOf(open: Alert, raise: Raise, atMs: number): Alert {
  const { holdMs, ...said } = raise;
  const changed: Alert = {
    ...open,
    ...said,
    worst: rankOf(raise.severity) > rankOf(open.worst) ? raise.severity : open.worst,
    lastRaisedAtMs: Math.max(open.lastRaisedAtMs, atMs),
    raised: open.raised + 1,
    holdUntilMs: open.state === "pending" ? open.firstRaisedAtMs + holdMs : open.holdUntilMs,
  };
  return isNews(open, changed) ? { ...changed, updates: open.updates + 1 } : changed;
}

/** Whether a further raise said something new. */
export function isNews(open: Alert, changed: Alert): boolean {
  return (
    open.title !== changed.title ||
    open.severity !== changed.severity ||
    open.detail !== changed.detail ||
    open.holdUntilMs !== changed.holdUntilMs ||
    open.repeatMs !== changed.repeatMs ||
    open.notify !== changed.notify ||
    JSON.stringify(open.data) !== JSON.stringify(changed.data)
  );
}
