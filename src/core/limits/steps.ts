/** One step of a model: what it may take, send, start and log. */
import { KiB, MiB } from "./units.ts";

/**
 * Milliseconds that one call of a model's code may take. A longer one is rolled back and its messages are
 * refused with `model/failed`: it would stall every twin of the cell.
 */
export const STEP_MS_MAX = 1_000;

/**
 * Messages that one step gets; more of the same twin follow in its next step. Each message id takes up to 16 bytes
 * of the twin's journal record, which must fit the platform's row.
 */
export const STEP_MESSAGES_MAX = 10_000;

/** Messages to other twins that one step may send. More, and the step fails with `model/failed`. */
export const STEP_SENDS_MAX = 1_000;

/** Commands to the device that one step may send. More, and the step fails with `model/failed`. */
export const STEP_COMMANDS_MAX = 1_000;

/** Commands of one twin that wait for its device's acknowledgement; the oldest goes for a newer one, which the log says. */
export const COMMANDS_PER_TWIN_MAX = 1_000;

/** Milliseconds for which a command waits for its acknowledgement: a week. Then it is gone. */
export const COMMAND_AGE_MS_MAX = 7 * 86_400_000;

/**
 * Characters of one twin's waiting commands as stored; the oldest goes for a newer one. A twin whose commands nobody
 * takes must not push out those of its neighbours.
 */
export const TWIN_COMMANDS_CHARS_MAX = 512 * KiB;

/** Characters of all waiting commands of a cell as stored, which are in memory too; the oldest goes for a newer one. */
export const CELL_COMMANDS_CHARS_MAX = 8 * MiB;

/** Waiting commands that one answer lists; the next are listed when these are acknowledged. */
export const COMMANDS_PER_PAGE_MAX = 100;

/** Seconds that a request for commands may wait for the first one. More is refused with `request/bad-parameter`. */
export const COMMAND_WAIT_S_MAX = 30;

/** Requests of one cell that wait for commands at a time: each is held in memory. One more is answered at once. */
export const COMMAND_WAITERS_MAX = 1_000;

/** Ids in one acknowledgement of commands: all that a twin can have waiting. More are refused with `body/too-many`. */
export const COMMAND_ACK_IDS_MAX = 1_000;

/** Timers of one twin. A step that would leave more fails with `model/failed`. */
export const TIMERS_PER_TWIN_MAX = 100;

/** Characters of a timer's name: all names of a twin's timers are in its row. A longer one fails the step with `model/failed`. */
export const TIMER_NAME_LENGTH_MAX = 128;

/** Milliseconds until a timer is due at most: ten years, well within the calendar. More fails the step with `model/failed`. */
export const TIMER_DELAY_MS_MAX = 3_650 * 86_400_000;

/**
 * Milliseconds until a timer is looked at again that was due while its twin was in an asynchronous step. It fires
 * that late after the step at most; each look costs a turn and may cost an alarm.
 */
export const BUSY_TIMER_RETRY_MS = 100;

/** Timers that one commit fires; the rest follow at once in the next. */
export const TIMERS_PER_COMMIT_MAX = 1_000;

/**
 * Windows over an event list that one call makes, and bins that a list of them keeps. More are refused with a
 * `RangeError` in the model's step: a short window over a long time would hold up every twin of the cell.
 */
export const WINDOWS_MAX = 10_000;

/**
 * Milliseconds of a window, a step, a gap, a half-life, or the age of an event in a list: a century, so that every
 * sum with a time of the calendar is exact. More is refused with a `RangeError` in the model's step.
 */
export const WINDOW_MS_MAX = 36_525 * 86_400_000;

/** Milliseconds after which a timer that is due and has not fired counts as late: its alarm was lost, or hangs. */
export const TIMER_LATE_MS = 30_000;

/** Entries that a cell keeps in its log; the oldest goes first. */
export const LOG_ENTRIES_MAX = 1_000;

/** Entries of one answer about a log where the caller names no number. */
export const LOG_ENTRIES_DEFAULT = 100;

/** Characters of one log entry; the rest is cut and marked. */
export const LOG_ENTRY_CHARS_MAX = 2_000;

/** Characters of log entries that one commit takes along; more of them stay in memory only. */
export const LOG_COMMIT_CHARS_MAX = 64 * KiB;

/** Characters of log entries that a checkpoint keeps, the newest: it is rewritten whole each time. */
export const LOG_STORED_CHARS_MAX = 256 * KiB;

/**
 * Milliseconds that one asynchronous step may take, from its call to its last look-up's answer. A longer one is rolled
 * back and its messages are refused with `model/failed`: what waits for its twin must get its turn.
 */
export const STEP_ASYNC_MS_MAX = 30_000;

/** Steps of one cell that may wait for look-ups at a time; what would start another waits, in order. */
export const STEPS_UNDER_WAY_MAX = 256;

/**
 * Characters of messages that may wait for one twin whose step is under way; more for it are refused with
 * `cell/overloaded`. They count in the cell's queue, of which one stuck twin must not take all.
 */
export const TWIN_WAITING_CHARS_MAX = 1 * MiB;

/**
 * Requests whose messages may wait for one twin whose step is under way; the messages of further ones for it are
 * refused with `cell/overloaded`. Each is a call under way, of which ingest makes `CELL_FLIGHT_CALLS_MAX` to a cell.
 */
export const TWIN_WAITING_REQUESTS_MAX = 64;
