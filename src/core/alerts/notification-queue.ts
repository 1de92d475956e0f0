/**
 * Notifications on their way: queued in the transaction of the change that they tell of, sent at least once, in order
 * for each alert and channel. Pure: the time and chance are given.
 *
 * A failed one waits, longer each time, and with it the later ones of its alert; its channel pauses too, so that one
 * that is down is not called for every alert. Channels do not wait for each other.
 */
import {
  NOTIFICATIONS_PER_CHANNEL_MAX,
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_AFTER_MS_MAX,
  NOTIFICATION_RETRY_MS_MAX,
  NOTIFICATION_RETRY_MS_MIN,
} from "../limits.ts";
import type { Notice } from "./alert.ts";
import { mayRetry } from "./channel.ts";
import type { Attempt } from "./channel.ts";

/** A notification that waits: what of it is in memory. */
export interface Waiting {
  readonly n: number;
  readonly channel: string;
  /** The alert's number. */
  readonly alert: number;
  readonly queuedAtMs: number;
  readonly tries: number;
  readonly dueAtMs: number;
}

/** How a channel has done since it was made. */
export interface ChannelHealth {
  readonly delivered: number;
  /** Calls that failed; each notification may have several. */
  readonly failedCalls: number;
  /** Notifications that nobody took: refused, too old, or pushed out by newer ones. */
  readonly givenUp: number;
  readonly lastDeliveredAtMs: number | null;
  readonly lastFailure: { readonly atMs: number; readonly error: string } | null;
  /** Failed calls since the last delivery. */
  readonly failuresInRow: number;
  /** No call before this time (epoch ms). */
  readonly pausedUntilMs: number;
}

export const HEALTHY: ChannelHealth = Object.freeze({
  delivered: 0,
  failedCalls: 0,
  givenUp: 0,
  lastDeliveredAtMs: null,
  lastFailure: null,
  failuresInRow: 0,
  pausedUntilMs: 0,
});

export interface NotificationStore {
  /** All that wait, by number. Read once. */
  readWaiting(): Iterable<Waiting>;
  readNotice(n: number): Notice | undefined;
  write(waiting: Waiting, notice?: Notice): void;
  remove(n: number): void;
  readHealth(): Iterable<readonly [channel: string, health: ChannelHealth]>;
  writeHealth(channel: string, health: ChannelHealth): void;
  removeHealth(channel: string): void;
}

export class NotificationQueue {
  readonly #store: NotificationStore;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #health = new Map<string, ChannelHealth>();
  #last = 0;

  constructor(store: NotificationStore) {
    this.#store = store;
    for (const waiting of store.readWaiting()) this.#lineOf(waiting.channel).push(waiting);
    for (const [channel, health] of store.readHealth()) this.#health.set(channel, health);
  }

  add(channel: string, notice: Notice, nowMs: number): void {
    const line = this.#lineOf(channel);
    // A number from the clock is never used again, though nothing is kept of those that are gone.
    this.#last = Math.max(this.#last + 1, nowMs * 1_000, (line.at(-1)?.n ?? 0) + 1);
    const waiting: Waiting = {
      n: this.#last,
      channel,
      alert: notice.alert.n,
      queuedAtMs: nowMs,
      tries: 0,
      dueAtMs: nowMs,
    };
    line.push(waiting);
    this.#store.write(waiting, notice);
    if (line.length <= NOTIFICATIONS_PER_CHANNEL_MAX) return;
    const error = `More than ${NOTIFICATIONS_PER_CHANNEL_MAX} notifications waited: the oldest was dropped.`;
    this.#giveUp(line[0]!, error, nowMs);
  }

