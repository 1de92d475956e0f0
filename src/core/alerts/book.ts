/**
 * The book of alerts: which conditions are open, what has become of the others, and who is to be told of a change.
 * Pure: the time is given, and the store is memory or SQLite.
 *
 * - I1: of one condition (source and key) at most one alert is open.
 * - I2: a pending alert that is resolved leaves nothing behind: nobody had heard of it.
 * - I3: whoever was told that an alert fires is told of its resolution, silenced or not.
 * - I4: memory equals what the store gives after `flush`; a host whose write failed opens the book anew.
 *
 * What twins ask carries the time at which they asked (`atMs`), which decides about holds; deliveries may be late.
 */
import { ALERTS_OPEN_MAX, ALERTS_OPEN_PER_MODEL_MAX } from "../limits.ts";
import { refuse, ok } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { alertIdOf, identityOf, rankOf, TOO_MANY_KEY } from "./alert.ts";
import type { Alert, AlertSource, Handled, Notice, NoticeKind, Raise } from "./alert.ts";
import type { AlertStore } from "./alert-store.ts";
import { OpenAlerts } from "./open-alerts.ts";
import { ResolvedAlerts } from "./resolved-alerts.ts";
import { Silences } from "./silences.ts";
import { changesOf, isNews, newAlert } from "./episode.ts";

/** A model that has had too many is told to be well again when it is this far below its bound. */
const WELL_AGAIN_RATIO = 0.9;

export class AlertBook {
  /** Grows with every change that a reader could see. */
  version = 0;
  readonly silences: Silences;
  readonly counts = { raised: 0, refused: 0, displaced: 0, notices: 0 };
  readonly #store: AlertStore;
  readonly #open: OpenAlerts;
  readonly #resolved: ResolvedAlerts;
  readonly #unwritten = new Map<number, Alert | null>();
  #notices: Notice[] = [];
  #last = 0;

