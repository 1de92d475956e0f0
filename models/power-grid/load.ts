/**
 * What the nodes of a power grid report, simulated in order of time, for ever. A discrete-event simulation: the
 * node whose step is due next takes it, draws what it reports, and waits for its next step. The same nodes, seed
 * and attacks give the same reports.
 */
import type { GridNode } from "./nodes.ts";
import { nextCondition, WAIT_MS } from "./node-condition.ts";
import { seededRandom } from "livetwin";
import type { Condition, StatusMessage } from "./status-message.ts";

export interface GridReport {
  /** Milliseconds from the simulation's start. */
  readonly atMs: number;
  readonly id: string;
  readonly message: StatusMessage;
}

/** One stream of reports without end: who iterates again goes on where the last one stopped. */
export interface GridLoad extends Iterable<GridReport, undefined> {
  /** Attacks nodes: at its next step each reports a severe incident. Ids that are no nodes are ignored. */
  attack(ids: Iterable<string>): void;
}

interface SimulatedNode {
  readonly node: GridNode;
  /** Undefined before the first step. */
  condition: Condition | undefined;
  isAttacked: boolean;
  nextStepAtMs: number;
}

/** The reports of `nodes`. Their first steps are spread over 6 seconds: nodes do not start at the same moment. */
export function gridLoad(nodes: readonly GridNode[], seed: number): GridLoad {
  const random = seededRandom(seed);
  const simulated = nodes.map((node): SimulatedNode => ({
    node,
    condition: undefined,
    isAttacked: false,
    nextStepAtMs: Math.floor(random() * WAIT_MS.normal),
  }));
  const byId = new Map(simulated.map((each) => [each.node.id, each]));
  const reports = reportsOf(simulated, random);
  return {
    [Symbol.iterator]: () => reports,
    attack: (ids) => {
      for (const id of ids) {
        const attacked = byId.get(id);
        if (attacked !== undefined) attacked.isAttacked = true;
      }
    },
  };
}

function* reportsOf(
  simulated: readonly SimulatedNode[],
  random: () => number,
): Generator<GridReport, undefined> {
  const waiting = new WaitingNodes(simulated);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const atMs = next.nextStepAtMs;
    const message = step(next, random);
    // A silent node waits as its condition does.
    const waitMs = WAIT_MS[next.condition ?? "normal"];
    next.nextStepAtMs = atMs + waitMs;
    waiting.push(next, waitMs);
    if (message !== undefined) yield { atMs, id: next.node.id, message };
  }
}

/** Takes a node's step; answers what it reports, or nothing when it stays silent. */
function step(simulated: SimulatedNode, random: () => number): StatusMessage | undefined {
  if (simulated.condition === undefined) {
    simulated.condition = "normal";
    const { nodeType, region, longitude, latitude } = simulated.node;
    return { type: "init", node_type: nodeType, region, longitude, latitude };
  }
  const condition = nextCondition(simulated.condition, simulated.isAttacked, random);
  if (condition === undefined) return undefined;
  simulated.condition = condition;
  simulated.isAttacked = false;
  return { type: "status", node_condition: condition };
}

/**
 * Nodes in order of their next step, without a heap: all that wait equally long come back in the order in which
 * they began to wait, so one queue for each length of wait is in order by itself.
 */
class WaitingNodes {
  readonly #queues = new Map<number, Queue>();

  constructor(first: readonly SimulatedNode[]) {
    const queue = new Queue();
    for (const each of first.toSorted((a, b) => a.nextStepAtMs - b.nextStepAtMs)) queue.push(each);
    this.#queues.set(0, queue);
  }

  push(simulated: SimulatedNode, waitMs: number): void {
    let queue = this.#queues.get(waitMs);
    if (queue === undefined) this.#queues.set(waitMs, (queue = new Queue()));
    queue.push(simulated);
  }

  shift(): SimulatedNode | undefined {
    let earliest: Queue | undefined;
    let earliestAtMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      const atMs = queue.first?.nextStepAtMs ?? Number.POSITIVE_INFINITY;
      if (atMs < earliestAtMs) [earliest, earliestAtMs] = [queue, atMs];
    }
    return earliest?.shift();
  }
}

/** First in, first out. An array's own `shift` moves all that stay. */
class Queue {
  #nodes: SimulatedNode[] = [];
  #head = 0;

  get first(): SimulatedNode | undefined {
    return this.#nodes[this.#head];
  }

  push(simulated: SimulatedNode): void {
    this.#nodes.push(simulated);
  }

  shift(): SimulatedNode | undefined {
    const first = this.#nodes[this.#head++];
    if (this.#head * 2 > this.#nodes.length) {
      this.#nodes = this.#nodes.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
