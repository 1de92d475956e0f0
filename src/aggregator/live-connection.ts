/** One live connection: its subscriptions, which survive hibernation, and how much it has yet to read. */
import {
  LIVE_ATTACHMENT_CHARS_MAX,
  LIVE_SILENCE_MS_MAX,
  LIVE_SUBSCRIPTIONS_MAX,
  LIVE_UNREAD_CHARS_MAX,
} from "../core/limits.ts";
import { parseLiveFrame, subscribeFrame } from "../wire/live-v1.ts";
import type { LiveTarget } from "../wire/live-v1.ts";
import type { Topic } from "./live-topic.ts";

/** What a connection needs of the platform's WebSocket. */
export interface LiveSocket {
  /** Throws when the socket is closed. */
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Keeps a text with the socket: all of it that survives hibernation. */
  keep(text: string): void;
  /** The kept text. */
  kept(): string;
  /** When the client's last ping was answered for us (epoch ms); 0 before the first. */
  pingedAtMs(): number;
}

export interface Subscription {
  readonly name: string;
  readonly target: LiveTarget;
  readonly connection: LiveConnection;
  /** What it watches; undefined until it is found out, and again after its widget changed. */
  topic: Topic | undefined;
  /** The signature of what was sent last, and when. */
  sent: string | undefined;
  sentAtMs: number;
}

export class LiveConnection {
  readonly subscriptions = new Map<string, Subscription>();
  readonly socket: LiveSocket;
  /** Frames of one client are handled one after another. */
  handling: Promise<void> = Promise.resolve();
  isOpen = true;
  #heardAtMs: number;
  #pingedAtMs: number;
  /** Characters sent since the last ping that was seen, and between the one before and that. */
  #sentChars = 0;
  #sentCharsBefore = 0;

  constructor(socket: LiveSocket, nowMs: number) {
    this.socket = socket;
    this.#pingedAtMs = socket.pingedAtMs();
    const [heardAtMs, ...frames] = socket.kept().split("\n");
    this.#heardAtMs = Number(heardAtMs) || nowMs;
    for (const frame of frames) {
      const request = parseLiveFrame(frame);
      // Another version of the code may have kept it; what this one can't read, the client will miss and ask again.
      if (request.ok && request.value.type === "subscribe")
        this.#add(request.value.subscription, request.value.target);
    }
  }

  /** Adds or replaces a subscription; undefined when that is more than a connection may have. */
  subscribe(name: string, target: LiveTarget): Subscription | undefined {
    const others = [...this.subscriptions.values()].filter(
      (subscription) => subscription.name !== name,
    );
    const text = this.#textOf([...others, { name, target }]);
    if (others.length >= LIVE_SUBSCRIPTIONS_MAX || text.length > LIVE_ATTACHMENT_CHARS_MAX)
      return undefined;
    this.socket.keep(text);
    return this.#add(name, target);
  }

  /** Drops a subscription. */
  unsubscribe(name: string): Subscription | undefined {
    const subscription = this.subscriptions.get(name);
    if (subscription === undefined) return undefined;
    this.subscriptions.delete(name);
    this.socket.keep(this.#textOf([...this.subscriptions.values()]));
    return subscription;
  }

  /** Notes that the client said something. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** Whether nothing, not even a ping, came for LIVE_SILENCE_MS_MAX. */
  isSilent(nowMs: number): boolean {
    return nowMs - Math.max(this.#heardAtMs, this.socket.pingedAtMs()) > LIVE_SILENCE_MS_MAX;
  }

  /**
   * Whether the client keeps up. A client sends a ping only after the answer to the one before, and that answer came
   * after everything sent until then: so a new ping shows that all from before the last one has arrived.
   */
  isKeepingUp(): boolean {
    const pingedAtMs = this.socket.pingedAtMs();
    if (pingedAtMs > this.#pingedAtMs) {
      this.#pingedAtMs = pingedAtMs;
      this.#sentCharsBefore = this.#sentChars;
      this.#sentChars = 0;
    }
    return this.#sentCharsBefore + this.#sentChars <= LIVE_UNREAD_CHARS_MAX;
  }

  /** Sends a frame; a socket that is closed already takes none and counts as closed. */
  send(text: string): void {
    if (!this.isOpen) return;
    try {
      this.socket.send(text);
      this.#sentChars += text.length;
    } catch {
      // The client went away between two events; its close event follows.
      this.isOpen = false;
    }
  }

  /** What the socket keeps: when the client was heard last, and a frame for each subscription. */
  #textOf(subscriptions: readonly Pick<Subscription, "name" | "target">[]): string {
    return [
      this.#heardAtMs,
      ...subscriptions.map(({ name, target }) => subscribeFrame(name, target)),
    ].join("\n");
  }

  #add(name: string, target: LiveTarget): Subscription {
    const subscription: Subscription = {
      name,
      target,
      connection: this,
      topic: undefined,
      sent: undefined,
      sentAtMs: 0,
    };
    this.subscriptions.set(name, subscription);
    return subscription;
  }
}
