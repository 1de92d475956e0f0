/**
 * The steps of a cell that wait for look-ups, and the messages that wait for them. A step holds its twin and nobody
 * else; what comes for the twin meanwhile waits here, in order, and is counted: a twin that is stuck must not fill
 * the memory.
 */
import {
  STEPS_UNDER_WAY_MAX,
  TWIN_WAITING_CHARS_MAX,
  TWIN_WAITING_REQUESTS_MAX,
} from "../limits.ts";
import type { Refusal } from "../refusal.ts";
import type { Run, Ticket, Work } from "./requests.ts";
import type { StepOutcome } from "../step.ts";

/** A step that has ended, and what waited for its twin meanwhile. */
export interface EndedStep {
  readonly run: Run;
  readonly outcome: StepOutcome;
  readonly waiting: Work | undefined;
}

interface Busy {
  readonly run: Run;
  readonly waiting: Ticket[];
  /** How many of those, from the first, are tried one by one. */
  alone: number;
  chars: number;
  /** Requests that these are of; one that came in pieces counts more than once. */
  requests: number;
}

/** Characters of a message beside its JSON, about: what it takes to wait. */
const TICKET_CHARS = 128;

export class AsynchronousSteps {
  readonly #wake: () => void;
  readonly #busy = new Map<number, Busy>();
  #ended: { readonly run: Run; readonly outcome: StepOutcome }[] = [];
  #waitingChars = 0;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  get hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  /** Whether no further step may be started that might have to wait. */
  get isFull(): boolean {
    return this.#busy.size >= STEPS_UNDER_WAY_MAX;
  }

  get underWay(): number {
    return this.#busy.size;
  }

  /** Characters of all messages that wait for a twin. */
  get waitingChars(): number {
    return this.#waitingChars;
  }

  isBusy(slot: number): boolean {
    return this.#busy.has(slot);
  }

  isUnborn(slot: number): boolean {
    return this.#busy.get(slot)?.run.isNew ?? false;
  }

  begin(run: Run, step: Promise<StepOutcome>): void {
    this.#busy.set(run.slot, { run, waiting: [], alone: 0, chars: 0, requests: 0 });
    void step.then((outcome) => {
      this.#ended.push({ run, outcome });
      this.#wake();
    });
  }

  /** Lets messages wait for their twin, which is busy; `refuse` gets those that it has no room for. */
  wait(
    slot: number,
    { id, tickets, alone = 0 }: Work,
    refuse: (ticket: Ticket, refusal: Refusal) => void,
  ): void {
    const busy = this.#busy.get(slot)!;
    for (const [i, ticket] of tickets.entries()) {
      const chars = charsOf(ticket);
      // What another cell has delivered is not refused: it would be lost. Its sender holds back what follows.
      const mayBeRefused = ticket.pending.completed === undefined && i >= alone;
      const isAnother = busy.waiting.at(-1)?.pending !== ticket.pending;
      const requests = busy.requests + (isAnother ? 1 : 0);
      if (mayBeRefused && isTooMuch(busy, chars, requests)) {
        refuse(ticket, overloaded(id, busy));
        continue;
      }
      busy.requests = requests;
      busy.waiting.push(ticket);
      busy.chars += chars;
      this.#waitingChars += chars;
    }
    // Those that are tried alone come first, and to a twin for which nothing waits yet.
    busy.alone = Math.max(busy.alone, alone);
  }

  /** The steps that have ended since the last time; the twin of each is free when it is its turn. */
  *takeEnded(): Generator<EndedStep> {
    const ended = this.#ended;
    this.#ended = [];
    for (const { run, outcome } of ended) yield { run, outcome, waiting: this.#release(run) };
  }

  #release({ slot, id }: Run): Work | undefined {
    const { waiting, alone, chars } = this.#busy.get(slot)!;
    this.#busy.delete(slot);
    this.#waitingChars -= chars;
    return waiting.length === 0 ? undefined : { id, tickets: waiting, alone };
  }
}

/** Messages are measured only here: nearly none ever waits. */
function charsOf({ message }: Ticket): number {
  return TICKET_CHARS + ((JSON.stringify(message) as string | undefined) ?? "").length;
}

function isTooMuch(busy: Busy, chars: number, requests: number): boolean {
  const isTooLarge = busy.chars > 0 && busy.chars + chars > TWIN_WAITING_CHARS_MAX;
  return isTooLarge || requests > TWIN_WAITING_REQUESTS_MAX;
}

function overloaded(id: string, { chars, requests }: Busy): Refusal {
  const detail =
    `Twin "${id}" is in a step that waits, and messages of ${requests} requests with ${chars} characters wait for it; ` +
    `the limits are ${TWIN_WAITING_REQUESTS_MAX} and ${TWIN_WAITING_CHARS_MAX}.`;
  return { code: "cell/overloaded", detail };
}
