/**
 * Carries notifications to their channels: one call at a time for each channel, so that they stay in order and a slow
 * service is not called more; channels side by side, so that none waits for another.
 */
import type { AlertChannel } from "../core/alerts/channel.ts";
import type { NotificationQueue } from "../core/alerts/notification-queue.ts";
import { requestFor } from "../core/alerts/requests.ts";
import { NOTIFICATION_TIMEOUT_MS } from "../core/limits.ts";
import { clockMs } from "../routing/clock.ts";
import { callChannel } from "./call-channel.ts";
import type { Called } from "./call-channel.ts";

export interface NotifierHost {
  channels(): readonly AlertChannel[];
  queue(): NotificationQueue;
  /** Notes what became of a call, durably. */
  tried(n: number, channel: string, called: Called): void;
  /** A channel has nothing more to do now. */
  rested(): void;
}

export class Notifier {
  /** Calls made. */
  calls = 0;
  readonly #host: NotifierHost;
  readonly #underWay = new Set<string>();

  constructor(host: NotifierHost) {
    this.#host = host;
  }

  /** Starts what is due. Repeats are harmless. */
  pump(): void {
    for (const { id, isOn } of this.#host.channels())
      if (isOn && !this.#underWay.has(id)) void this.#drain(id);
  }

  /** When to `pump` next (epoch ms), a crash in the middle of a call included; infinity for never. */
  nextDueAtMs(): number {
    const dueAtMs = this.#host.channels().map(({ id, isOn }) => {
      if (!isOn) return Number.POSITIVE_INFINITY;
      if (this.#underWay.has(id)) return clockMs() + NOTIFICATION_TIMEOUT_MS;
      return this.#host.queue().nextDueAtMs(id);
    });
    return Math.min(...dueAtMs);
  }

  async #drain(id: string): Promise<void> {
    if (this.#host.queue().nextDueAtMs(id) > clockMs()) return;
    this.#underWay.add(id);
    try {
      for (;;) {
        // It may have been changed, switched off or removed since the last call.
        const channel = this.#host.channels().find((each) => each.id === id);
        if (channel === undefined || !channel.isOn) break;
        const next = this.#host.queue().next(id, clockMs());
        if (next === undefined) break;
        this.calls++;
        const called = await callChannel(channel, requestFor(channel, next.notice), clockMs());
        this.#host.tried(next.n, id, called);
      }
      this.#underWay.delete(id);
      this.#host.rested();
    } catch (error) {
      // A bug, or storage that failed: the alarm that guards the call starts again, later, from what is stored.
      console.error(`Alerts: notifying channel ${id} failed.`, error);
      this.#underWay.delete(id);
    }
  }
}
