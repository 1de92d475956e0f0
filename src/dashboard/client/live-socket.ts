/**
 * The page's one connection to `/v1/live`: subscribes, reconnects, and says how old its data is.
 *
 * - I1: every subscription is made again after each reconnection; listeners notice nothing but newer results.
 * - I2: nothing of an earlier socket is listened to once it was given up.
 * - I3: a connection on which nothing arrives for SILENCE_MS_MAX counts as lost, whatever the browser says of it.
 */
import { batch, signal } from "@preact/signals";
import type { QuerySpec } from "../../core/query/plan.ts";
import type { LiveResult } from "../../wire/live-v1.ts";
import { retryDelayMs } from "./backoff.ts";
import { parseFrame, PING, subscribeFrame, unsubscribeFrame } from "./live-frames.ts";
import type { Problem } from "./live-frames.ts";

export type LiveStatus = "connecting" | "live" | "reconnecting" | "paused";

export interface LiveListener {
  onResult(result: LiveResult): void;
  onProblem(problem: Problem): void;
}

/** Results come at least every 5 s while anything is subscribed: three that are missing are a lost connection. */
const SILENCE_MS_MAX = 16_000;
const CONNECT_MS_MAX = 10_000;
const CHECK_MS = 1_000;

/** The server closes a connection that never pings, and stops pushing when too much is not known to have arrived. */
const PING_MS = 20_000;
const PING_CHARS = 2 * 1024 * 1024;

export class LiveSocket {
  readonly status = signal<LiveStatus>("connecting");
  /** When the last result arrived, in milliseconds of `performance.now()`; undefined before the first. */
  readonly heardAtMs = signal<number | undefined>(undefined);
  /** What the server has against the connection as a whole. */
  readonly problem = signal<Problem | undefined>(undefined);

  readonly #url: string;
  readonly #subscriptions = new Map<
    string,
    { readonly query: QuerySpec; readonly listener: LiveListener }
  >();
  #socket: WebSocket | undefined;
  #failures = 0;
  #named = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** When the socket was opened, or last said anything. */
  #soundAtMs = 0;
  #pingedAtMs = 0;
  #charsSincePing = 0;
  #isPongDue = false;

  constructor(url: string) {
    this.#url = url;
    setInterval(() => this.#check(), CHECK_MS);
    this.#connect();
  }

  /** Asks for a query's results from now on. Returns what ends it. */
  subscribe(query: QuerySpec, listener: LiveListener): () => void {
    const name = `s${++this.#named}`;
    this.#subscriptions.set(name, { query, listener });
    this.#send(subscribeFrame(name, query));
    return () => {
      this.#subscriptions.delete(name);
      this.#send(unsubscribeFrame(name));
    };
  }

  /** Ends the connection until `resume`; what was received stays. */
  pause(): void {
    clearTimeout(this.#retry);
    this.#abandon();
    this.status.value = "paused";
  }

  /** Connects after a pause. Without one it does nothing. */
  resume(): void {
    if (this.status.value !== "paused") return;
    this.status.value = "connecting";
    this.#connect();
  }

  /** Does not wait any longer for the next attempt. */
  retryNow(): void {
    if (this.#socket !== undefined || this.status.value === "paused") return;
    this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#soundAtMs = performance.now();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#onOpen(socket));
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket && typeof event.data === "string") this.#receive(event.data);
    });
    socket.addEventListener("close", () => this.#onLost(socket));
  }

  #onOpen(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#soundAtMs = performance.now();
    this.#isPongDue = false;
    batch(() => {
      this.status.value = "live";
      this.problem.value = undefined;
    });
    for (const [name, { query }] of this.#subscriptions) this.#send(subscribeFrame(name, query));
    this.#ping();
  }

  #onLost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#abandon();
    this.#failures++;
    this.status.value = "reconnecting";
    this.#retry = setTimeout(() => this.#connect(), retryDelayMs(this.#failures, Math.random()));
  }

  #abandon(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #receive(text: string): void {
    this.#soundAtMs = performance.now();
    this.#charsSincePing += text.length;
    const frame = parseFrame(text);
    if (frame?.type === "pong") this.#isPongDue = false;
    if (this.#charsSincePing >= PING_CHARS) this.#ping();
    // A server that accepts connections and then drops them must not be called again at once, for ever.
    if (frame?.type === "result") this.#failures = 0;
    batch(() => {
      if (frame?.type === "result") {
        this.heardAtMs.value = this.#soundAtMs;
        this.#subscriptions.get(frame.subscription)?.listener.onResult(frame.result);
      } else if (frame?.type === "error" && frame.subscription === undefined) {
        this.problem.value = frame.problem;
      } else if (frame?.type === "error") {
        this.#subscriptions.get(frame.subscription ?? "")?.listener.onProblem(frame.problem);
      }
    });
  }

  /** Says that everything so far has arrived: one ping at a time, or it would say nothing. */
  #ping(): void {
    if (this.#isPongDue) return;
    this.#isPongDue = true;
    this.#charsSincePing = 0;
    this.#pingedAtMs = performance.now();
    this.#send(PING);
  }

  #check(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const nowMs = performance.now();
    const isOpen = socket.readyState === WebSocket.OPEN;
    const silenceMsMax = isOpen ? SILENCE_MS_MAX : CONNECT_MS_MAX;
    // Without a subscription only pongs come, and seldom.
    const isQuiet = isOpen && this.#subscriptions.size === 0;
    if (!isQuiet && nowMs - this.#soundAtMs > silenceMsMax) this.#onLost(socket);
    else if (isOpen && nowMs - this.#pingedAtMs > PING_MS) this.#ping();
  }

  /** Sends on an open socket; what is not sent is sent when it opens. */
  #send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }
}
