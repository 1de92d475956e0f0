/** What a cell is asked, and how the answers are gathered message by message. */
import type { Json } from "../model.ts";
import type { Refusal } from "../refusal.ts";
import type { Timer } from "./timer-queue.ts";
import type { Lane } from "./outbox.ts";

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
  /** Bodies of the commands that this request's messages caused, in order; only when wanted. */
  readonly commands?: readonly Json[];
  /** Their ids, as many, when they wait for their acknowledgement. */
  readonly commandIds?: readonly string[];
  /** The twins that sent them, as many: with the ids. */
  readonly commandTwins?: readonly string[];
}

/**
 * What a request wants with the commands that its messages cause: to see them in its answer too (true) or not (false),
 * or to take them: then they are in the answer alone, and never wait in the mailbox.
 */
export type CommandsWanted = boolean | "taken";

/** Messages that came together. `settle` is called once, when all of them are durable or refused. */
export interface MessageRequest {
  readonly elements: readonly (InMessage | Refused)[];
  readonly wantCommands: CommandsWanted;
  settle(settlement: Settlement): void;
}

/** A device has these commands. `settle` is called once, when that is durable. */
export interface AcknowledgeRequest {
  readonly id: string;
  readonly commandIds: readonly string[];
  settle(acknowledged: number): void;
}

/** An entry of another cell's outbox as it arrives. */
export type DeliveredEntry = readonly [
  n: number,
  id: string,
  message: unknown,
  lane?: Lane,
  from?: string | undefined,
];

/** Messages from another cell's outbox, in the order of their numbers. */
export interface DeliveryRequest {
  readonly sender: string;
  readonly entries: readonly DeliveredEntry[];
  /** Called once, when all entries are durable (or can never be taken). */
  settle(deliveredUpTo: number): void;
}

/** A request whose messages are under way. */
export class Pending {
  accepted = 0;
  repeated: number[] = [];
  rejected: [number, Refusal][] = [];
  readonly wantCommands: CommandsWanted;
  /** Nearly no message causes a command. */
  #answered: { commands: Json[]; ids: string[]; twins: string[] } | undefined;
  /** The model whose twins sent its messages, and these twins where they are known; undefined where no twin did. */
  from: { readonly model: string; readonly ids: readonly (string | undefined)[] } | undefined;
  /** Messages without an outcome yet. */
  open: number;
  /** Called inside the commit that completes the request. */
  readonly completed: (() => void) | undefined;
  readonly #settle: (settlement: Settlement) => void;

  constructor(
    count: number,
    wantCommands: CommandsWanted,
    settle: (settlement: Settlement) => void,
    completed?: () => void,
  ) {
    this.open = count;
    this.wantCommands = wantCommands;
    this.completed = completed;
    this.#settle = settle;
  }

  /** Commands of a twin for the answer; without ids where it takes them. */
  answerWith(twin: string, commands: readonly Json[], ids: readonly string[]): void {
    const answered = (this.#answered ??= { commands: [], ids: [], twins: [] });
    answered.commands.push(...commands);
    answered.ids.push(...ids);
    for (const _id of ids) answered.twins.push(twin);
  }

  settle(): void {
    // Twins run in another order than their messages came in.
    this.rejected.sort((a, b) => a[0] - b[0]);
    const { accepted, repeated, rejected } = this;
    if (this.wantCommands === false) {
      this.#settle({ accepted, repeated, rejected });
      return;
    }
    const { commands, ids, twins } = this.#answered ?? NOTHING_ANSWERED;
    this.#settle(
      ids.length === 0
        ? { accepted, repeated, rejected, commands }
        : { accepted, repeated, rejected, commands, commandIds: ids, commandTwins: twins },
    );
  }
}

const NOTHING_ANSWERED = { commands: [], ids: [], twins: [] };

/** One message of a request, on its way through its twin. */
export interface Ticket {
  readonly pending: Pending;
  readonly index: number;
  readonly message: unknown;
  readonly messageId: unknown;
  readonly seq: unknown;
  /** The message's JSON as it came, where the history or the archive is to have it. */
  text?: string;
  /** Set when a step that it was in changed shared data at once. */
  operations?: OperationRun;
}

/**
 * Names for the changes of shared data that act at once, the same when messages are tried again: by what is changed,
 * and how often that was.
 */
export interface OperationRun {
  readonly name: string;
  readonly made: Map<string, number>;
}

/** Messages of one twin that wait to run together. */
export interface Work {
  readonly id: string;
  readonly tickets: Ticket[];
  /** So many of them, from the first, are tried one by one: they failed together. */
  readonly alone?: number;
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
  /** The timer that fired, for a step that has no messages. */
  readonly timer?: Timer;
  /** The twin did not exist before; it does not after, unless a message is accepted. */
  readonly isNew: boolean;
  readonly entrants: readonly Entrant[];
}
