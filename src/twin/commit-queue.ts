/**
 * Group commit: what arrives while a cell works, and while its last commit is on its way to the disk, is taken together,
 * applied in one turn and written as one journal row; then every caller is answered. The output gate of the object holds
 * the answers until the row is durable. What finds the cell at rest waits for no timer.
 */
import type { Cell } from "../core/cell/cell.ts";
import { COMMIT_CHARS_MAX } from "../core/limits.ts";
import { parseSlices } from "../core/json/parse-slice.ts";
import type { Refusal } from "../core/refusal.ts";
import type { CommandsWanted, Settlement } from "../core/cell/requests.ts";
import { FROM_CELLS, FROM_DEVICES, overloadOf } from "./overload.ts";
import type { OutboxBounds } from "./overload.ts";

interface QueuedSlice {
  readonly text: string;
  readonly count: number;
  readonly wantCommands: CommandsWanted;
  readonly settle: (settlement: Settlement) => void;
}

interface QueuedAcknowledgement {
  readonly id: string;
  readonly commandIds: readonly string[];
  readonly settle: (outcome: { readonly acknowledged: number } | Refusal) => void;
}

interface QueuedDelivery {
  readonly sender: string;
  readonly text: string;
  readonly settle: (outcome: { readonly deliveredUpTo: number } | Refusal) => void;
}

export interface CommitHost {
  cell(): Cell;
  nowMs(): number;
  /** Milliseconds to wait for more before a turn; with 0 a turn comes when the commit before it is durable. */
  readonly windowMs: number;
  /** Settles when all that was written is durable, or has failed; other events of the object have their turn before. */
  durable(): Promise<void>;
  /** Called after each turn. */
  committed(): void;
  /** The store failed: memory is ahead of it. The host loads the cell again. */
  reload(error: unknown): void;
}

/** So often a queue is looked at that grows, before its turn comes all the same: others may never stop to come. */
const LOOKS_MAX = 8;

export class CommitQueue {
  readonly #host: CommitHost;
  #slices: QueuedSlice[] = [];
  #deliveries: QueuedDelivery[] = [];
  #acknowledgements: QueuedAcknowledgement[] = [];
  #chars = 0;
  #scheduled = false;
  #turnEnded: (() => void)[] = [];
  /** What was handed to the cell and has no answer yet. */
  readonly #open = new Set<QueuedSlice | QueuedDelivery | QueuedAcknowledgement>();

  constructor(host: CommitHost) {
    this.#host = host;
  }

  /** Characters that wait, also those for twins in a step that waits. */
  get chars(): number {
    return this.#chars + this.#host.cell().waitingChars;
  }

  /** Messages in; answered when they are durable. Beyond the queue's bound all are refused with `cell/overloaded`. */
  accept(text: string, count: number, wantCommands: CommandsWanted): Promise<Settlement> {
    const overload = this.#overload(text.length, FROM_DEVICES);
    if (overload !== undefined) return Promise.resolve(allRefused(count, overload));
    return new Promise((settle) => {
      this.#slices.push({ text, count, wantCommands, settle });
      this.#chars += text.length;
      this.schedule();
    });
  }

  /** Messages of another cell's outbox in. */
  deliver(sender: string, text: string): Promise<{ readonly deliveredUpTo: number } | Refusal> {
    const overload = this.#overload(text.length, FROM_CELLS);
    if (overload !== undefined) return Promise.resolve(overload);
    return new Promise((settle) => {
      this.#deliveries.push({ sender, text, settle });
      this.#chars += text.length;
      this.schedule();
    });
  }

  /** Says that a device has commands; answered, with how many of them were pending, when that is durable. */
  acknowledge(
    id: string,
    commandIds: readonly string[],
  ): Promise<{ readonly acknowledged: number } | Refusal> {
    return new Promise((settle) => {
      this.#acknowledgements.push({ id, commandIds, settle });
      this.schedule();
    });
  }

  /** Makes a turn happen soon; resolves when it has, also when it failed. */
  nextTurn(): Promise<void> {
    this.schedule();
    return new Promise((ended) => this.#turnEnded.push(ended));
  }

  /** Makes a turn happen soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#host.windowMs > 0) setTimeout(() => this.#drain(), this.#host.windowMs);
    else this.#gather(LOOKS_MAX);
  }

  /** Makes a turn happen after whatever else is waiting for this object. */
  #scheduleAfterOthers(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#drain(), this.#host.windowMs);
  }

  /** Starts the turn when the last commit is durable and nothing more has come since the last look. */
  #gather(looks: number): void {
    const length = this.#length;
    const look = (): void => {
      const isFull = this.#chars >= COMMIT_CHARS_MAX;
      if (this.#length === length || isFull || looks === 1) this.#drain();
      else this.#gather(looks - 1);
    };
    // A write that failed is no reason to wait: the next one says what becomes of the cell.
    void this.#host.durable().then(look, look);
  }

  #drain(): void {
    this.#scheduled = false;
    const turnEnded = this.#turnEnded;
    this.#turnEnded = [];
    this.#turn();
    for (const ended of turnEnded) ended();
  }

  #turn(): void {
    const cell = this.#host.cell();
    try {
      // What waits here is counted, and one twin's is not before another's; so it stays here while the cell is full.
      if (cell.takesMore) this.#submit(cell);
      cell.turn(this.#host.nowMs());
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#host.committed();
    const isWaiting = this.#length > 0 && cell.takesMore;
    if (isWaiting || cell.hasWork(this.#host.nowMs())) this.#scheduleAfterOthers();
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
    const acknowledgements = this.#acknowledgements;
    this.#acknowledgements = [];
    for (const acknowledgement of acknowledgements) {
      this.#open.add(acknowledgement);
      cell.submitAcknowledgement({
        ...acknowledgement,
        settle: (acknowledged) => {
          this.#open.delete(acknowledgement);
          acknowledgement.settle({ acknowledged });
        },
      });
    }
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

  #overload(chars: number, bounds: OutboxBounds): Refusal | undefined {
    return overloadOf(this.#host.cell().outbox, bounds, this.chars, chars);
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
    if (this.#length > 0) this.#scheduleAfterOthers();
  }

  /** Requests that wait here. */
  get #length(): number {
    return this.#slices.length + this.#deliveries.length + this.#acknowledgements.length;
  }
}

function allRefused(count: number, refusal: Refusal): Settlement {
  return {
    accepted: 0,
    repeated: [],
    rejected: Array.from({ length: count }, (_, index) => [index, refusal] as const),
  };
}
