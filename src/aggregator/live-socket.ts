/** A hibernating WebSocket of the platform, as a live connection sees it. */
import type { LiveSocket } from "./live-connection.ts";

export class PlatformSocket implements LiveSocket {
  readonly #socket: WebSocket;
  readonly #ctx: DurableObjectState;

  constructor(socket: WebSocket, ctx: DurableObjectState) {
    this.#socket = socket;
    this.#ctx = ctx;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // It was closed from the other side already; nothing is left to close.
    }
  }

  keep(text: string): void {
    this.#socket.serializeAttachment(text);
  }

  kept(): string {
    const attachment: unknown = this.#socket.deserializeAttachment();
    return typeof attachment === "string" ? attachment : "";
  }

  pingedAtMs(): number {
    return this.#ctx.getWebSocketAutoResponseTimestamp(this.#socket)?.getTime() ?? 0;
  }
}