  /** The notification that a channel gets next, or undefined when none is due. */
  next(channel: string, nowMs: number): (Waiting & { readonly notice: Notice }) | undefined {
    if (this.healthOf(channel).pausedUntilMs > nowMs) return undefined;
    const first = firstOf(this.#lineOf(channel), nowMs);
    if (first === undefined) return undefined;
    return { ...first, notice: this.#store.readNotice(first.n)! };
  }

  /** Notes what became of a call. `chance` is from 0 (included) to 1 (excluded). */
  tried(n: number, channel: string, attempt: Attempt, nowMs: number, chance: number): void {
    const waiting = this.#lineOf(channel).find((each) => each.n === n);
    // Its channel was removed, or it was pushed out, while it was under way.
    if (waiting === undefined) return;
    if (attempt.ok) {
      this.#remove(waiting);
      const delivered = this.healthOf(channel).delivered + 1;
      const well = { lastDeliveredAtMs: nowMs, failuresInRow: 0, pausedUntilMs: 0 };
      this.#note(channel, { delivered, ...well });
      return;
    }
    const { failedCalls, failuresInRow } = this.healthOf(channel);
    const failed = { failedCalls: failedCalls + 1, failuresInRow: failuresInRow + 1 };
    this.#note(channel, { ...failed, lastFailure: { atMs: nowMs, error: attempt.error } });
    if (!mayRetry(attempt)) return this.#giveUp(waiting, attempt.error, nowMs);
    const delayMs = retryDelayMs(waiting.tries, attempt.retryAfterMs, chance);
    if (nowMs + delayMs > waiting.queuedAtMs + NOTIFICATION_GIVE_UP_MS) {
      this.#giveUp(waiting, `Given up after ${waiting.tries + 1} calls: ${attempt.error}`, nowMs);
      return;
    }
    this.#replace({ ...waiting, tries: waiting.tries + 1, dueAtMs: nowMs + delayMs });
    const pauseMs = retryDelayMs(failuresInRow, attempt.retryAfterMs, chance);
    this.#note(channel, { pausedUntilMs: nowMs + pauseMs });
  }

  /** When a channel has something to send next (epoch ms); infinity when it has nothing. */
  nextDueAtMs(channel: string): number {
    const first = firstOf(this.#lineOf(channel), Number.POSITIVE_INFINITY);
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(first.dueAtMs, this.healthOf(channel).pausedUntilMs);
  }

  healthOf(channel: string): ChannelHealth {
    return this.#health.get(channel) ?? HEALTHY;
  }

  waitingFor(channel: string): number {
    return this.#lineOf(channel).length;
  }

  /** Forgets a channel with all that waits for it. */
  removeChannel(channel: string): void {
    for (const waiting of this.#lineOf(channel)) this.#store.remove(waiting.n);
    this.#waiting.delete(channel);
    this.#health.delete(channel);
    this.#store.removeHealth(channel);
  }

  /** The channel was changed: what failed may go now. */
  resume(channel: string, nowMs: number): void {
    if (this.#health.has(channel)) this.#note(channel, { failuresInRow: 0, pausedUntilMs: 0 });
    for (const waiting of this.#lineOf(channel))
      if (waiting.dueAtMs > nowMs) this.#replace({ ...waiting, tries: 0, dueAtMs: nowMs });
  }

  #giveUp(waiting: Waiting, error: string, nowMs: number): void {
    this.#remove(waiting);
    const givenUp = this.healthOf(waiting.channel).givenUp + 1;
    this.#note(waiting.channel, { givenUp, lastFailure: { atMs: nowMs, error } });
  }

  #note(channel: string, change: Partial<ChannelHealth>): void {
    const health = { ...this.healthOf(channel), ...change };
    this.#health.set(channel, health);
    this.#store.writeHealth(channel, health);
  }

  #remove(waiting: Waiting): void {
    const line = this.#lineOf(waiting.channel);
    line.splice(line.indexOf(waiting), 1);
    this.#store.remove(waiting.n);
  }

  #replace(waiting: Waiting): void {
    const line = this.#lineOf(waiting.channel);
    line[line.findIndex(({ n }) => n === waiting.n)] = waiting;
    this.#store.write(waiting);
  }

  #lineOf(channel: string): Waiting[] {
    let line = this.#waiting.get(channel);
    if (line === undefined) this.#waiting.set(channel, (line = []));
    return line;
  }
}

/** The one that is due first, of those that no earlier one of the same alert is before. */
function firstOf(line: readonly Waiting[], nowMs: number): Waiting | undefined {
  const alerts = new Set<number>();
  let first: Waiting | undefined;
  for (const waiting of line) {
    if (alerts.has(waiting.alert)) continue;
    alerts.add(waiting.alert);
    if (waiting.dueAtMs <= nowMs && (first === undefined || waiting.dueAtMs < first.dueAtMs))
      first = waiting;
  }
  return first;
}

/**
 * Milliseconds until the next try: exponential backoff with "equal jitter" (M. Brooker, Exponential Backoff and
 * Jitter, AWS Architecture Blog, 2015), and not before `Retry-After`.
 */
export function retryDelayMs(
  tries: number,
  retryAfterMs: number | undefined,
  chance: number,
): number {
  const fullMs = Math.min(NOTIFICATION_RETRY_MS_MAX, NOTIFICATION_RETRY_MS_MIN * 2 ** tries);
  const waitMs = Math.ceil(fullMs / 2 + (fullMs / 2) * chance);
  return Math.max(waitMs, Math.min(retryAfterMs ?? 0, NOTIFICATION_RETRY_AFTER_MS_MAX));
}
