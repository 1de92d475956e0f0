import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notice, NoticeKind } from "../../../src/core/alerts/alert.ts";
import { mayRetry, wants } from "../../../src/core/alerts/channel.ts";
import type { AlertChannel, Attempt } from "../../../src/core/alerts/channel.ts";
import { newAlert } from "../../../src/core/alerts/episode.ts";
import { NotificationQueue, retryDelayMs } from "../../../src/core/alerts/notification-queue.ts";
import type {
  ChannelHealth,
  NotificationStore,
  Waiting,
} from "../../../src/core/alerts/notification-queue.ts";
import {
  NOTIFICATIONS_PER_CHANNEL_MAX,
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_AFTER_MS_MAX,
  NOTIFICATION_RETRY_MS_MAX,
  NOTIFICATION_RETRY_MS_MIN,
} from "../../../src/core/limits.ts";

const START_MS = 1_800_000_000_000;

class MemoryStore implements NotificationStore {
  readonly waiting = new Map<number, { waiting: Waiting; notice: Notice }>();
  readonly health = new Map<string, ChannelHealth>();

  *readWaiting(): Iterable<Waiting> {
    for (const { waiting } of this.waiting.values()) yield waiting;
  }
  readNotice(n: number): Notice | undefined {
    return this.waiting.get(n)?.notice;
  }
  write(waiting: Waiting, notice?: Notice): void {
    this.waiting.set(waiting.n, {
      waiting,
      notice: notice ?? this.waiting.get(waiting.n)!.notice,
    });
  }
  remove(n: number): void {
    this.waiting.delete(n);
  }
  readHealth(): Iterable<readonly [string, ChannelHealth]> {
    return this.health;
  }
  writeHealth(channel: string, health: ChannelHealth): void {
    this.health.set(channel, health);
  }
  removeHealth(channel: string): void {
    this.health.delete(channel);
  }
}

function noticeOf(n: number, detail = "", kind: NoticeKind = "firing"): Notice {
  const source = { model: "M", id: "t", rule: null };
  const said = { key: "k", title: "T", severity: "warning" as const, detail, data: null };
  const raise = { ...said, holdMs: 0, repeatMs: null, notify: true };
  const alert = newAlert(n, source, raise, START_MS);
  return { kind, atMs: START_MS, alert: { ...alert, notifiedAtMs: START_MS } };
}

const FAILED: Attempt = { ok: false, status: 503, error: "HTTP 503" };
const DONE: Attempt = { ok: true, status: 200 };

describe("the queue of notifications", () => {
  test("delivers each once, in order for each alert, whatever fails and whenever it restarts", () => {
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ waitMs: fc.nat(20_000) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          fails: fc.boolean(),
          chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
      },
      fc.constant({ restart: true }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const store = new MemoryStore();
        let queue = new NotificationQueue(store);
        let nowMs = START_MS;
        let made = 0;
        const delivered: { alert: number; detail: number }[] = [];
        const call = (attempt: Attempt, chance: number): void => {
          const next = queue.next("c", nowMs);
          expect(next !== undefined).toBe(queue.nextDueAtMs("c") <= nowMs);
          if (next === undefined) return;
          queue.tried(next.n, "c", attempt, nowMs, chance);
          if (attempt.ok)
            delivered.push({ alert: next.alert, detail: Number(next.notice.alert.detail) });
        };
        for (const each of acts) {
          if ("add" in each) queue.add("c", noticeOf(each.add, `${made++}`), nowMs);
          else if ("waitMs" in each) nowMs += each.waitMs;
          else if ("fails" in each) call(each.fails ? FAILED : DONE, each.chance);
          else queue = new NotificationQueue(store);
          expect(queue.waitingFor("c")).toBe(made - delivered.length);
        }
        while (queue.waitingFor("c") > 0) {
          nowMs = Math.max(nowMs, queue.nextDueAtMs("c"));
          call(DONE, 0);
        }
        expect(new Set(delivered.map(({ detail }) => detail)).size).toBe(made);
        for (let alert = 0; alert <= 3; alert++) {
          const order = delivered.filter((each) => each.alert === alert).map((each) => each.detail);
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
        expect(store.waiting.size).toBe(0);
      }),
    );
  });

  test("lets other alerts by when one of them fails, after a pause", () => {
    const queue = new NotificationQueue(new MemoryStore());
    for (const [n, detail] of [
      [1, "bad"],
      [1, "bad's next"],
      [2, "good"],
    ] as const)
      queue.add("c", noticeOf(n, detail), START_MS);
    const first = queue.next("c", START_MS)!;
    expect(first.notice.alert.detail).toBe("bad");
    queue.tried(first.n, "c", FAILED, START_MS, 0.5);
    expect(queue.next("c", START_MS + NOTIFICATION_RETRY_MS_MIN / 2)).toBeUndefined();
    const later = START_MS + NOTIFICATION_RETRY_MS_MIN;
    expect(queue.next("c", later)!.notice.alert.detail).toBe("good");
  });

  test("holds so many for a channel; the oldest gives way and is counted", () => {
    const queue = new NotificationQueue(new MemoryStore());
    for (let i = 0; i < NOTIFICATIONS_PER_CHANNEL_MAX; i++)
      queue.add("c", noticeOf(i, `${i}`), START_MS);
    expect(queue.healthOf("c").givenUp).toBe(0);
    queue.add("c", noticeOf(-1, "last"), START_MS);
    expect(queue.waitingFor("c")).toBe(NOTIFICATIONS_PER_CHANNEL_MAX);
    expect(queue.healthOf("c")).toMatchObject({ givenUp: 1 });
    expect(queue.next("c", START_MS)!.notice.alert.detail).toBe("1");
    expect(queue.waitingFor("other")).toBe(0);
  });

  test("gives up what nobody took in its time, and not before", () => {
    for (const [agoMs, givenUp] of [
      [NOTIFICATION_GIVE_UP_MS - NOTIFICATION_RETRY_MS_MIN, 0],
      [NOTIFICATION_GIVE_UP_MS, 1],
    ] as const) {
      const queue = new NotificationQueue(new MemoryStore());
      queue.add("c", noticeOf(1), START_MS);
      const { n } = queue.next("c", START_MS + agoMs)!;
      queue.tried(n, "c", FAILED, START_MS + agoMs, 0);
      expect([queue.healthOf("c").givenUp, queue.waitingFor("c")]).toEqual([givenUp, 1 - givenUp]);
    }
  });

  test("tries at once when its channel was changed", () => {
    const queue = new NotificationQueue(new MemoryStore());
    queue.add("c", noticeOf(1), START_MS);
    queue.tried(queue.next("c", START_MS)!.n, "c", FAILED, START_MS, 0.9);
    expect(queue.next("c", START_MS)).toBeUndefined();
    queue.resume("c", START_MS);
    expect(queue.next("c", START_MS)).toBeDefined();
    queue.removeChannel("c");
    expect(queue.nextDueAtMs("c")).toBe(Number.POSITIVE_INFINITY);
  });
});

