/** How the contract's tests speak to a deployment. */

/** A way to reach a deployment that has the models Airport, StatusTracker and Counter. */
export interface Reach {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  connect(path: string): Promise<Connection>;
}

/** A WebSocket whose frames are taken one by one. */
export interface Connection {
  send(frame: string): void;
  /** The next frame, parsed. */
  next(): Promise<Record<string, unknown>>;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export const NDJSON = { "content-type": "application/x-ndjson" };

export class Client {
  #reach: Reach | undefined;
  // Names of twins differ by run: the deployment may be one that others use too.
  readonly #run = `t${Math.floor(performance.now() * 1_000).toString(36)}`;

  /** Says which deployment is meant; before the first test. */
  use(reach: Reach): void {
    this.#reach = reach;
  }

  get reach(): Reach {
    if (this.#reach === undefined) throw new Error("the deployment is not there yet");
    return this.#reach;
  }

  /** A twin's id that no other run uses. */
  twin(name: string): string {
    return `${this.#run}-${name}`;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
    const response = await this.reach.fetch(path, init);
    const text = await response.text();
    const parsed = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  send(name: string, message: unknown): Promise<Answer> {
    return this.call("POST", `/v1/models/Counter/twins/${this.twin(name)}/messages`, message);
  }

  batch(messages: readonly unknown[]): Promise<Answer> {
    return this.call("POST", "/v1/models/Counter/messages", messages);
  }

  async stateOf(name: string): Promise<unknown> {
    return (await this.call("GET", `/v1/models/Counter/twins/${this.twin(name)}`)).body["state"];
  }
}

/** Looks again until it holds; the test's time limit is the bound. */
export async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resume) => setTimeout(resume, 20));
}
