/**
 * The HTTP interface in front of a mock environment: twins and deduplication are the real ones, and the network is
 * as bad as a seed makes it. Loopback only.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bucketOf } from "../../../src/core/ids.ts";
import { seededRandom } from "../../../src/core/random.ts";
import type { MockEnvironment } from "../../../src/sdk/testing/index.ts";

const CELLS = 4;

interface Line {
  readonly id: string;
  readonly message: unknown;
  readonly messageId: string;
}

/** What happens to a request with messages. */
export type Fault =
  | "none"
  | "lost"
  | "answer-lost"
  | "answer-cut"
  | "overloaded"
  | "cell-overloaded";

const FAULTS: readonly Fault[] = [
  "lost",
  "answer-lost",
  "answer-cut",
  "overloaded",
  "cell-overloaded",
];

export class FakeServer {
  readonly env: MockEnvironment;
  /** How often each fault has happened. */
  readonly counts = new Map<Fault, number>();
  /** Message ids by twin, in the order in which they were first taken. */
  readonly taken = new Map<string, string[]>();
  /** Every `Authorization` that a request carried. */
  readonly authorizations = new Set<string | undefined>();
  /** Requests with messages that were being answered at the same time, at most. */
  inFlightMax = 0;
  #inFlight = 0;
  #server: Server;
  #port = 0;
  readonly #random: () => number;
  readonly #faultShare: number;

  /** `faultShare` of the requests with messages meet a fault, drawn by `seed`. */
  constructor(env: MockEnvironment, seed: number, faultShare: number) {
    this.env = env;
    this.#random = seededRandom(seed);
    this.#faultShare = faultShare;
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens on a free port, after `kill` on the same one. */
  async start(): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Breaks every connection and refuses new ones. Twins stay. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = this.#create();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #create(): Server {
    return createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.authorizations.add(request.headers.authorization);
    let body = "";
    request.setEncoding("utf8");
    for await (const text of request) body += String(text);
    const [, , , model = "", , id] = (request.url ?? "").split("/");
    if (request.url?.endsWith("/messages")) this.#take(model, body, response);
    else if (request.method === "GET") this.#read(model, decodeURIComponent(id ?? ""), response);
    else this.#query(JSON.parse(body) as Parameters<FakeServer["query"]>[0], response);
  }

  #take(model: string, body: string, response: ServerResponse): void {
    this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight);
    response.once("close", () => this.#inFlight--);
    const lines = body.split("\n").map((line) => JSON.parse(line) as Line);
    const fault = this.#drawFault();
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    switch (fault) {
      case "lost":
        response.destroy();
        return;
      case "overloaded":
        response.setHeader("retry-after", "1");
        send(response, 503, { code: "cell/overloaded", detail: "Too much at once." });
        return;
      case "answer-lost":
        this.#process(model, lines, -1);
        response.destroy();
        return;
      case "answer-cut": {
        const text = JSON.stringify(this.#process(model, lines, -1));
        response.writeHead(200, { "content-length": text.length });
        response.write(text.slice(0, 10), () => response.destroy());
        return;
      }
      case "cell-overloaded":
        send(response, 200, this.#process(model, lines, Math.floor(this.#random() * CELLS)));
        return;
      case "none":
        send(response, 200, this.#process(model, lines, -1));
    }
  }

  #drawFault(): Fault {
    if (this.#random() >= this.#faultShare) return "none";
    return FAULTS[Math.floor(this.#random() * FAULTS.length)]!;
  }

  /** Processes the messages but for those of the cell `overloaded`, which are refused for now. */
  #process(model: string, lines: readonly Line[], overloaded: number): object {
    const isRefused = ({ id }: Line): boolean => bucketOf(id) % CELLS === overloaded;
    const places = [...lines.keys()].filter((i) => !isRefused(lines[i]!));
    const { accepted, duplicates, rejected } = this.env.sendBatch(
      model,
      places.map((i) => lines[i]!),
    );
    const bad = new Set(rejected.map(({ index }) => index));
    for (const [at, place] of places.entries()) if (!bad.has(at)) this.#note(lines[place]!);
    const refused = [...lines.keys()].filter((i) => isRefused(lines[i]!));
    return {
      accepted,
      duplicates,
      rejected: [
        ...refused.map((index) => ({
          index,
          id: lines[index]!.id,
          code: "cell/overloaded",
          detail: "Later.",
          retry: true,
        })),
        ...rejected.map((each) => ({
          ...each,
          index: places[each.index],
          id: lines[places[each.index]!]!.id,
        })),
      ],
    };
  }

  #note({ id, messageId }: Line): void {
    const ids = this.taken.get(id) ?? [];
    if (!this.taken.has(id)) this.taken.set(id, ids);
    ids.push(messageId);
  }

  #read(model: string, id: string, response: ServerResponse): void {
    const state = this.env.twin(model, id);
    if (state === undefined)
      send(response, 404, { code: "twin/unknown", detail: "There is none." });
    else send(response, 200, { model, id, state });
  }

  #query(body: Parameters<FakeServer["query"]>[0], response: ServerResponse): void {
    send(response, 200, this.query(body));
  }

  /** Rows of `select`, or one row of `aggregates` (sum and max). */
  query(body: {
    readonly model: string;
    readonly select?: readonly string[];
    readonly aggregates?: readonly {
      readonly op: string;
      readonly field: string;
      readonly as: string;
    }[];
  }): object {
    const twins = [...this.env.twins(body.model)];
    if (body.select !== undefined) {
      const names = ["id", ...body.select];
      return {
        columns: names.map((name) => ({ name, type: "?" })),
        rows: twins.map(([id, state]) => names.map((name) => (name === "id" ? id : state[name]))),
      };
    }
    const aggregates = body.aggregates ?? [];
    const row = aggregates.map(({ op, field }) => {
      const values = twins
        .map(([, state]) => state[field])
        .filter((value) => typeof value === "number");
      return op === "sum" ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
    });
    return {
      columns: aggregates.map(({ as }) => ({ name: as, type: "number" })),
      rows: [row],
    };
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
