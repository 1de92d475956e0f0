/** The channels of a deployment, what waits for them, and tests of them. */
import type { Alert, Notice, NoticeKind } from "../core/alerts/alert.ts";
import { wants } from "../core/alerts/channel.ts";
import type { AlertChannel } from "../core/alerts/channel.ts";
import { newAlert } from "../core/alerts/episode.ts";
import { NotificationQueue } from "../core/alerts/notification-queue.ts";
import { requestFor } from "../core/alerts/requests.ts";
import { ALERT_CHANNELS_MAX } from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { clockMs } from "../routing/clock.ts";
import { channelJson, channelOf } from "../wire/channel-v1.ts";
import type { ChannelInput, ChannelJson } from "../wire/channel-v1.ts";
import type { ChannelTest } from "../wire/internal-rpc.ts";
import { callChannel } from "./call-channel.ts";
import { JsonTable } from "./json-table.ts";
import { SqliteNotificationStore } from "./sqlite-notification-store.ts";

export class Channels {
  readonly queue: NotificationQueue;
  readonly #channels: JsonTable<AlertChannel>;
  readonly #store: SqliteNotificationStore;

  constructor(sql: SqlStorage) {
    this.#channels = new JsonTable(sql, "channel");
    this.#store = new SqliteNotificationStore(sql);
    this.queue = new NotificationQueue(this.#store);
  }

  get rowsWritten(): number {
    return this.#store.rowsWritten;
  }

  all(): readonly AlertChannel[] {
    return this.#channels.all();
  }

  shown(): readonly ChannelJson[] {
    return this.all().map((channel) => this.#show(channel));
  }

  /** Adds or replaces one. What waits for it is tried at once. Refuses with `channel/malformed` and `channel/too-many`. */
  put(
    id: string,
    input: ChannelInput,
    nowMs: number,
  ): Result<{ readonly created: boolean; readonly channel: ChannelJson }> {
    const replaced = this.#channels.get(id);
    if (replaced === undefined && this.#channels.size >= ALERT_CHANNELS_MAX) {
      const detail = `There are ${this.#channels.size} channels; ${ALERT_CHANNELS_MAX} is the limit.`;
      return refuse("channel/too-many", detail);
    }
    const channel = channelOf(id, input, replaced, nowMs);
    if (!channel.ok) return channel;
    this.#channels.put(channel.value);
    this.queue.resume(id, nowMs);
    return ok({ created: replaced === undefined, channel: this.#show(channel.value) });
  }

  remove(id: string): boolean {
    this.queue.removeChannel(id);
    return this.#channels.remove(id);
  }

  /** Queues a notice for every channel that wants it. */
  tell(notice: Notice, nowMs: number): void {
    for (const channel of this.all())
      if (wants(channel, notice)) this.queue.add(channel.id, notice, nowMs);
  }

  /** Calls a channel at once, past its queue. A service that keeps incidents gets the end of it, too. */
  async test(id: string, nowMs: number): Promise<ChannelTest | Refusal> {
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      return { code: "channel/unknown", detail: `There is no channel "${id.slice(0, 80)}".` };
    }
    const kinds: readonly NoticeKind[] =
      channel.kind === "slack" ? ["firing"] : ["firing", "resolved"];
    const calls: ChannelTest["calls"][number][] = [];
    for (const kind of kinds) {
      const startedAtMs = clockMs();
      const request = requestFor(channel, testNotice(kind, channel, nowMs));
      const called = await callChannel(channel, request, startedAtMs);
      calls.push({
        status: called.status ?? null,
        answer: called.answer,
        error: called.ok ? null : called.error,
        elapsedMs: clockMs() - startedAtMs,
      });
      if (!called.ok) break;
    }
    return { ok: calls.every(({ error }) => error === null), calls };
  }

  counters(): Readonly<Record<string, number>> {
    const sums = { waiting: 0, delivered: 0, failedCalls: 0, givenUp: 0 };
    for (const { id } of this.all()) {
      const health = this.queue.healthOf(id);
      sums.waiting += this.queue.waitingFor(id);
      sums.delivered += health.delivered;
      sums.failedCalls += health.failedCalls;
      sums.givenUp += health.givenUp;
    }
    return sums;
  }

  #show(channel: AlertChannel): ChannelJson {
    const { id } = channel;
    return channelJson(channel, this.queue.healthOf(id), this.queue.waitingFor(id));
  }
}

function testNotice(kind: NoticeKind, { models }: AlertChannel, atMs: number): Notice {
  const source = { model: models[0] ?? "Livetwin", id: "", rule: null };
  const alert: Alert = newAlert(
    atMs * 1_000,
    source,
    {
      key: "livetwin/test",
      title: "Test notification",
      severity: "info",
      detail: "Somebody tests this channel. Nothing is wrong.",
      data: null,
      holdMs: 0,
      repeatMs: null,
      notify: true,
    },
    atMs,
  );
  const resolved = kind === "resolved" ? { by: "livetwin", atMs, note: "" } : null;
  return {
    kind,
    atMs,
    alert: { ...alert, resolved, state: resolved === null ? "firing" : "resolved" },
  };
}
