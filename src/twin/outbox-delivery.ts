/**
 * Carries a cell's outbox to the cells that its messages are for. One delivery at a time per receiving cell, so
 * that they arrive in the order of their numbers; a failed one is tried again, and the receiver knows repeats.
 */
import { cellKey, cellOf } from "../core/ids.ts";
import { DELIVERY_MESSAGES_MAX } from "../core/limits.ts";
import type { Outbox, OutboxEntry } from "../core/cell/outbox.ts";
import type { Env } from "../env.ts";
import { deployment } from "../routing/deployment.ts";

export interface DeliveryHost {
  readonly env: Env;
  /** Names the sending cell and its data: a cell whose data was lost must not be taken for the old one. */
  readonly sender: string;
  outbox(): Outbox;
  /** Called when a delivery failed: the host tries again later. */
  failed(): void;
}

export class OutboxDelivery {
  /** Object requests made. */
  calls = 0;
  readonly #host: DeliveryHost;
  readonly #underWay = new Set<string>();

  constructor(host: DeliveryHost) {
    this.#host = host;
  }

  /** Starts what can be started; repeats are harmless. */
  async pump(): Promise<void> {
    try {
      const lanes = await this.#lanes();
      await Promise.all([...lanes].map(([key, entries]) => this.#deliver(key, entries)));
    } catch {
      // What is deployed could not be read: nothing was sent, and nothing is lost.
      this.#host.failed();
    }
  }

  async #lanes(): Promise<ReadonlyMap<string, OutboxEntry[]>> {
    const models = await deployment(this.#host.env);
    const lanes = new Map<string, OutboxEntry[]>();
    for (const entry of this.#host.outbox().entries()) {
      const target = models.get(entry.model);
      if (target === undefined) continue; // The model is not deployed now; its messages wait for it.
      const key = cellKey(entry.model, cellOf(entry.id, target.placement));
      if (this.#underWay.has(key)) continue;
      const lane = lanes.get(key);
      if (lane === undefined) lanes.set(key, [entry]);
      else if (lane.length < DELIVERY_MESSAGES_MAX) lane.push(entry);
    }
    return lanes;
  }

  async #deliver(key: string, entries: readonly OutboxEntry[]): Promise<void> {
    // `pump` may run twice at once: what the other one has started stays its own.
    if (this.#underWay.has(key)) return;
    this.#underWay.add(key);
    let delivered = false;
    try {
      this.calls++;
      const body = JSON.stringify(entries.map(({ n, id, message }) => [n, id, message]));
      const reply = await this.#host.env.TWIN.getByName(key).deliver(this.#host.sender, body);
      delivered = !("code" in reply);
      if (delivered) for (const { n } of entries) this.#host.outbox().delivered(n);
    } catch {
      // The receiver may have it or not; it knows by the numbers. Tried again below.
    } finally {
      this.#underWay.delete(key);
    }
    if (delivered) await this.pump();
    else this.#host.failed();
  }
}
