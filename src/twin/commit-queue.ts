/**
 * Group commit: what arrives while a cell works is taken together, applied in one turn and written as one
 * journal row; then every caller is answered. The output gate of the object holds the answers until the row is
 * durable.
 */
import type { Cell } from "../core/cell/cell.ts";
import { CELL_QUEUE_CHARS_MAX, COMMIT_CHARS_MAX, OUTBOX_MAX } from "../core/limits.ts";
import { parseSlices } from "../core/json/parse-slice.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Settlement } from "../core/cell/requests.ts";

interface QueuedSlice {
  readonly text: string;
  readonly count: number;
  readonly wantCommands: boolean;
  readonly settle: (settlement: Settlement) => void;
}

interface QueuedDelivery {
  readonly sender: string;
  readonly text: string;
  readonly settle: (outcome: { readonly deliveredUpTo: number } | Refusal) => void;
}

export interface CommitHost {
  cell(): Cell;
  nowMs(): number;
  /** Milliseconds to wait for more before a turn. */
  readonly windowMs: number;
  /** Called after each turn. */
  committed(): void;
  /** The store failed: memory is ahead of it. The host loads the cell again. */
  reload(error: unknown): void;
}

export class CommitQueue {
  readonly #host: CommitHost;
  #slices: QueuedSlice[] = [];
  #deliveries: QueuedDelivery[] = [];
  #chars = 0;
  #scheduled = false;
  /** What was handed to the cell and has no answer yet. */
  readonly #open = new Set<QueuedSlice | QueuedDelivery>();

  constructor(host: CommitHost) {
    this.#host = host;
  }

  /** Characters that wait. */
  get chars(): number {
    return this.#chars;
  }

  /** Messages in; answered when they are durable. Beyond the queue's bound all are refused with `cell/overloaded`. */
  accept(text: string, count: number, wantCommands: boolean): Promise<Settlement> {
    const overload = this.#overload(text.length);
    if (overload !== undefined) return Promise.resolve(allRefused(count, overload));
    return new Promise((settle) => {
      this.#slices.push({ text, count, wantCommands, settle });
      this.#chars += text.length;
      this.schedule();
    });
  }

  /** Messages of another cell's outbox in. */
  deliver(sender: string, text: string): Promise<{ readonly deliveredUpTo: number } | Refusal> {
    const overload = this.#overload(text.length);
    if (overload !== undefined) return Promise.resolve(overload);
    return new Promise((settle) => {
      this.#deliveries.push({ sender, text, settle });
      this.#chars += text.length;
      this.schedule();
    });
  }

  /** Makes a turn happen soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#drain(), this.#host.windowMs);
  }

  #drain(): void {
    this.#scheduled = false;
    const cell = this.#host.cell();
    try {
      this.#submit(cell);
      cell.turn(this.#host.nowMs());
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#host.committed();
    // The rest takes its turn after whatever else is waiting for this object.
    if (this.#slices.length > 0 || this.#deliveries.length > 0 || cell.hasWork(this.#host.nowMs()))
      this.schedule();
  }

  #submit(cell: Cell): void {
    const slices = this.#takeSlices();
    const parsed = slices.length === 0 ? [] : parseSlices(slices);
    for (const [i, slice] of slices.entries()) {
      this.#open.add(slice);
      cell.submit({
        elements: parsed[i]!,
        wantCommands: slice.wantCommands,
        settle: (settlement) => {
          this.#open.delete(slice);
          slice.settle(settlement);
        },
      });
    }
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    for (const delivery of deliveries) this.#submitDelivery(cell, delivery);
  }

  #submitDelivery(cell: Cell, delivery: QueuedDelivery): void {
    this.#chars -= delivery.text.length;
    this.#open.add(delivery);
    cell.submitDelivery({
      sender: delivery.sender,
      entries: JSON.parse(delivery.text) as [number, string, unknown][],
      settle: (deliveredUpTo) => {
        this.#open.delete(delivery);
        delivery.settle({ deliveredUpTo });
      },
    });
  }

  #takeSlices(): QueuedSlice[] {
    let chars = 0;
    let end = 0;
    while (
      end < this.#slices.length &&
      (end === 0 || chars + this.#slices[end]!.text.length <= COMMIT_CHARS_MAX)
    ) {
      chars += this.#slices[end++]!.text.length;
    }
    this.#chars -= chars;
    if (end < this.#slices.length) return this.#slices.splice(0, end);
    const all = this.#slices;
    this.#slices = [];
    return all;
  }

  #overload(chars: number): Refusal | undefined {
    if (this.#chars > 0 && this.#chars + chars > CELL_QUEUE_CHARS_MAX) {
      return {
        code: "cell/overloaded",
        detail: `The cell has ${this.#chars} characters of messages waiting; the limit is ${CELL_QUEUE_CHARS_MAX}.`,
      };
    }
    const undelivered = this.#host.cell().outbox.size;
    if (undelivered <= OUTBOX_MAX) return undefined;
    return {
      code: "cell/overloaded",
      detail: `The cell has ${undelivered} messages to other twins undelivered; the limit is ${OUTBOX_MAX}.`,
    };
  }

  /** The store failed: what the cell had taken is refused, and the cell is loaded again. */
  fail(error: unknown): void {
    const refusal: Refusal = {
      code: "cell/unavailable",
      detail: "The cell's storage failed; nothing of this request is kept.",
    };
    for (const open of this.#open) {
      if ("count" in open) open.settle(allRefused(open.count, refusal));
      else open.settle(refusal);
    }
    this.#open.clear();
    this.#host.reload(error);
    if (this.#slices.length > 0 || this.#deliveries.length > 0) this.schedule();
  }
}

function allRefused(count: number, refusal: Refusal): Settlement {
  return {
    accepted: 0,
    repeated: [],
    rejected: Array.from({ length: count }, (_, index) => [index, refusal] as const),
  };
}
