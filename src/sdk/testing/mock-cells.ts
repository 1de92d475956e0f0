/** The cells of a mock environment: one for each model, in memory, and the messages that go between them. */
import { Cell } from "../../core/cell/cell.ts";
import { DELIVERY_MESSAGES_MAX } from "../../core/limits.ts";
import { MemoryStore } from "../../core/cell/memory-store.ts";
import type { ModelDefinition } from "../../core/model.ts";
import type { OutboxEntry } from "../../core/cell/outbox.ts";

/** Messages from twin to twin that one call may cause; more look like a loop between models. */
export const MESSAGES_BETWEEN_TWINS_MAX = 100_000;

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
  /** Told when an asynchronous step has ended, or never will. */
  #listeners: (() => void)[] = [];

  constructor(models: Iterable<ModelDefinition>, storeOf = (_model: string) => new MemoryStore()) {
    this.#models = new Map([...models].map((model) => [model.name, model]));
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

  /** When the next timer is due; infinity when there is none. */
  nextDueAtMs(): number {
    const due = [...this.all()].map(([, cell]) => cell.timers.nextDueAtMs());
    return Math.min(...due.map((atMs) => atMs ?? Number.POSITIVE_INFINITY));
  }

  /** Runs turns and deliveries until nothing is left to do at this time. */
  settle(nowMs: number): void {
    let delivered = 0;
    for (let busy = true; busy;) {
      busy = false;
      for (const [name, cell] of this.all()) {
        for (; cell.hasWork(nowMs); busy = true) cell.turn(nowMs);
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
    return new MockCells(this.#models.values(), (model) => this.#hosted.get(model)!.store.copy());
  }

  #load(model: ModelDefinition, store: MemoryStore): Cell {
    return new Cell({
      model,
      world: { models: this.#models },
      store,
      // No budget of time: a breakpoint must not fail a step.
      monotonicMs: () => 0,
      wake: () => this.#wake(),
    });
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** Hands messages to their receivers' cell; false when others are on their way there. */
  #deliver(sender: string, cell: Cell, receiver: string, entries: readonly OutboxEntry[]): boolean {
    const way = `${sender} to ${receiver}`;
    if (this.#underWay.has(way)) return false;
    this.#underWay.add(way);
    this.cellOf(receiver).submitDelivery({
      sender,
      entries: entries.map(({ n, id, message }) => [n, id, jsonCopy(message)]),
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
    const lane = lanes.get(entry.model);
    if (lane === undefined) lanes.set(entry.model, [entry]);
    else if (lane.length < DELIVERY_MESSAGES_MAX) lane.push(entry);
  }
  return lanes;
}
