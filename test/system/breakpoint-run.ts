/** A program under Node's debugger, as an editor runs it, over the Chrome DevTools Protocol. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { WebSocket } from "ws";

const WAIT_MS_MAX = 30_000;

interface Paused {
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly location: { readonly lineNumber: number };
  }[];
}

type Answer = Readonly<Record<string, unknown>>;

export class BreakpointRun implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #pauses: Paused[] = [];
  #onPause: (() => void) | undefined;
  #frame: Paused["callFrames"][number] | undefined;
  #calls = 0;

  constructor(child: ChildProcess, socket: WebSocket) {
    this.#child = child;
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(JSON.parse(String(data)) as Answer));
  }

  /** Starts the program, which waits before its first line. */
  static async start(node: string, program: string): Promise<BreakpointRun> {
    const child = spawn(node, ["--inspect-brk=127.0.0.1:0", program], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: WAIT_MS_MAX,
    });
    let text = "";
    for await (const chunk of child.stderr.setEncoding("utf8")) {
      const url = /ws:\/\/\S+/.exec((text += String(chunk)))?.[0];
      if (url === undefined) continue;
      const socket = new WebSocket(url);
      await once(socket, "open");
      return new BreakpointRun(child, socket);
    }
    throw new Error(`${program} did not wait for a debugger: ${text}`);
  }

  /** Sets a breakpoint on a line, counted from 0, of the file whose URL fits, and lets the program run. */
  async breakAt(urlRegex: string, lineNumber: number): Promise<void> {
    await this.#call("Debugger.enable");
    await this.#call("Debugger.setBreakpointByUrl", { urlRegex, lineNumber });
    await this.#call("Runtime.runIfWaitingForDebugger");
    // The stop before the first line.
    await this.untilPaused();
    await this.#call("Debugger.resume");
  }

  /** Waits for the next stop and answers its line, counted from 0. */
  async untilPaused(): Promise<number> {
    if (this.#pauses.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("It stopped nowhere.")), WAIT_MS_MAX);
        this.#onPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#frame = this.#pauses.shift()?.callFrames[0];
    return this.#frame?.location.lineNumber ?? -1;
  }

  /** The value of an expression where the program stopped. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call("Debugger.evaluateOnCallFrame", {
      callFrameId: this.#frame?.callFrameId,
      expression,
    });
    return (result as { value: unknown }).value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    const exited = this.#child.exitCode === null ? once(this.#child, "exit") : undefined;
    this.#child.kill("SIGKILL");
    await exited;
  }

  #call(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.#calls;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #take(frame: Answer): void {
    if (frame["method"] === "Debugger.paused") {
      this.#pauses.push(frame["params"] as Paused);
      this.#onPause?.();
      return;
    }
    const id = frame["id"] as number;
    this.#waiting.get(id)?.((frame["result"] ?? {}) as Answer);
    this.#waiting.delete(id);
  }
}