  constructor(store: AlertStore) {
    this.#store = store;
    this.#open = new OpenAlerts(store.readOpen());
    this.silences = new Silences(store);
    this.#resolved = new ResolvedAlerts(store.readMarks());
    this.#last = this.#resolved.last;
    for (const { n } of this.#open.all()) this.#last = Math.max(this.#last, n);
  }

  /** Raises a condition, or says of one that is open what is new. Refused ones are counted, and told of by an alert. */
  raise(source: AlertSource, raise: Raise, atMs: number, nowMs: number): void {
    this.counts.raised++;
    const found = this.#open.find(identityOf(source, raise.key));
    const open = found === undefined ? undefined : this.#fireIfHeld(found, atMs, nowMs);
    if (open !== undefined) return this.#raiseAgain(open, raise, atMs, nowMs);
    if (!this.#makeRoom(source.model, raise, nowMs)) return;
    this.#begin(source, raise, atMs, nowMs);
  }

  /** Ends a condition. One that is not open is none of the book's business. */
  resolve(source: AlertSource, key: string, atMs: number, nowMs: number, by: string): void {
    const found = this.#open.find(identityOf(source, key));
    if (found !== undefined) this.#end(found, { by, atMs, note: "" }, nowMs);
  }

  /** Ends every condition of a source: its twin or its rule is gone. */
  resolveAll(source: AlertSource, atMs: number, nowMs: number, by: string): void {
    for (const alert of this.#open.of(source)) this.#end(alert, { by, atMs, note: "" }, nowMs);
  }

  /** Does what is due: holds that have passed, silences that have ended, repeated notifications. */
  run(nowMs: number): void {
    for (const alert of this.#open.all()) this.#fireIfHeld(alert, nowMs, nowMs);
    if (this.silences.end(nowMs)) this.silencesChanged(nowMs);
    for (const alert of this.#open.all()) {
      const dueAtMs = repeatAtMs(alert);
      if (dueAtMs !== null && dueAtMs <= nowMs) this.#tell("repeated", alert, nowMs, nowMs);
    }
    this.#forget(nowMs);
  }

  /** When `run` has something to do next (epoch ms); infinity when never. */
  nextDueAtMs(): number {
    let dueAtMs = this.silences.nextEndMs();
    for (const alert of this.#open.all()) {
      if (alert.state === "pending") dueAtMs = Math.min(dueAtMs, alert.holdUntilMs);
      const repeatMs = repeatAtMs(alert);
      // The end of its silence is due by itself.
      if (repeatMs !== null && this.silences.untilMs(alert) === null)
        dueAtMs = Math.min(dueAtMs, repeatMs);
    }
    return dueAtMs;
  }

  /** Silences have changed: tells of what fires, is silenced no longer, and was not told of as it is. */
  silencesChanged(nowMs: number): void {
    this.version++;
    for (const alert of this.#open.all()) this.#tellIfUntold(alert, nowMs);
  }

  /** Notes that somebody looks after it; a second acknowledgement takes the first one's place. Refuses with `alert/unknown` and `alert/resolved`. */
  acknowledge(n: number, handled: Handled): Result<Alert> {
    const alert = this.#openOne(n);
    if (!alert.ok) return alert;
    const acknowledged = this.#put({ ...alert.value, acknowledged: handled });
    if (acknowledged.notifiedAtMs !== null)
      this.#notify("acknowledged", acknowledged, handled.atMs);
    return ok(acknowledged);
  }

  /** Ends it by hand. When its twin raises the condition again, that is a new alert. Refuses as `acknowledge`. */
  resolveByHand(n: number, handled: Handled): Result<Alert> {
    const alert = this.#openOne(n);
    if (!alert.ok) return alert;
    return ok(this.#end(alert.value, handled, handled.atMs));
  }

  get(n: number): Alert | undefined {
    return this.#unwritten.get(n) ?? this.#open.get(n) ?? this.#store.read(n);
  }

  /** All that are not resolved, by number. */
  open(): Iterable<Alert> {
    return this.#open.all();
  }

  /** Open conditions of a source. */
  openOf(source: AlertSource): readonly Alert[] {
    return this.#open.of(source);
  }

  get openCount(): number {
    return this.#open.count();
  }

  /** Resolved alerts with a number below `n`, the highest first. After `flush`. */
  resolvedBelow(n: number): Iterable<Alert> {
    return this.#store.readResolvedBelow(n);
  }

  /** What channels are to be told, in order; each is given once. */
  takeNotices(): readonly Notice[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  /** Writes what has changed since the last time: each alert once, however often it changed. */
  flush(): void {
    for (const [n, alert] of this.#unwritten) {
      if (alert === null) this.#store.remove(n);
      else this.#store.write(alert);
    }
    this.#unwritten.clear();
  }

  #begin(source: AlertSource, raise: Raise, atMs: number, nowMs: number): void {
    // A number from the clock is never used again, even when the alert leaves no row behind.
    this.#last = Math.max(this.#last + 1, nowMs * 1_000);
    const alert = this.#put(newAlert(this.#last, source, raise, atMs));
    if (alert.state === "firing") this.#tell("firing", alert, atMs, nowMs);
  }

  #raiseAgain(open: Alert, raise: Raise, atMs: number, nowMs: number): void {
    const isEscalated = rankOf(raise.severity) > rankOf(open.worst);
    const changed = changesOf(open, raise, atMs);
    const alert = isNews(open, changed) ? this.#put(changed) : this.#keep(changed);
    const settled = this.#fireIfHeld(alert, atMs, nowMs);
    if (open.state !== "firing") return;
    if (isEscalated) this.#tell("escalated", settled, atMs, nowMs);
    else if (!open.notify) this.#tellIfUntold(settled, nowMs);
  }

  /** Lets a pending alert fire whose hold had passed at a time; answers the alert as it is then. */
  #fireIfHeld(alert: Alert, atMs: number, nowMs: number): Alert {
    if (alert.state !== "pending" || alert.holdUntilMs > atMs) return alert;
    const fired = this.#put({ ...alert, state: "firing", firedAtMs: alert.holdUntilMs });
    this.#tell("firing", fired, alert.holdUntilMs, nowMs);
    return this.#open.get(fired.n)!;
  }

  #end(found: Alert, resolved: Handled, nowMs: number): Alert {
    const alert = this.#fireIfHeld(found, resolved.atMs, nowMs);
    const ended: Alert = { ...alert, state: "resolved", resolved };
    this.#open.remove(alert);
    this.version++;
    if (alert.state === "pending") this.#unwritten.set(alert.n, null);
    else {
      this.#unwritten.set(alert.n, ended);
      const { n, model } = ended;
      this.#resolved.add({ n, model, resolvedAtMs: resolved.atMs });
      this.#forget(nowMs);
    }
    if (alert.notifiedAtMs !== null) this.#notify("resolved", ended, resolved.atMs);
    this.#endOverflows(nowMs);
    return ended;
  }

  /** Drops resolved alerts that are too many or too old. */
  #forget(nowMs: number): void {
    for (const n of this.#resolved.drop(nowMs)) this.#unwritten.set(n, null);
  }

  /** Tells channels, unless it is silenced or was raised to be listed only; notes that they were told. */
  #tell(kind: NoticeKind, alert: Alert, atMs: number, nowMs: number): void {
    if (!alert.notify) return;
    if (this.silences.isSilenced(alert, nowMs)) {
      // What is worse now than those who were told know is told when the silence ends.
      if (kind === "escalated") this.#keep({ ...alert, lastNotifiedAtMs: null });
      return;
    }
    const notifiedAtMs = alert.notifiedAtMs ?? nowMs;
    this.#notify(kind, this.#keep({ ...alert, notifiedAtMs, lastNotifiedAtMs: nowMs }), atMs);
  }

  #tellIfUntold(alert: Alert, nowMs: number): void {
    const { state, acknowledged, notifiedAtMs, lastNotifiedAtMs } = alert;
    if (state === "firing" && acknowledged === null && lastNotifiedAtMs === null)
      this.#tell(notifiedAtMs === null ? "firing" : "escalated", alert, nowMs, nowMs);
  }

  #notify(kind: NoticeKind, alert: Alert, atMs: number): void {
    this.counts.notices++;
    this.#notices.push({ kind, atMs, alert });
  }

