/** Which messages of a work the model gets: not the bad ones, not the ones it has had. */
import { MESSAGE_ID_LENGTH_MAX, STEP_MESSAGES_MAX } from "../limits.ts";
import { markFromNumber, markOf, markToNumber } from "./message-marks.ts";
import type { Mark } from "./message-marks.ts";
import type { MessageCheck, ModelDefinition } from "../model.ts";
import type { Refusal } from "../refusal.ts";
import type { Entrant, Ticket } from "./requests.ts";

/** What admitting needs to know of the twin. For one that does not exist, `lastSeq` is that of its tombstone, or NaN. */
export interface Admission {
  readonly model: ModelDefinition;
  readonly slot: number | undefined;
  readonly lastSeq: number;
  /** Whether the cell remembers a message id. */
  isMarked(mark: Mark): boolean;
  /** Whether a twin of this id that was removed knew a message id, by its bits of hash. */
  isBuried(mark: number): boolean;
  duplicate(ticket: Ticket): void;
  reject(ticket: Ticket, refusal: Refusal): void;
  /** The model's own check threw. */
  fail(ticket: Ticket, error: unknown): void;
}

/** The messages of one step, and the place of the ticket with which the next step begins. */
export interface Admitted {
  readonly entrants: Entrant[];
  readonly end: number;
}

/**
 * The messages that go on, in order, from the ticket at `start` to before `stop`; the others get their outcome here. A step ends
 * before a `seq` that is lower than one in it: whether that is a repeat depends on what becomes of the higher one.
 */
export function admit(
  tickets: readonly Ticket[],
  start: number,
  admission: Admission,
  stop: number = tickets.length,
): Admitted {
  const entrants: Entrant[] = [];
  let byMark: Map<number, Entrant> | undefined;
  let newestSeq: Entrant | undefined;
  for (let at = start; at < stop; at++) {
    if (entrants.length === STEP_MESSAGES_MAX) return { entrants, end: at };
    const ticket = tickets[at]!;
    const { messageId, seq } = ticket;
    if (messageId === undefined && seq === undefined) {
      pass(ticket, undefined, undefined, admission, entrants);
      continue;
    }
    const fault = identityFault(messageId, seq);
    if (fault !== undefined) {
      admission.reject(ticket, fault);
      continue;
    }
    const number = typeof seq === "number" ? seq : undefined;
    // Only the 47 bits of hash are of use before the twin has a slot.
    const mark = typeof messageId === "string" ? markToNumber(markOf(0, messageId)) : undefined;
    if (isKnown(admission, mark, number)) {
      admission.duplicate(ticket);
      continue;
    }
    const isSameSeq = number !== undefined && number === newestSeq?.seq;
    const earlier =
      (mark === undefined ? undefined : byMark?.get(mark)) ?? (isSameSeq ? newestSeq : undefined);
    if (earlier !== undefined) {
      // It shares the outcome of the one it repeats, which is not known yet.
      (earlier.repeats ??= []).push(ticket);
      continue;
    }
    if (number !== undefined && newestSeq?.seq !== undefined && number < newestSeq.seq) {
      return { entrants, end: at };
    }
    const entrant = pass(ticket, mark, number, admission, entrants);
    if (entrant === undefined) continue;
    if (mark !== undefined) (byMark ??= new Map<number, Entrant>()).set(mark, entrant);
    if (number !== undefined) newestSeq = entrant;
  }
  return { entrants, end: stop };
}

function pass(
  ticket: Ticket,
  mark: number | undefined,
  seq: number | undefined,
  admission: Admission,
  entrants: Entrant[],
): Entrant | undefined {
  let check: MessageCheck;
  try {
    check = admission.model.check(ticket.message);
  } catch (error) {
    admission.fail(ticket, error);
    return undefined;
  }
  if (!check.ok) {
    const detail = `The message does not fit model ${admission.model.name}: ${check.issue}`;
    admission.reject(ticket, { code: "message/invalid", detail });
    return undefined;
  }
  const entrant: Entrant = { ticket, value: check.value, mark, seq, repeats: undefined };
  entrants.push(entrant);
  return entrant;
}

function isKnown(admission: Admission, mark: number | undefined, seq: number | undefined): boolean {
  const { slot, lastSeq } = admission;
  // A comparison with NaN is false: the first seq of a twin is never a repeat.
  if (seq !== undefined && seq <= lastSeq) return true;
  if (mark === undefined) return false;
  return (
    (slot !== undefined && admission.isMarked(markFromNumber(slot, mark))) ||
    admission.isBuried(mark)
  );
}

function identityFault(messageId: unknown, seq: unknown): Refusal | undefined {
  if (
    messageId !== undefined &&
    (typeof messageId !== "string" || messageId === "" || messageId.length > MESSAGE_ID_LENGTH_MAX)
  ) {
    const given =
      typeof messageId === "string" ? `${messageId.length} characters` : typeof messageId;
    return {
      code: "message/bad-message-id",
      detail: `"messageId" is a string of 1 to ${MESSAGE_ID_LENGTH_MAX} characters; this one is ${given}.`,
    };
  }
  if (seq !== undefined && !Number.isSafeInteger(seq)) {
    return {
      code: "message/bad-message-id",
      detail: `"seq" is an integer up to 2^53 - 1; this one is ${JSON.stringify(seq)}.`,
    };
  }
  return undefined;
}
