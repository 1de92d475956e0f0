/**
 * Brings batches to the server, however often it takes: what is not known to have been taken is sent again, with
 * the same message ids, so that it takes effect once.
 *
 * D1. A message is settled (accepted, duplicate, rejected for good) once, or the replay ends.
 * D2. Of one batch, a twin's messages that are sent again keep their order.
 */
import { settle } from "./batch-answer.ts";
import type { BatchAnswer } from "./batch-answer.ts";
import type { Outgoing } from "./outgoing.ts";
import { ReplayFailure } from "./replay-failure.ts";
import type { Tally } from "./tally.ts";

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

/** The world of a replay: the server, time and chance. */
export interface DeliveryHost {
  /** Sends a batch as one request. A server that can't be reached is an answer, too. */
  post(batch: readonly Outgoing[]): Promise<BatchAnswer>;
  /** Resolves after `ms`, or earlier when the replay is to stop. */
  wait(ms: number): Promise<void>;
  /** A clock that only ever goes forward. */
  nowMs(): number;
  random(): number;
  readonly stop: AbortSignal;
  /** Called after each request; `trouble` says why messages of it are to be sent again. */
  onAnswer(trouble: string | undefined): void;
}

export interface DeliveryOptions {
  /** Milliseconds without any message of the batch being settled after which it is given up. */
  readonly giveUpMs: number;
}

/**
 * Sends a batch until every message of it is settled, or the replay is to stop. Answers whether the server knew
 * all of them already: they were sent by an earlier replay. Throws a `ReplayFailure` when it is given up.
 */
export async function deliver(
  batch: readonly Outgoing[],
  tally: Tally,
  host: DeliveryHost,
  options: DeliveryOptions,
): Promise<{ readonly isRepeat: boolean }> {
  tally.sent += batch.length;
  let open = batch;
  let progressAtMs = host.nowMs();
  let failures = 0;
  for (;;) {
    const sentAtMs = host.nowMs();
    const answer = await host.post(open);
    const nowMs = host.nowMs();
    if (answer.kind !== "unavailable") tally.latency.add(nowMs - sentAtMs);
    const settlement = settle(open, answer);
    tally.add(settlement);
    host.onAnswer(settlement.reason);
    // After a request that failed, duplicates may be this replay's own.
    if (settlement.duplicates === batch.length && failures === 0) return { isRepeat: true };
    if (settlement.open.length < open.length) {
      progressAtMs = nowMs;
      failures = 0;
    }
    open = settlement.open;
    if (open.length === 0 || host.stop.aborted) return { isRepeat: false };

    const pauseMs = Math.max(backoffMs(failures, host.random()), settlement.retryAfterMs ?? 0);
    if (nowMs + pauseMs - progressAtMs > options.giveUpMs) {
      const seconds = Math.round(options.giveUpMs / 1_000);
      throw new ReplayFailure(`Gave up after ${seconds} s without progress: ${settlement.reason}`);
    }
    failures++;
    await host.wait(pauseMs);
    if (host.stop.aborted) return { isRepeat: false };
    tally.resent += open.length;
  }
}

/** Milliseconds to wait after so many failures before: doubling, with a random part, so that replays part company. */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures);
  return ceiling * (0.5 + random / 2);
}
