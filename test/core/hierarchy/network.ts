/** Cells of several models that deliver to each other, badly when told to: late, twice, and with crashes between. */
import { Cell } from "../../../src/core/cell/cell.ts";
import { MemoryStore } from "../../../src/core/cell/memory-store.ts";
import type { OutboxEntry } from "../../../src/core/cell/outbox.ts";
import { viewOf } from "../../../src/core/cell/view.ts";
import { modelsByName } from "../../../src/core/hierarchy/check.ts";
import type { ChildReport } from "../../../src/core/hierarchy/declaration.ts";
import { cellKey, cellOf } from "../../../src/core/ids.ts";
import type { ModelDefinition } from "../../../src/core/model.ts";
import type { JournalRow } from "../../../src/core/cell/store.ts";
import { CheckedStore } from "../../support/checked-store.ts";

export type State = Record<string, unknown>;

/** A store whose next write can be made to fail. */
class FailingStore extends CheckedStore {
  failsNext = false;

  override appendJournal(rows: readonly JournalRow[]): void {
    const fails = this.failsNext;
    this.failsNext = false;
    if (fails) throw new StoreFault("the disk is full");
    super.appendJournal(rows);
  }
}

class StoreFault extends Error {}

interface Node {
  readonly model: string;
  readonly store: FailingStore;
  cell: Cell;
}

export class Network {
  nowMs = 1_000_000;
  /** Milliseconds that the budget clock moves at each look: a few steps fill a commit. */
  tickMs = 20;
  readonly #cells: number;
  readonly #nodes = new Map<string, Node>();
  #models: ReadonlyMap<string, ModelDefinition>;
  #clockMs = 0;

  constructor(models: readonly ModelDefinition[], cells = 2) {
    this.#cells = cells;
    this.#models = modelsByName(models);
  }

  get keys(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** The cell of a twin. */
  cellFor(model: string, id: string): Cell {
    return this.#node(model, cellOf(id, { version: 1, cells: this.#cells })).cell;
  }

  cell(key: string): Cell {
    return this.#nodes.get(key)!.cell;
  }

  store(model: string, id: string): CheckedStore {
    return this.#node(model, cellOf(id, { version: 1, cells: this.#cells })).store;
  }

  /** Sends a message; it is processed with the cell's next turn. */
  send(model: string, id: string, message: unknown): void {
    this.cellFor(model, id).submit({
      elements: [{ id, message }],
      wantCommands: false,
      settle: () => undefined,
    });
  }

  turn(key: string): void {
    this.#write(key, (cell) => {
      if (cell.hasWork(this.nowMs)) cell.turn(this.nowMs);
    });
  }

  /** Removes a twin, if there is one. */
  remove(model: string, id: string): void {
    const index = cellOf(id, { version: 1, cells: this.#cells });
    this.#write(cellKey(model, index), (cell) => void cell.remove(id, this.nowMs));
  }

  /** A cell's next write fails. */
  failNext(key: string): void {
    this.#nodes.get(key)!.store.failsNext = true;
  }

  /** Delivers what a cell has for the others, `limit` entries to each; `isLost` keeps the answers from it. */
  deliver(key: string, { limit = 1_000, isLost = false } = {}): void {
    const { cell } = this.#nodes.get(key)!;
    const loads = new Map<Cell, OutboxEntry[]>();
    for (const entry of cell.outbox.entries()) {
      const to = this.cellFor(entry.model, entry.id);
      const load = loads.get(to);
      if (load === undefined) loads.set(to, [entry]);
      else if (load.length < limit) load.push(entry);
    }
    for (const [to, entries] of loads) {
      to.submitDelivery({
        sender: `${key}/x`,
        entries: entries.map(({ n, id, message, lane }) => [
          n,
          id,
          JSON.parse(JSON.stringify(message)) as unknown,
          lane,
        ]),
        settle: () => {
          if (isLost) return;
          for (const { n } of entries) this.cell(key).outbox.delivered(n);
        },
      });
    }
  }

  /** A cell loses what only memory knew: requests that are not settled, too. */
  crash(key: string): void {
    const node = this.#nodes.get(key)!;
    node.cell = this.#load(node.model, node.store);
  }

  /** The cells of a model are not there any more. */
  forget(model: string): void {
    for (const [key, node] of this.#nodes) if (node.model === model) this.#nodes.delete(key);
  }

  /** A deployment of other models: every cell is loaded again. */
  deploy(models: readonly ModelDefinition[]): void {
    this.#models = modelsByName(models);
    for (const key of this.#nodes.keys()) this.crash(key);
  }

  /** Runs turns and deliveries until nothing is left to do; no write fails any more. */
  settle(): void {
    for (const { store } of this.#nodes.values()) store.failsNext = false;
    let delivered = 0;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const key of this.keys) {
        for (; this.cell(key).hasWork(this.nowMs); isBusy = true) this.turn(key);
        if (this.cell(key).outbox.size === 0) continue;
        delivered += this.cell(key).outbox.size;
        if (delivered > 200_000) throw new Error("the deliveries do not come to an end");
        this.deliver(key);
        isBusy = true;
      }
    }
  }

  state(model: string, id: string): State | null {
    const view = viewOf(this.cellFor(model, id), id);
    return view === null ? null : (JSON.parse(view.state) as State);
  }

  /** All twins of a model. */
  twins(model: string): ReadonlyMap<string, State> {
    const twins = new Map<string, State>();
    for (const node of this.#nodes.values()) {
      if (node.model !== model) continue;
      for (const id of node.cell.table.ids) {
        if (id !== undefined) twins.set(id, this.state(model, id)!);
      }
    }
    return twins;
  }

  children(model: string, id: string): readonly ChildReport[] {
    return this.cellFor(model, id).children.of(id);
  }

  /** As the host does: when a write fails, what memory knows more than the store is dropped. */
  #write(key: string, write: (cell: Cell) => void): void {
    try {
      write(this.#nodes.get(key)!.cell);
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      this.crash(key);
    }
  }

  #node(model: string, index: number): Node {
    const key = cellKey(model, index);
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const store = new FailingStore(new MemoryStore());
      node = { model, store, cell: this.#load(model, store) };
      this.#nodes.set(key, node);
    }
    return node;
  }

  #load(model: string, store: FailingStore): Cell {
    return new Cell({
      model: this.#models.get(model)!,
      world: { models: this.#models },
      store,
      monotonicMs: () => (this.#clockMs += this.tickMs),
      wake: () => undefined,
      incarnation: "x",
    });
  }
}
