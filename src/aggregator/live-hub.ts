/**
 * Live connections and what they watch. The hub is asked to `tick` once in a while and pushes to each subscription
 * what changed since it was last sent, at most once a LIVE_TICK_MS, and what did not change every LIVE_PUSH_MS_MAX.
 *
 * - I1: everything in here can be rebuilt from what the sockets keep; after an eviction it is.
 * - I2: a topic is evaluated at most once at a time, whoever and however many watch it.
 * - I3: what fails for one subscription is told to that subscription and to no other.
 */
import { LiveConnection } from "./live-connection.ts";
import type { LiveSocket, Subscription } from "./live-connection.ts";
import { keyOf, makeTopic, outcomeOfRefusal } from "./live-topic.ts";
import type { Outcome, Topic, Watch } from "./live-topic.ts";
import { Lanes } from "./lanes.ts";
import {
  EVALUATIONS_AT_ONCE,
  LIVE_PUSH_MS_MAX,
  LIVE_QUIET_AFTER_MS,
  LIVE_QUIET_TICK_MS,
  LIVE_SUBSCRIPTIONS_MAX,
  LIVE_TICK_MS,
  LIVE_TICK_WAIT_MS,
  LIVE_TOPICS_MAX,
} from "../core/limits.ts";
import type { Result } from "../core/refusal.ts";
import { withTimeout } from "../routing/with-timeout.ts";
import { errorFrame, parseLiveFrame, PONG_FRAME } from "../wire/live-v1.ts";
import type { LiveTarget } from "../wire/live-v1.ts";

/** Alarms come some milliseconds early or late; a push must not wait a whole tick for that. */
const TICK_JITTER_MS = 50;
/** The close code for a client that said nothing for too long (RFC 6455: "going away"). */
const CLOSE_SILENT = 1001;

export interface LiveHost {
  /** Finds and checks what a subscription names. */
  find(target: LiveTarget): Promise<Result<Watch>>;
  evaluate(watch: Watch): Promise<Result<Outcome>>;
  nowMs(): number;
}

export class LiveHub {
  readonly counts = { evaluations: 0, pushes: 0, ticks: 0 };
  readonly #host: LiveHost;
  readonly #connections = new Map<LiveSocket, LiveConnection>();
  readonly #topics = new Map<string, Topic>();
  readonly #lanes = new Lanes(EVALUATIONS_AT_ONCE);
  #changedAtMs: number;

  constructor(host: LiveHost) {
    this.#host = host;
    this.#changedAtMs = host.nowMs();
  }

