/** The cells of a mock environment: one for each model, in memory, and the messages that go between them. */
import { Cell } from "../../core/cell/cell.ts";
import { DELIVERY_MESSAGES_MAX } from "../../core/limits.ts";
import { MemoryStore } from "../../core/cell/memory-store.ts";
import type { Json, ModelDefinition } from "../../core/model.ts";
import { modelsByName } from "../../core/hierarchy/check.ts";
import type { Lane, OutboxEntry } from "../../core/cell/outbox.ts";
import type { StepWorld } from "../../core/step.ts";
import type { MockService } from "./mock-services.ts";
import { MockSharedData } from "./mock-shared-data.ts";

/** Messages from twin to twin that one call may cause; more look like a loop between models. */
export const MESSAGES_BETWEEN_TWINS_MAX = 100_000;

export interface SentMockCommand {
  readonly model: string;
  readonly id: string;
  readonly body: Json;
}

interface Hosted {
  readonly model: ModelDefinition;
  readonly store: MemoryStore;
  cell: Cell;
}

export class MockCells {
  readonly #models: ReadonlyMap<string, ModelDefinition>;
  readonly #hosted = new Map<string, Hosted>();
  /** Ways between cells on which a delivery has no answer yet: one at a time, so that messages stay in order. */
  readonly #underWay = new Set<string>();
  /** The number of the last entry of a cell that a service has taken. */
  readonly #taken = new Map<string, number>();
  /** Told when an asynchronous step has ended, or never will. */
  #listeners: (() => void)[] = [];

  /** Every command that a twin has sent its device, in the order of the commits. */
  readonly commands: SentMockCommand[] = [];
  /** The services that take what is not for a cell. */
  readonly services: ReadonlyMap<Lane, MockService>;

  constructor(
    models: Iterable<ModelDefinition>,
    services: ReadonlyMap<Lane, MockService>,
    storeOf = (_model: string) => new MemoryStore(),
  ) {
    this.services = services;
    this.#models = modelsByName(models);
    for (const [name, model] of this.#models) {
      const store = storeOf(name);
      this.#hosted.set(name, { model, store, cell: this.#load(model, store) });
    }
  }

  /** The cell of a model; throws a `RangeError` when there is no such model. */
  cellOf(model: string): Cell {
    const hosted = this.#hosted.get(model);
    if (hosted !== undefined) return hosted.cell;
    const known = [...this.#models.keys()].join(", ");
    throw new RangeError(`There is no model "${model}". Models: ${known}.`);
  }

  /** All cells, by the names of their models. */
  *all(): Generator<readonly [model: string, cell: Cell]> {
    for (const [model, { cell }] of this.#hosted) yield [model, cell];
  }

  /** When the next timer, or a service, has something to do; infinity when there is nothing. */
  nextDueAtMs(): number {
    const timers = [...this.all()].map(([, cell]) => cell.timers.nextDueAtMs());
    return Math.min(
      ...timers.map((atMs) => atMs ?? Number.POSITIVE_INFINITY),
      ...[...this.services.values()].map((service) => service.nextDueAtMs()),
    );
  }

  /** Runs turns and deliveries until nothing is left to do at this time. */
  settle(nowMs: number): void {
    let delivered = 0;
    for (const service of this.services.values()) service.run(nowMs);
    for (let busy = true; busy;) {
      busy = false;
      for (const [name, cell] of this.all()) {
        for (; cell.hasWork(nowMs); busy = true) cell.turn(nowMs);
        this.#serve(cell, nowMs);
        for (const [receiver, entries] of lanesOf(cell)) {
          if (!this.#deliver(name, cell, receiver, entries)) continue;
          busy = true;
          delivered += entries.length;
          if (delivered <= MESSAGES_BETWEEN_TWINS_MAX) continue;
          throw new Error(
            `More than ${MESSAGES_BETWEEN_TWINS_MAX} messages between twins followed one call.`,
          );
        }
      }
    }
  }

  /** Resolves when an asynchronous step has ended, and at a restart. */
  stepEnded(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  /** Reads every twin back from its stored form, as after a crash; steps under way are lost. */
  restart(): void {
    for (const hosted of this.#hosted.values()) {
      hosted.cell = this.#load(hosted.model, hosted.store);
    }
    this.#underWay.clear();
    this.#wake();
  }

  /** The same models, read from a copy of what is stored. */
  copy(): MockCells {
    const services = new Map([...this.services].map(([lane, service]) => [lane, service.copy()]));
    const copy = new MockCells(this.#models.values(), services, (model) =>
      this.#hosted.get(model)!.store.copy(),
    );
    for (const [way, n] of this.#taken) copy.#taken.set(way, n);
    return copy;
  }

  #load(model: ModelDefinition, store: MemoryStore): Cell {
    return new Cell({
      model,
      world: this.#worldOf(model.name),
      store,
      // No budget of time: a breakpoint must not fail a step.
      monotonicMs: () => 0,
      wake: () => this.#wake(),
      incarnation: "mock",
      commandsSent: (commands) => {
        for (const { id, body } of commands)
          this.commands.push({ model: model.name, id, body: JSON.parse(body) as Json });
      },
    });
  }

  #worldOf(model: string): StepWorld {
    const shared = this.services.get("shared");
    if (!(shared instanceof MockSharedData)) return { models: this.#models };
    return { models: this.#models, lookups: shared.lookups(model) };
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** Hands what is for services to them, but what came back with a restart, which they have. */
  #serve(cell: Cell, nowMs: number): void {
    for (const [lane, service] of this.services) {
      const entries = [...cell.outbox.entries()].filter((entry) => entry.lane === lane);
      if (entries.length === 0) continue;
      const way = `${cell.model.name} to ${lane}`;
      const last = this.#taken.get(way) ?? 0;
      const fresh = entries.filter(({ n }) => n > last);
      if (fresh.length > 0) service.take(fresh, nowMs);
      this.#taken.set(way, entries.at(-1)!.n);
      for (const { n } of entries) cell.outbox.delivered(n);
    }
  }

  /** Hands messages to their receivers' cell; false when others are on their way there. */
  #deliver(sender: string, cell: Cell, receiver: string, entries: readonly OutboxEntry[]): boolean {
    const way = `${sender} to ${receiver}`;
    if (this.#underWay.has(way)) return false;
    this.#underWay.add(way);
    this.cellOf(receiver).submitDelivery({
      sender,
      entries: entries.map(({ n, id, message, lane, from }) => {
        return [n, id, jsonCopy(message), lane, from] as const;
      }),
      settle: () => {
        for (const { n } of entries) cell.outbox.delivered(n);
        this.#underWay.delete(way);
      },
    });
    return true;
  }
}

/** What JSON makes of a value: what was handed over is nobody else's. */
export function jsonCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What waits in a cell's outbox, by the model that it is for, as much as one delivery takes. */
function lanesOf(cell: Cell): ReadonlyMap<string, readonly OutboxEntry[]> {
  const lanes = new Map<string, OutboxEntry[]>();
  for (const entry of cell.outbox.entries()) {
    if (entry.lane !== "twin" && entry.lane !== "parent") continue;
    const lane = lanes.get(entry.model);
    if (lane === undefined) lanes.set(entry.model, [entry]);
    else if (lane.length < DELIVERY_MESSAGES_MAX) lane.push(entry);
  }
  return lanes;
}