test("retries wait twice as long each time, with jitter, within bounds", () => {
  expect([0, 1, 2].map((tries) => retryDelayMs(tries, undefined, 0))).toEqual([
    NOTIFICATION_RETRY_MS_MIN / 2,
    NOTIFICATION_RETRY_MS_MIN,
    NOTIFICATION_RETRY_MS_MIN * 2,
  ]);
  expect(retryDelayMs(0, undefined, 0.999_999)).toBe(NOTIFICATION_RETRY_MS_MIN);
  expect(retryDelayMs(50, undefined, 0.999_999_999)).toBe(NOTIFICATION_RETRY_MS_MAX);
  expect(retryDelayMs(0, 60_000, 0)).toBe(60_000);
  expect(retryDelayMs(0, NOTIFICATION_RETRY_AFTER_MS_MAX * 2, 0)).toBe(
    NOTIFICATION_RETRY_AFTER_MS_MAX,
  );
});

test("no answer, overload and failures of the other side may pass; refusals do not", () => {
  const retried = [408, 429, 500, 502, 503].map((status) =>
    mayRetry({ ok: false, status, error: "" }),
  );
  const final = [301, 400, 401, 403, 404, 410, 422].map((status) =>
    mayRetry({ ok: false, status, error: "" }),
  );
  expect([new Set(retried), new Set(final)]).toEqual([new Set([true]), new Set([false])]);
  expect(mayRetry({ ok: false, error: "No connection" })).toBe(true);
});

describe("a channel", () => {
  const channel: AlertChannel = {
    id: "c",
    title: "",
    createdAtMs: START_MS,
    isOn: true,
    minSeverity: "warning",
    models: ["M"],
    kind: "json",
    url: "https://x.test/",
    secret: "",
  };

  test("wants what is severe enough, of its models, while it is on", () => {
    expect(wants(channel, noticeOf(1))).toBe(true);
    expect(wants({ ...channel, minSeverity: "error" }, noticeOf(1))).toBe(false);
    expect(wants({ ...channel, models: ["N"] }, noticeOf(1))).toBe(false);
    expect(wants({ ...channel, models: [] }, noticeOf(1))).toBe(true);
    expect(wants({ ...channel, isOn: false }, noticeOf(1))).toBe(false);
  });

  test("hears of the end of what it heard of, though it is less severe by then, and of nothing else's", () => {
    const { alert, ...rest } = noticeOf(1, "", "resolved");
    const milder = { ...rest, alert: { ...alert, severity: "info" as const } };
    expect(wants(channel, milder)).toBe(true);
    expect(wants({ ...channel, createdAtMs: START_MS + 1 }, milder)).toBe(false);
  });
});
