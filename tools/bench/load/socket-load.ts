/** WebSocket load: one message a frame, with a window of unacknowledged frames on each socket. */
import { BenchFailure } from "../bench-failure.ts";
import type { LoadResult, Metered } from "./http-load.ts";
import { SocketConnection } from "./socket-connection.ts";
import type { FrameTrain } from "./socket-connection.ts";

/** What a frame with one message is answered with. */
export const FRAME_ACK = '{"type":"ack","accepted":1,"duplicates":0,"rejected":[]}';

export interface SocketTarget {
  readonly port: number;
  /** One socket each. */
  readonly paths: readonly string[];
  readonly train: FrameTrain;
  /** Frames of one socket that wait for their answer. */
  readonly window: number;
}

/** Keeps every socket's window full for `windowMs`; then all answers are waited for. */
export async function socketLoop(
  target: SocketTarget,
  windowMs: number,
  metered: Metered,
): Promise<LoadResult> {
  const clients = target.paths.map((_, i) => new Client(target, i));
  await Promise.all(clients.map((client, i) => client.open(target.port, target.paths[i]!)));
  const startMs = performance.now();
  await metered(() => Promise.all(clients.map((client) => client.run(startMs + windowMs))));
  const wallMs = performance.now() - startMs;
  for (const client of clients) client.close();
  const latenciesMs = clients.flatMap((client) => client.latenciesMs);
  return { messages: latenciesMs.length, wallMs, latenciesMs };
}

class Client {
  readonly latenciesMs: number[] = [];
  readonly #train: FrameTrain;
  readonly #window: number;
  #connection: SocketConnection | undefined;
  /** When each frame that waits was sent, oldest first from `#answered` on. */
  #sentAtMs: number[] = [];
  #answered = 0;
  #next: number;
  #endMs = 0;
  #settle: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor({ train, window }: SocketTarget, index: number) {
    this.#train = train;
    this.#window = window;
    // The sockets begin at different frames, so that they do not all send to the same twins.
    this.#next = (index * 389) % (train.offsets.length - 1);
  }

  async open(port: number, path: string): Promise<void> {
    this.#connection = await SocketConnection.open(port, path, {
      frames: (texts) => this.#acknowledged(texts),
      failed: (error) => this.#fail(error),
    });
  }

  run(endMs: number): Promise<void> {
    this.#endMs = endMs;
    return new Promise((settle, fail) => {
      this.#settle = settle;
      this.#fail = fail;
      this.#send(this.#window);
    });
  }

  close(): void {
    this.#connection?.close();
  }

  #send(count: number): void {
    const nowMs = performance.now();
    for (let left = count; left > 0;) {
      const last = this.#train.offsets.length - 1;
      const end = Math.min(last, this.#next + left);
      const { bytes, offsets } = this.#train;
      this.#connection?.send(bytes.subarray(offsets[this.#next], offsets[end]));
      for (let i = this.#next; i < end; i++) this.#sentAtMs.push(nowMs);
      left -= end - this.#next;
      this.#next = end === last ? 0 : end;
    }
  }

  #acknowledged(texts: readonly string[]): void {
    const nowMs = performance.now();
    for (const text of texts) {
      if (text !== FRAME_ACK) {
        this.#fail(
          new BenchFailure(`A frame is answered with ${text}; it should be ${FRAME_ACK}.`),
        );
        return;
      }
      this.latenciesMs.push(nowMs - this.#sentAtMs[this.#answered++]!);
    }
    if (nowMs < this.#endMs) this.#send(texts.length);
    else if (this.#answered === this.#sentAtMs.length) this.#settle();
  }
}