  /** Keeps an open alert as it is now; readers see a change. */
  #put(alert: Alert): Alert {
    this.version++;
    return this.#keep(alert);
  }

  /** Keeps what is no news: how often it was raised, when it was told. */
  #keep(alert: Alert): Alert {
    this.#open.put(alert);
    this.#unwritten.set(alert.n, alert);
    return alert;
  }

  /** Whether a new alert may come, if need be in the place of a lesser one. */
  #makeRoom(model: string, raise: Raise, nowMs: number): boolean {
    const scopes = [
      [model, ALERTS_OPEN_PER_MODEL_MAX],
      [undefined, ALERTS_OPEN_MAX],
    ] as const;
    for (const [scope, max] of scopes) {
      if (this.#open.count(scope) < max) continue;
      const lesser = this.#open.leastSevere(scope);
      const isWorse = lesser !== undefined && rankOf(raise.severity) > rankOf(lesser.severity);
      this.#beginOverflow(model, scope === undefined, max, nowMs);
      if (!isWorse) {
        this.counts.refused++;
        return false;
      }
      this.counts.displaced++;
      const note = `A worse alert took its place: ${max} may be open.`;
      this.#end(lesser, { by: "livetwin", atMs: nowMs, note }, nowMs);
    }
    return true;
  }

  #beginOverflow(model: string, isOfAll: boolean, max: number, nowMs: number): void {
    if (this.#open.overflows.has(model)) return;
    const who = isOfAll ? "All models together have" : `Model ${model} has`;
    const raise: Raise = {
      key: TOO_MANY_KEY,
      title: "Too many alerts",
      severity: "error",
      detail: `${who} ${max} open alerts: further ones are refused, unless they are worse than one of these.`,
      data: null,
      holdMs: 0,
      repeatMs: null,
      notify: true,
    };
    this.#begin({ model, id: "", rule: null }, raise, nowMs, nowMs);
  }

  #endOverflows(nowMs: number): void {
    for (const [model, alert] of this.#open.overflows) {
      const isWell =
        this.#open.count(model) <= ALERTS_OPEN_PER_MODEL_MAX * WELL_AGAIN_RATIO &&
        this.#open.count() <= ALERTS_OPEN_MAX * WELL_AGAIN_RATIO;
      if (isWell) this.#end(alert, { by: "livetwin", atMs: nowMs, note: "" }, nowMs);
    }
  }

  #openOne(n: number): Result<Alert> {
    const alert = this.#open.get(n);
    if (alert !== undefined) return ok(alert);
    return this.get(n) === undefined
      ? refuse("alert/unknown", `There is no alert "${alertIdOf(n)}".`)
      : refuse("alert/resolved", `The alert "${alertIdOf(n)}" is resolved already.`);
  }
}

/** When an alert's next repeated notification is due; null when none is. */
function repeatAtMs(alert: Alert): number | null {
  const { state, acknowledged, notify, repeatMs, lastNotifiedAtMs } = alert;
  if (state !== "firing" || acknowledged !== null || !notify || repeatMs === null) return null;
  return lastNotifiedAtMs === null ? null : lastNotifiedAtMs + repeatMs;
}
