/** Twins for the dashboard to show: a power grid as large as the demo's, and a few airports. */
import { MESSAGES_PER_REQUEST_MAX } from "../../src/core/limits.ts";

export const GRID_NODES = 20_000;

const COLUMNS = 200;
const REGIONS = ["NW", "SW", "MN", "MS", "NE", "SE"];

interface BatchEntry {
  readonly id: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** Id of a node. Even ones are infrastructure, odd ones are controllers. */
export function nodeId(index: number): string {
  return `node-${String(index).padStart(5, "0")}`;
}

/** Creates GRID_NODES nodes, evenly over the lower 48 states and all in order. */
export async function createGrid(url: string): Promise<void> {
  const entries = Array.from({ length: GRID_NODES }, (_, i) => {
    const message = {
      type: "init",
      node_type: i % 2 === 0 ? "infrastructure" : "controller",
      region: REGIONS[i % REGIONS.length],
      longitude: -118 + (38 * (i % COLUMNS)) / COLUMNS,
      latitude: 31 + (15 * Math.floor(i / COLUMNS)) / (GRID_NODES / COLUMNS),
    };
    return { id: nodeId(i), message };
  });
  for (let start = 0; start < entries.length; start += MESSAGES_PER_REQUEST_MAX) {
    await send(url, "StatusTracker", entries.slice(start, start + MESSAGES_PER_REQUEST_MAX));
  }
}

/** A node reports its condition. Returns when that is durable. */
export function report(url: string, index: number, condition: string): Promise<void> {
  return send(url, "StatusTracker", [
    { id: nodeId(index), message: { type: "status", node_condition: condition } },
  ]);
}

/** Departures from three airports: San Francisco's are punctual, Denver's late, Boston's far too late. */
export async function createAirports(url: string): Promise<void> {
  const delays = { SFO: 2, DEN: 20, BOS: 90 };
  const entries = Object.entries(delays).map(([id, delay]) => {
    const date = "2001-01-01T12:00:00Z";
    return { id, message: { kind: "departure", date, delay, distance: 700, destination: "SFO" } };
  });
  await send(url, "Airport", entries);
}

async function send(url: string, model: string, entries: readonly BatchEntry[]): Promise<void> {
  const response = await fetch(`${url}/v1/models/${model}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(entries),
  });
  const answer = (await response.json()) as { accepted?: number };
  if (answer.accepted === entries.length) return;
  throw new Error(`${model} took not all of ${entries.length}: ${JSON.stringify(answer)}`);
}
