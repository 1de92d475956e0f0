/** What the nodes of the simulated power grid report, as messages to their twins. */
import { seededRandom } from "../../src/core/random.ts";
import { gridLoad } from "../../models/power-grid/load.ts";
import type { GridNode } from "../../models/power-grid/nodes.ts";
import type { TimedMessage } from "./outgoing.ts";

const MINUTE_MS = 60_000;

export interface GridOptions {
  readonly run: string;
  readonly seed: number;
  /** Nodes, drawn at random, that are attacked at the end of every minute. */
  readonly attacks: number;
  /** Milliseconds of the grid's time; the reports at that time and after it are left out. */
  readonly durationMs: number;
}

/** The reports of `nodes` in order of time; ids are `<run>-<number of the report>`. */
export function* gridMessages(
  nodes: readonly GridNode[],
  { run, seed, attacks, durationMs }: GridOptions,
): Generator<TimedMessage, undefined> {
  const load = gridLoad(nodes, seed);
  // A seed of its own: who is attacked must not change what else is reported.
  const random = seededRandom(seed + 1);
  let attackAtMs = MINUTE_MS;
  let n = 0;
  for (const { atMs, id, message } of load) {
    if (atMs >= durationMs) return;
    for (; atMs >= attackAtMs; attackAtMs += MINUTE_MS) {
      load.attack(
        Array.from({ length: attacks }, () => nodes[Math.floor(random() * nodes.length)]!.id),
      );
    }
    yield { atMs, id, message, messageId: `${run}-${n++}` };
  }
}
