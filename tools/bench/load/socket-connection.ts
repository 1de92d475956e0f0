/**
 * A WebSocket that sends frames made beforehand and counts the answers: a client library's work for each frame
 * would be more than the server's. Frames in are short texts, unfragmented.
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { BenchFailure } from "../bench-failure.ts";
import { openSocket } from "./http-connection.ts";

/** Final frame with text; the same for a close without a reason. */
const TEXT_FRAME = 0x81;
const CLOSE_FRAME = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
/** A frame from a client is masked. With a key of zeros the payload stays as it is. */
const MASKED = 0x80;
const MASK_KEY = Buffer.alloc(4);
/** A length from here on stands in the two bytes after. */
const LONG_LENGTH = 126;

/** Frames of a client, one after another, and where each begins; the last entry is the end. */
export interface FrameTrain {
  readonly bytes: Buffer;
  readonly offsets: readonly number[];
}

/** Makes frames of texts of less than 64 KiB. */
export function frameTrain(texts: readonly string[]): FrameTrain {
  const frames = texts.map((text) => {
    const payload = Buffer.from(text);
    const head =
      payload.length < LONG_LENGTH
        ? [TEXT_FRAME, MASKED | payload.length]
        : [TEXT_FRAME, MASKED | LONG_LENGTH, payload.length >> 8, payload.length & 0xff];
    return Buffer.concat([Buffer.from(head), MASK_KEY, payload]);
  });
  let at = 0;
  const offsets = [0, ...frames.map((frame) => (at += frame.length))];
  return { bytes: Buffer.concat(frames), offsets };
}

export interface SocketEvents {
  /** Called once for all frames that came in together. */
  readonly frames: (texts: readonly string[]) => void;
  readonly failed: (error: Error) => void;
}

export class SocketConnection {
  readonly #socket: Socket;
  readonly #events: SocketEvents;
  #received: Buffer = Buffer.alloc(0);
  #open = false;
  #closing = false;

  constructor(socket: Socket, events: SocketEvents, opened: () => void) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#take(bytes, opened));
    // "close" follows.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#fail("The server closed a WebSocket"));
  }

  /** Connects and shakes hands. */
  static async open(port: number, path: string, events: SocketEvents): Promise<SocketConnection> {
    const socket = await openSocket(port);
    const key = randomBytes(16).toString("base64");
    return new Promise((resolve, reject) => {
      const { frames } = events;
      const connection = new SocketConnection(
        socket,
        { frames, failed: (error) => (reject(error), events.failed(error)) },
        () => resolve(connection),
      );
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
      );
    });
  }

  send(frames: Buffer): void {
    this.#socket.write(frames);
  }

  close(): void {
    this.#closing = true;
    this.#socket.end(CLOSE_FRAME, () => this.#socket.destroy());
  }

  #take(bytes: Buffer, opened: () => void): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    if (!this.#open && !this.#shakeHands(opened)) return;
    const texts: string[] = [];
    let at = 0;
    for (;;) {
      const next = frameAt(this.#received, at);
      if (next === undefined) break;
      if (next.first === TEXT_FRAME)
        texts.push(this.#received.toString("latin1", next.start, next.end));
      else this.#fail(`A WebSocket sent a frame of kind ${next.first}`);
      at = next.end;
    }
    this.#received = this.#received.subarray(at);
    if (texts.length > 0) this.#events.frames(texts);
  }

  #shakeHands(opened: () => void): boolean {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = this.#received.toString("latin1", 0, end);
    this.#received = this.#received.subarray(end + 4);
    if (!head.startsWith("HTTP/1.1 101")) {
      this.#fail(`A WebSocket was refused: ${head}`);
      return false;
    }
    this.#open = true;
    opened();
    return true;
  }

  #fail(why: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#events.failed(new BenchFailure(`${why}.`));
    this.#socket.destroy();
  }
}

function frameAt(
  bytes: Buffer,
  at: number,
): { first: number; start: number; end: number } | undefined {
  if (at + 2 > bytes.length) return undefined;
  const short = bytes[at + 1]!;
  if (short === LONG_LENGTH && at + 4 > bytes.length) return undefined;
  const start = short === LONG_LENGTH ? at + 4 : at + 2;
  const length = short === LONG_LENGTH ? bytes.readUInt16BE(at + 2) : short;
  const end = start + length;
  return end > bytes.length ? undefined : { first: bytes[at]!, start, end };
}
