/**
 * A kept-alive HTTP connection with one request under way at a time. It does as little as it can: the client
 * must not be what is measured. Answers have to say their length and be ASCII.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { BenchFailure } from "../bench-failure.ts";

export interface Reply {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly settle: (reply: Reply) => void;
  readonly fail: (error: Error) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: Waiting | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("close", () => this.#fail("The server closed the connection"));
    // "close" follows.
    socket.on("error", () => undefined);
  }

  static async open(port: number): Promise<HttpConnection> {
    return new HttpConnection(await openSocket(port));
  }

  /** Sends a whole request and answers with its whole reply. */
  ask(request: Buffer): Promise<Reply> {
    return new Promise((settle, fail) => {
      this.#waiting = { settle, fail };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received = this.#received === "" ? text : this.#received + text;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const length = contentLength(this.#received.slice(0, headEnd + 2));
    if (length === undefined) {
      this.#fail(`An answer without a length: ${this.#received.slice(0, headEnd)}`);
      return;
    }
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle({ status, body });
  }

  #fail(why: string): void {
    this.#waiting?.fail(new BenchFailure(`${why}.`));
    this.#waiting = undefined;
  }
}

/** Opens several at once. */
export function openConnections(port: number, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
}

/** A connected socket. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

function contentLength(head: string): number | undefined {
  const match = /\r\ncontent-length: *(\d+)\r\n/i.exec(head);
  return match === null ? undefined : Number(match[1]);
}
