/**
 * Carries a cell's outbox to the cells and services that its entries are for. One delivery at a time per receiver,
 * so that they arrive in the order of their numbers; a failed one is tried again, and the receiver knows repeats.
 */
import { cellKey, cellOf } from "../core/ids.ts";
import { DELIVERY_CHARS_MAX, DELIVERY_MESSAGES_MAX, DELIVERY_TIMEOUT_MS } from "../core/limits.ts";
import type { Outbox, OutboxEntry } from "../core/cell/outbox.ts";
import type { DeliveredEntry } from "../core/cell/requests.ts";
import type { Env } from "../env.ts";
import { deployment } from "../routing/deployment.ts";
import { TIMED_OUT, withTimeout } from "../routing/with-timeout.ts";
import type { DeployedModel, DeliveryRpc, ServiceEntry } from "../wire/internal-rpc.ts";

export interface DeliveryHost {
  readonly env: Env;
  /** Names the sending cell and its data: a cell whose data was lost must not be taken for the old one. */
  readonly sender: string;
  outbox(): Outbox;
  /** Called when a delivery failed: the host tries again later. */
  failed(): void;
}

/** Entries for one receiver, in order. */
interface Load {
  readonly receiver: (env: Env) => DeliveryRpc;
  readonly isService: boolean;
  readonly entries: OutboxEntry[];
}

export class OutboxDelivery {
  /** Object requests made. */
  calls = 0;
  readonly #host: DeliveryHost;
  readonly #underWay = new Set<string>();
  /** Entries for models that are not deployed, when the outbox was looked through last. */
  #undeployed = 0;

  constructor(host: DeliveryHost) {
    this.#host = host;
  }

  /** Whether there are entries that somebody might take: for the others alone a cell must not wake again and again. */
  get hasDeliverable(): boolean {
    return this.#host.outbox().size > this.#undeployed;
  }

  /** Starts what can be started; repeats are harmless. */
  async pump(): Promise<void> {
    try {
      const loads = await this.#loads();
      await Promise.all([...loads].map(([key, load]) => this.#deliver(key, load)));
    } catch {
      // What is deployed could not be read: nothing was sent, and nothing is lost.
      this.#host.failed();
    }
  }

  async #loads(): Promise<ReadonlyMap<string, Load>> {
    const models = await deployment(this.#host.env);
    const loads = new Map<string, Load>();
    this.#undeployed = 0;
    for (const entry of this.#host.outbox().entries()) {
      const found = receiverOf(entry, models);
      if (found === undefined) {
        // The model is not deployed now; its messages wait for the deployment that has it.
        this.#undeployed++;
        continue;
      }
      const { key, receiver, isService } = found;
      if (this.#underWay.has(key)) continue;
      const load = loads.get(key);
      if (load === undefined) loads.set(key, { receiver, isService, entries: [entry] });
      else if (load.entries.length < DELIVERY_MESSAGES_MAX) load.entries.push(entry);
    }
    return loads;
  }

  async #deliver(key: string, { receiver, isService, entries }: Load): Promise<void> {
    // `pump` may run twice at once: what the other one has started stays its own.
    if (this.#underWay.has(key)) return;
    this.#underWay.add(key);
    let delivered = false;
    try {
      this.calls++;
      const texts = bounded(entries.map(isService ? serviceEntryText : deliveredEntryText));
      const body = `[${texts.join(",")}]`;
      const reply = await withTimeout(
        receiver(this.#host.env).deliver(this.#host.sender, body),
        DELIVERY_TIMEOUT_MS,
      );
      delivered = reply !== TIMED_OUT && !("code" in reply);
      const sent = entries.slice(0, texts.length);
      if (delivered) for (const { n } of sent) this.#host.outbox().delivered(n);
    } catch {
      // The receiver may have it or not; it knows by the numbers. Tried again below.
    } finally {
      this.#underWay.delete(key);
    }
    // Not awaited: a cell that always has something to send would keep every delivery that it made.
    if (delivered) void this.pump();
    else this.#host.failed();
  }
}

/** Who takes an entry; undefined when its model is not deployed. `key` is different for different receivers. */
function receiverOf(
  { lane, model, id }: OutboxEntry,
  models: ReadonlyMap<string, DeployedModel>,
): (Omit<Load, "entries"> & { key: string }) | undefined {
  switch (lane) {
    case "alerts":
      return service("alerts", (env) => env.ALERTS.getByName("alerts"));
    case "archive":
      return service(`archive/${model}`, (env) => env.ARCHIVER.getByName(model));
    case "shared":
      return service("shared", (env) => env.SHARED.getByName("shared"));
    default: {
      const target = models.get(model);
      if (target === undefined) return undefined;
      const key = cellKey(model, cellOf(id, target.placement));
      return { key, isService: false, receiver: (env) => env.TWIN.getByName(key) };
    }
  }
}

function service(key: string, receiver: Load["receiver"]): Omit<Load, "entries"> & { key: string } {
  return { key, isService: true, receiver };
}

/** As many of the first texts as one call takes; one at least. */
function bounded(texts: readonly string[]): readonly string[] {
  let chars = 0;
  const end = texts.findIndex((text) => (chars += text.length) > DELIVERY_CHARS_MAX);
  return end < 0 ? texts : texts.slice(0, Math.max(1, end));
}

function serviceEntryText({ n, model, id, message }: OutboxEntry): string {
  const entry: ServiceEntry = [n, model, id, message];
  return JSON.stringify(entry);
}

function deliveredEntryText({ n, id, message, lane, from }: OutboxEntry): string {
  const entry: DeliveredEntry =
    lane === "twin" && from === undefined ? [n, id, message] : [n, id, message, lane, from];
  return JSON.stringify(entry);
}
