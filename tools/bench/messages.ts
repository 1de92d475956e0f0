/** What the load consists of: messages of pumps and of the power grid's nodes, as the wire has them. */
import { gridLoad } from "../../models/power-grid/load.ts";
import type { GridNode } from "../../models/power-grid/nodes.ts";
import { seededRandom } from "./statistics.ts";

/** Different requests of one load, sent in random order. */
const BATCHES = 40;
const SINGLES = 4_000;

const REGIONS: readonly GridNode["region"][] = ["NE", "NW", "SE", "SW"];

export interface Load {
  /** Messages in each request. */
  readonly perRequest: number;
  readonly requests: readonly Buffer[];
}

/** The ids of pumps: of one length, so that all messages are as long. */
export function pumpId(n: number): string {
  return `pump-${String(n).padStart(5, "0")}`;
}

/** A pump's message; with its id in a batch it takes 117 bytes. */
export function pumpMessage(random: () => number): string {
  const temp = (50 + random() * 49.9).toFixed(1);
  const rpm = 1_000 + Math.floor(random() * 900);
  const flow = (1 + random() * 8).toFixed(4);
  const ts = 1_764_000_000_000 + Math.floor(random() * 1_000_000);
  return `{"temp":${temp},"rpm":${rpm},"flow":${flow},"ts":${ts},"mode":"automatic"}`;
}

/** One element of a batch. */
export function pumpElement(n: number, random: () => number): string {
  return `{"id":"${pumpId(n)}","message":${pumpMessage(random)}}`;
}

/** Every twin once, in batches of 1,000: what brings them to life. */
export function creation(model: string, twins: number): Load {
  const random = seededRandom(1);
  const bodies: string[] = [];
  for (let n = 0; n < twins; n += 1_000) {
    const size = Math.min(1_000, twins - n);
    bodies.push(Array.from({ length: size }, (_, i) => pumpElement(n + i, random)).join("\n"));
  }
  return { perRequest: 1_000, requests: bodies.map((body) => post(batchPath(model), body)) };
}

/** Batches of messages to random pumps, as the product takes them. */
export function batches(model: string, perRequest: number, twins: number): Load {
  const bodies = batchBodies(perRequest, twins);
  return { perRequest, requests: bodies.map((body) => post(batchPath(model), body)) };
}

/** The same bodies to another path. */
export function bareBatches(path: string, perRequest: number, twins: number): Load {
  return {
    perRequest,
    requests: batchBodies(perRequest, twins).map((body) => post(path, body)),
  };
}

/** One message a request, to random pumps. */
export function singles(model: string, twins: number): Load {
  const random = seededRandom(3);
  const requests = Array.from({ length: SINGLES }, () => {
    const id = pumpId(Math.floor(random() * twins));
    return post(`/v1/models/${model}/twins/${id}/messages`, pumpMessage(random));
  });
  return { perRequest: 1, requests };
}

/** The same messages to one path. */
export function bareSingles(path: string): Load {
  const random = seededRandom(3);
  const requests = Array.from({ length: SINGLES }, () => post(path, pumpMessage(random)));
  return { perRequest: 1, requests };
}

export interface GridBatches {
  /** The nodes' first messages, each node once. */
  readonly creation: Load;
  readonly load: Load;
}

/** Batches of what a simulated power grid reports. */
export function gridBatches(model: string, nodes: number, perRequest: number): GridBatches {
  const reports = gridLoad(gridNodes(nodes), 5)[Symbol.iterator]();
  const take = (count: number): string =>
    Array.from({ length: count }, () => {
      const { id, message } = reports.next().value!;
      return JSON.stringify({ id, message });
    }).join("\n");
  const batch = (): Buffer => post(batchPath(model), take(perRequest));
  return {
    creation: { perRequest, requests: Array.from({ length: nodes / perRequest }, batch) },
    load: { perRequest, requests: Array.from({ length: BATCHES }, batch) },
  };
}

/** The bodies of batches: one element per line. */
export function batchBodies(perRequest: number, twins: number): readonly string[] {
  const random = seededRandom(2);
  const element = (): string => pumpElement(Math.floor(random() * twins), random);
  return Array.from({ length: BATCHES }, () =>
    Array.from({ length: perRequest }, element).join("\n"),
  );
}

/** A request as it goes over the wire. */
export function post(path: string, body: string): Buffer {
  const type = path.startsWith("/v1/query") ? "application/json" : "application/x-ndjson";
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

export function get(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
}

function batchPath(model: string): string {
  return `/v1/models/${model}/messages`;
}

function gridNodes(count: number): readonly GridNode[] {
  return Array.from({ length: count }, (_, i) => ({
    id: String(i).padStart(5, "0"),
    nodeType: i % 2 === 0 ? "infrastructure" : "controller",
    region: REGIONS[i % REGIONS.length]!,
    longitude: -125 + (i % 500) / 10,
    latitude: 25 + (i % 200) / 10,
  }));
}
