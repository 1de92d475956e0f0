/** What stands in the mock environment for the services of a deployment: they take what twins send out. */
import type { OutboxEntry } from "../../core/cell/outbox.ts";

export interface MockService {
  /** Takes entries of a cell's outbox, once each. */
  take(entries: readonly OutboxEntry[], nowMs: number): void;
  /** When it has something to do by itself; infinity when never. */
  nextDueAtMs(): number;
  /** Does what is due. */
  run(nowMs: number): void;
  /** The same, from a copy of what is stored. */
  copy(): MockService;
}