  /** Takes a socket in: a new one, or one that was there before the object slept, with what it kept. */
  open(socket: LiveSocket): void {
    if (!this.#connections.has(socket))
      this.#connections.set(socket, new LiveConnection(socket, this.#host.nowMs()));
  }

  /** Forgets a socket. */
  close(socket: LiveSocket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.isOpen = false;
    this.#connections.delete(socket);
    for (const subscription of connection.subscriptions.values()) this.#detach(subscription);
  }

  /** Handles a frame of a client, after those that came before it. */
  async receive(socket: LiveSocket, text: string): Promise<void> {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.heard(this.#host.nowMs());
    const handled = connection.handling.then(() => this.#handle(connection, text));
    // A frame that failed (its own caller hears of it) must not take those after it down.
    connection.handling = handled.catch(() => undefined);
    await handled;
  }

  /** Whether anybody watches anything, so that ticks are needed. */
  isWatched(): boolean {
    return [...this.#connections.values()].some((connection) => connection.subscriptions.size > 0);
  }

  /** Milliseconds until the next tick: longer when nothing has changed for a while. */
  tickMs(): number {
    return this.#host.nowMs() - this.#changedAtMs > LIVE_QUIET_AFTER_MS
      ? LIVE_QUIET_TICK_MS
      : LIVE_TICK_MS;
  }

  /** A widget is another now: who watches it is told by its next tick. */
  widgetChanged(id: string): void {
    for (const subscription of this.#subscriptions()) {
      if (subscription.target.kind === "widget" && subscription.target.id === id)
        this.#detach(subscription);
    }
    this.#changedAtMs = this.#host.nowMs();
  }

  /** The alerts have changed: looks now rather than at the next tick. */
  alertsChanged(): void {
    for (const topic of this.#topics.values()) {
      if (topic.watch.kind !== "alerts") continue;
      // A look that is under way may have come too early.
      const before = topic.running ?? Promise.resolve();
      void before.then(() => this.#evaluate(topic));
    }
  }

  /** Evaluates every topic and pushes. Waits LIVE_TICK_WAIT_MS at most: what comes later is pushed when it comes. */
  async tick(): Promise<void> {
    this.counts.ticks++;
    this.closeSilent();
    await withTimeout(this.#evaluateAll(), LIVE_TICK_WAIT_MS);
  }

  /** Closes connections whose client is gone, as far as one can tell. */
  closeSilent(): void {
    const nowMs = this.#host.nowMs();
    for (const [socket, connection] of this.#connections) {
      if (!connection.isSilent(nowMs)) continue;
      this.close(socket);
      socket.close(CLOSE_SILENT, "Nothing was heard for too long; send a ping every 20 seconds.");
    }
  }

  counters(): Readonly<Record<string, number>> {
    const subscriptions = this.#subscriptions().length;
    return {
      ...this.counts,
      sockets: this.#connections.size,
      subscriptions,
      topics: this.#topics.size,
    };
  }

  async #evaluateAll(): Promise<void> {
    const detached = this.#subscriptions().filter(
      (subscription) => subscription.topic === undefined,
    );
    await Promise.all(detached.map((subscription) => this.#attach(subscription)));
    await Promise.all(Array.from(this.#topics.values(), (topic) => this.#evaluate(topic)));
  }

  async #handle(connection: LiveConnection, text: string): Promise<void> {
    const request = parseLiveFrame(text);
    if (!request.ok) {
      connection.send(errorFrame(request.refusal, request.subscription));
    } else if (request.value.type === "ping") {
      connection.send(PONG_FRAME);
    } else if (request.value.type === "unsubscribe") {
      const subscription = connection.unsubscribe(request.value.subscription);
      if (subscription !== undefined) this.#detach(subscription);
    } else {
      await this.#subscribe(connection, request.value.subscription, request.value.target);
    }
  }

  async #subscribe(connection: LiveConnection, name: string, target: LiveTarget): Promise<void> {
    const found = await this.#host.find(target);
    if (!connection.isOpen) return;
    if (!found.ok) {
      connection.send(errorFrame(found.refusal, name));
      return;
    }
    const replaced = connection.subscriptions.get(name);
    const isRoomLeft = this.#topics.size < LIVE_TOPICS_MAX || this.#topics.has(keyOf(found.value));
    const subscription = isRoomLeft ? connection.subscribe(name, target) : undefined;
    if (subscription === undefined) {
      const detail = `A connection has at most ${LIVE_SUBSCRIPTIONS_MAX} subscriptions (fewer when their queries are long), and all connections together watch at most ${LIVE_TOPICS_MAX} different things.`;
      connection.send(errorFrame({ code: "live/too-many", detail }, name));
      return;
    }
    if (replaced !== undefined) this.#detach(replaced);
    this.#changedAtMs = this.#host.nowMs();
    const topic = this.#join(subscription, found.value);
    // The first result need not wait for a tick; one that another subscription just got will do.
    if (this.#host.nowMs() - topic.evaluatedAtMs < LIVE_TICK_MS) this.#push(topic);
    else void this.#evaluate(topic);
  }

  /** Finds out what a subscription watches that was restored, or whose widget changed. */
  async #attach(subscription: Subscription): Promise<void> {
    const found = await this.#host.find(subscription.target);
    if (!subscription.connection.isOpen || subscription.topic !== undefined) return;
    if (found.ok) this.#join(subscription, found.value);
    else this.#send(subscription, outcomeOfRefusal(found.refusal));
  }

  #join(subscription: Subscription, watch: Watch): Topic {
    const key = keyOf(watch);
    let topic = this.#topics.get(key);
    if (topic === undefined) {
      topic = makeTopic(key, watch);
      this.#topics.set(key, topic);
    }
    topic.subscriptions.add(subscription);
    subscription.topic = topic;
    return topic;
  }

  #detach(subscription: Subscription): void {
    const { topic } = subscription;
    if (topic === undefined) return;
    topic.subscriptions.delete(subscription);
    if (topic.subscriptions.size === 0) this.#topics.delete(topic.key);
    subscription.topic = undefined;
  }

  #evaluate(topic: Topic): Promise<void> {
    topic.running ??= this.#lanes
      .run(() => this.#evaluateNow(topic))
      .finally(() => {
        topic.running = undefined;
      });
    return topic.running;
  }

  async #evaluateNow(topic: Topic): Promise<void> {
    if (topic.subscriptions.size === 0) return;
    this.counts.evaluations++;
    const startedAtMs = this.#host.nowMs();
    const result = await this.#host.evaluate(topic.watch);
    const outcome = result.ok ? result.value : outcomeOfRefusal(result.refusal);
    if (topic.outcome?.signature !== outcome.signature) this.#changedAtMs = this.#host.nowMs();
    topic.outcome = outcome;
    topic.evaluatedAtMs = startedAtMs;
    this.#push(topic);
  }

  #push(topic: Topic): void {
    if (topic.outcome === undefined) return;
    for (const subscription of topic.subscriptions) this.#send(subscription, topic.outcome);
  }

  /** Sends what is new, not too often, and what is old, not too seldom. */
  #send(subscription: Subscription, outcome: Outcome): void {
    const nowMs = this.#host.nowMs();
    const ageMs = nowMs - subscription.sentAtMs;
    const isDue =
      subscription.sent === outcome.signature
        ? ageMs + this.tickMs() > LIVE_PUSH_MS_MAX
        : ageMs >= LIVE_TICK_MS - TICK_JITTER_MS;
    if (!isDue || !subscription.connection.isKeepingUp()) return;
    subscription.connection.send(outcome.frame(subscription.name));
    subscription.sent = outcome.signature;
    subscription.sentAtMs = nowMs;
    this.counts.pushes++;
  }

  #subscriptions(): Subscription[] {
    return Array.from(this.#connections.values(), (connection) => [
      ...connection.subscriptions.values(),
    ]).flat();
  }
}
