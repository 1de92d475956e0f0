/** What a cell is asked, and how the answers are gathered message by message. */
import type { Json } from "../model.ts";
import type { Refusal } from "../refusal.ts";

/** A message on its way in, as the wire has it; nothing but its id is checked yet. */
export interface InMessage {
  readonly id: string;
  readonly message: unknown;
  readonly messageId?: unknown;
  readonly seq?: unknown;
}

/** An element that was found bad before it got here. */
export interface Refused {
  readonly refusal: Refusal;
}

/** The answer to a request for many messages. */
export interface Settlement {
  readonly accepted: number;
  /** Messages that had been processed before, by index. */
  readonly repeated: readonly number[];
  /** In the order of the messages. */
  readonly rejected: readonly (readonly [index: number, refusal: Refusal])[];
  readonly commands?: readonly Json[];
}

/** Messages that came together. `settle` is called once, when all of them are durable or refused. */
export interface MessageRequest {
  readonly elements: readonly (InMessage | Refused)[];
  readonly wantCommands: boolean;
  settle(settlement: Settlement): void;
}

/** Messages from another cell's outbox, in the order of their numbers. */
export interface DeliveryRequest {
  readonly sender: string;
  readonly entries: readonly (readonly [n: number, id: string, message: unknown])[];
  /** Called once, when all entries are durable (or can never be taken). */
  settle(deliveredUpTo: number): void;
}

/** A request whose messages are under way. */
export class Pending {
  accepted = 0;
  repeated: number[] = [];
  rejected: [number, Refusal][] = [];
  commands: Json[] | undefined;
  /** Messages without an outcome yet. */
  open: number;
  /** Called inside the commit that completes the request. */
  readonly completed: (() => void) | undefined;
  readonly #settle: (settlement: Settlement) => void;

  constructor(
    count: number,
    wantCommands: boolean,
    settle: (settlement: Settlement) => void,
    completed?: () => void,
  ) {
    this.open = count;
    this.commands = wantCommands ? [] : undefined;
    this.completed = completed;
    this.#settle = settle;
  }

  settle(): void {
    // Twins run in another order than their messages came in.
    this.rejected.sort((a, b) => a[0] - b[0]);
    const { accepted, repeated, rejected, commands } = this;
    this.#settle(
      commands === undefined
        ? { accepted, repeated, rejected }
        : { accepted, repeated, rejected, commands },
    );
  }
}

/** One message of a request, on its way through its twin. */
export interface Ticket {
  readonly pending: Pending;
  readonly index: number;
  readonly message: unknown;
  readonly messageId: unknown;
  readonly seq: unknown;
}

/** Messages of one twin that wait to run together. */
export interface Work {
  readonly id: string;
  readonly tickets: Ticket[];
}

/** A message that passed every check, as the model gets it, with the later ones of the same work that repeat it. */
export interface Entrant {
  readonly ticket: Ticket;
  readonly value: unknown;
  /** The 47 bits of hash of its message id. */
  readonly mark: number | undefined;
  readonly seq: number | undefined;
  repeats: Ticket[] | undefined;
}

/** A step under way: a twin in its slot, and the messages that it gets. */
export interface Run {
  readonly slot: number;
  readonly id: string;
  /** The twin did not exist before; it does not after, unless a message is accepted. */
  readonly isNew: boolean;
  readonly entrants: readonly Entrant[];
}
