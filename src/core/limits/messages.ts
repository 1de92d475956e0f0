/** Messages on their way in and between twins. */
import { KiB, MiB } from "./units.ts";

/** Characters in a `messageId`. A longer one is refused with `message/bad-message-id`. */
export const MESSAGE_ID_LENGTH_MAX = 256;

/** Bytes of one HTTP request body. A larger one is refused with 413 `body/too-large`, nothing taken. */
export const BODY_BYTES_MAX = 8 * MiB;

/**
 * Bytes of a body that is too large which are read and thrown away before it is refused: a client that is cut
 * off while it writes never sees the answer. A larger body is cut off.
 */
export const DISCARD_BYTES_MAX = 64 * MiB;

/** Messages in one HTTP request. More are refused with 413 `body/too-many`, nothing taken. */
export const MESSAGES_PER_REQUEST_MAX = 10_000;

/** Bytes of one message (characters of its JSON). A larger one alone is refused with `message/too-large`. */
export const MESSAGE_CHARS_MAX = 128 * KiB;

/** Nesting of a message's JSON. Deeper is refused with `message/malformed`, before a parser recurses into it. */
export const NESTING_MAX = 128;

/** Characters in flight from one ingest isolate to one cell; beyond it the slice is refused with `cell/overloaded`. */
export const CELL_FLIGHT_CHARS_MAX = 16 * MiB;

/** Calls in flight from one ingest isolate to one cell; beyond it the slice is refused with `cell/overloaded`. */
export const CELL_FLIGHT_CALLS_MAX = 256;

/** Characters queued in a cell and not yet applied; beyond it the cell answers `cell/overloaded`. */
export const CELL_QUEUE_CHARS_MAX = 16 * MiB;

/** Seconds that a client is told to wait after an overload (`Retry-After`). */
export const RETRY_AFTER_S = 1;

/** Characters of messages that one commit takes from the queue, unless one request alone has more. */
export const COMMIT_CHARS_MAX = 1 * MiB;

/** Milliseconds that a model may let its cells wait for more messages: a caller waits as long. More is refused at definition. */
export const COMMIT_WINDOW_MS_MAX = 10_000;

/** Milliseconds of model code in one commit; the rest goes into the next, after other events had their turn. */
export const COMMIT_MODEL_MS_MAX = 50;

/** Message ids that a cell remembers at least, over all its twins. An older repeat is processed again. */
export const CELL_MESSAGE_IDS_MIN = 100_000;

/** Message ids that are remembered at least for each twin, however busy its neighbours are. */
export const TWIN_MESSAGE_IDS_MIN = 32;

/**
 * Message ids of removed twins that a cell remembers (a removed twin counts as one more); the longest removed twin's
 * go first. A message that comes again after that makes a new twin.
 */
export const TOMBSTONE_MARKS_MAX = 20_000;

/**
 * Milliseconds for which the last `seq` of a twin that removed itself is remembered: longer than a device goes on
 * sending again what was not answered, and short enough that it may start counting anew.
 */
export const TOMBSTONE_SEQ_MS = 600_000;

/** Marks, from the newest, that are looked at for those of a twin that is removed. More would make removals slow. */
export const TOMBSTONE_SCAN_MAX = 4_096;

/** Undelivered messages to other twins in one cell; beyond it the cell answers `cell/overloaded` until it drains. */
export const OUTBOX_MAX = 100_000;

/**
 * Characters of these; beyond it the cell answers `cell/overloaded`, too. Who takes them may be away for long, and they
 * are in the memory of the cell, where a character takes about two bytes.
 */
export const OUTBOX_CHARS_MAX = 16 * MiB;

/**
 * OUTBOX_MAX for what other cells deliver, and the cell itself: more than OUTBOX_MAX, since two cells that are full of
 * messages to each other would refuse each other's for ever. Beyond it a delivery waits with its sender.
 */
export const OUTBOX_RELAY_MAX = 2 * OUTBOX_MAX;

/** OUTBOX_CHARS_MAX for what other cells deliver, for the same reason. */
export const OUTBOX_RELAY_CHARS_MAX = 2 * OUTBOX_CHARS_MAX;

/** Messages of the outbox in one delivery call. */
export const DELIVERY_MESSAGES_MAX = 1_000;

/** Characters of the outbox in one delivery call, unless one entry has more: the platform bounds what a call carries. */
export const DELIVERY_CHARS_MAX = 4 * MiB;

/**
 * Milliseconds that a delivery may take; then it counts as failed and is made again, which its receiver knows. Longer
 * than the longest step that it may have to wait for there.
 */
export const DELIVERY_TIMEOUT_MS = 90_000;

/** Milliseconds until an interrupted delivery is tried again; the cell's alarm guards it across a crash. */
export const DELIVERY_RETRY_MS = 2_000;
