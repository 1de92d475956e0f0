/**
 * The product's Worker with bare routes in front of it: what workerd itself takes for a request, a call of an
 * object, a write, a frame. A Worker module, run as it stands; the bench bundles it with the product.
 */
import { DurableObject } from "cloudflare:workers";
import product, * as exports from "../../../src/worker.ts";

export const { AggregatorShard, Reducer, Registry, Supervision, TwinObject } = exports;

const ACK = '{"type":"ack","accepted":1,"duplicates":0,"rejected":[]}';

/** Rows that the bare object writes over in turn. */
const ROWS = 1_024;

export class BareObject extends DurableObject {
  #calls = 0;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS bare(id INTEGER PRIMARY KEY, body TEXT)");
  }

  /** @param {string} _body */
  async call(_body) {
    return ++this.#calls;
  }

  /** @param {string} body */
  async write(body) {
    const call = ++this.#calls;
    // Bytes that are there already would not be written: the number makes every row a new one.
    const { sql } = this.ctx.storage;
    sql.exec("INSERT OR REPLACE INTO bare VALUES (?, ?)", call % ROWS, `${call} ${body}`);
    return call;
  }

  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** @param {WebSocket} socket */
  async webSocketMessage(socket) {
    socket.send(ACK);
  }
}

/**
 * @param {Request} request
 * @param {string} route
 * @param {{ BARE: { getByName(name: string): any } }} env
 */
async function bare(request, route, env) {
  switch (route) {
    case "route":
      await request.text();
      return new Response("1");
    case "object":
      return new Response(
        String((await env.BARE.getByName("bare").call(await request.text())) > 0),
      );
    case "write":
      return new Response(
        String((await env.BARE.getByName("bare").write(await request.text())) > 0),
      );
    case "object-socket":
      return env.BARE.getByName("bare").fetch(request);
    case "socket": {
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      server.addEventListener("message", () => server.send(ACK));
      return new Response(null, { status: 101, webSocket: client });
    }
    default:
      return new Response("There is no such route.", { status: 404 });
  }
}

export default {
  fetch(request, env, ctx) {
    const start = request.url.indexOf("/", "http://".length);
    if (!request.url.startsWith("/bench/", start)) return product.fetch(request, env, ctx);
    return bare(request, request.url.slice(start + "/bench/".length), env);
  },
};
