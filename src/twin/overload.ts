/** When a cell takes no more: it has too much waiting, or too much undelivered. */
import {
  CELL_QUEUE_CHARS_MAX,
  OUTBOX_CHARS_MAX,
  OUTBOX_MAX,
  OUTBOX_RELAY_CHARS_MAX,
  OUTBOX_RELAY_MAX,
} from "../core/limits.ts";
import type { Outbox } from "../core/cell/outbox.ts";
import type { Refusal } from "../core/refusal.ts";

/** What a cell may have undelivered when more comes. */
export interface OutboxBounds {
  readonly entries: number;
  readonly chars: number;
}

export const FROM_DEVICES: OutboxBounds = { entries: OUTBOX_MAX, chars: OUTBOX_CHARS_MAX };
/** Cells that refused each other's deliveries for what they have to deliver would do so for ever. */
export const FROM_CELLS: OutboxBounds = {
  entries: OUTBOX_RELAY_MAX,
  chars: OUTBOX_RELAY_CHARS_MAX,
};

/** Refuses `chars` more with `cell/overloaded`; undefined when they may come. */
export function overloadOf(
  { sizeWithoutArchive, charsWithoutArchive }: Outbox,
  bounds: OutboxBounds,
  waitingChars: number,
  chars: number,
): Refusal | undefined {
  if (waitingChars > 0 && waitingChars + chars > CELL_QUEUE_CHARS_MAX) {
    return {
      code: "cell/overloaded",
      detail: `The cell has ${waitingChars} characters of messages waiting; the limit is ${CELL_QUEUE_CHARS_MAX}.`,
    };
  }
  if (sizeWithoutArchive <= bounds.entries && charsWithoutArchive <= bounds.chars) return undefined;
  return {
    code: "cell/overloaded",
    detail:
      `The cell has ${sizeWithoutArchive} messages to other twins and to services undelivered, with ${charsWithoutArchive} ` +
      `characters; the limits are ${bounds.entries} and ${bounds.chars}.`,
  };
}
