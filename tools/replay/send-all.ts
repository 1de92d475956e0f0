/**
 * Sends a stream of messages, one request at a time: what is due is a batch, and the next batch waits until all of
 * it is settled. So no message can overtake an earlier one to the same twin. Requests side by side gain nothing on
 * one machine: 40,000 messages took as long in batches of 5,000 as in four lanes of smaller ones.
 */
import { deliver } from "./deliver.ts";
import type { DeliveryHost, DeliveryOptions } from "./deliver.ts";
import type { TimedMessage } from "./outgoing.ts";
import { Pacer } from "./pacer.ts";
import type { Tally } from "./tally.ts";

/** Milliseconds between requests, unless messages are late: what comes meanwhile shares a request. */
const PAUSE_MS = 200;

/** Milliseconds by which messages may be late before the replay takes its time rather than catch up. */
const LAG_MS_MAX = 2_000;

export interface SendOptions extends DeliveryOptions {
  /** How many times faster than in the messages' own time; Infinity: as fast as they are taken. */
  readonly speed: number;
  /** Messages of one request at most. */
  readonly batch: number;
}

/**
 * Sends all messages of `source`, which is in order of time, unless the replay is to stop before. What an earlier
 * replay has sent already is passed over without waiting for its time. Throws a `ReplayFailure` as `deliver` does.
 */
export async function sendAll(
  source: Iterable<TimedMessage>,
  tally: Tally,
  host: DeliveryHost,
  options: SendOptions,
): Promise<void> {
  const pacer = new Pacer(source, options.speed, host.nowMs());
  let isRepeat = false;
  let pauseUntilMs = host.nowMs();
  while (pacer.dueMs !== undefined && !host.stop.aborted) {
    const nowMs = host.nowMs();
    const waitMs = Math.max(pacer.dueMs, pauseUntilMs) - nowMs;
    if (!isRepeat && waitMs > 0) {
      await host.wait(waitMs);
      continue;
    }
    pacer.limitLag(nowMs, LAG_MS_MAX);
    const batch: readonly TimedMessage[] = isRepeat
      ? pacer.takeAhead(nowMs, options.batch)
      : pacer.take(nowMs, options.batch);
    // A full batch means that more is due already.
    pauseUntilMs = batch.length < options.batch ? nowMs + PAUSE_MS : nowMs;
    isRepeat = (await deliver(batch, tally, host, options)).isRepeat;
  }
}
