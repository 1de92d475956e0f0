/** A host for a cell in tests: hand-moved time, a memory store, and everything settled at once. */
import { viewOf } from "../../src/core/cell/view.ts";
import type { TwinView } from "../../src/core/cell/view.ts";
import { Cell } from "../../src/core/cell/cell.ts";
import type { CellStore } from "../../src/core/cell/store.ts";
import { MemoryStore } from "../../src/core/cell/memory-store.ts";
import type { Lookups } from "../../src/core/lookups.ts";
import type { ModelDefinition } from "../../src/core/model.ts";
import type { InMessage, Refused, Settlement } from "../../src/core/cell/requests.ts";
import { counterModel } from "./counter-model.ts";

export class CellHost {
  readonly store: CellStore;
  cell: Cell;
  nowMs = 1_000_000;
  /** Milliseconds that the budget clock moves at each look. */
  tickMs = 0;
  /** Where the budget clock stands; a test's model may move it. */
  clockMs = 0;
  /** What happens when an asynchronous step has ended. */
  wake = (): void => undefined;
  readonly #model: ModelDefinition;
  readonly #lookups: Lookups | undefined;

  constructor(
    model: ModelDefinition = counterModel,
    store: CellStore = new MemoryStore(),
    lookups?: Lookups,
  ) {
    this.store = store;
    this.#model = model;
    this.#lookups = lookups;
    this.cell = this.#load();
  }

  /** Sends messages in one request and runs turns until it is settled. */
  send(...elements: (InMessage | Refused)[]): Settlement {
    const settlement = this.submit(...elements);
    this.run();
    if (settlement.value === undefined) throw new Error("the request is not settled");
    return settlement.value;
  }

  submit(...elements: (InMessage | Refused)[]): { value: Settlement | undefined } {
    const box: { value: Settlement | undefined } = { value: undefined };
    this.cell.submit({
      elements,
      wantCommands: true,
      settle: (settlement) => (box.value = settlement),
    });
    return box;
  }

  /** Turns until nothing is left to do now; answers their number. */
  run(): number {
    let turns = 0;
    for (; this.cell.hasWork(this.nowMs); turns++) this.cell.turn(this.nowMs);
    return turns;
  }

  /** Drops memory and reads everything back. */
  restart(): void {
    this.cell = this.#load();
  }

  view(id: string): TwinView | null {
    return viewOf(this.cell, id);
  }

  state(id: string): Record<string, unknown> | null {
    const view = this.view(id);
    return view === null ? null : (JSON.parse(view.state) as Record<string, unknown>);
  }

  #load(): Cell {
    return new Cell({
      model: this.#model,
      world: {
        models: new Map([[this.#model.name, this.#model]]),
        ...(this.#lookups === undefined ? {} : { lookups: this.#lookups }),
      },
      store: this.store,
      monotonicMs: () => (this.clockMs += this.tickMs),
      wake: () => this.wake(),
      incarnation: "test",
    });
  }
}

export function add(
  id: string,
  amount: number,
  identity: { messageId?: unknown; seq?: unknown } = {},
): InMessage {
  return { id, message: { add: amount }, ...identity };
}

export function act(id: string, action: string, more: Record<string, unknown> = {}): InMessage {
  return { id, message: { do: action, ...more } };
}
