/** History and the archive. */
import { MiB } from "./units.ts";

/** Entries that the history of each twin keeps where the model names no number. */
export const TWIN_HISTORY_COUNT_DEFAULT = 100;

/** Entries that a model may keep of each twin: all of a twin's are read at once. More is refused when the model is defined. */
export const TWIN_HISTORY_COUNT_MAX = 1_000;

/** Milliseconds after which an entry of a twin's history is not shown any more, where the model names no number: 30 days. */
export const TWIN_HISTORY_AGE_MS_DEFAULT = 30 * 86_400_000;

/** Milliseconds that a model may keep entries of its twins' history at least. Less is refused when the model is defined. */
export const TWIN_HISTORY_AGE_MS_MIN = 1_000;

/** Milliseconds that a model may keep entries of its twins' history: ten years. More is refused when the model is defined. */
export const TWIN_HISTORY_AGE_MS_MAX = 3_650 * 86_400_000;

/** Characters of a value, message, command or name in an entry of a twin's history; the rest is cut and marked. */
export const TWIN_HISTORY_VALUE_CHARS_MAX = 300;

/** Fields that an entry of a twin's history shows as changed; how many more there were, it says. */
export const TWIN_HISTORY_FIELDS_MAX = 64;

/** Messages, commands, alerts, sends and timers, of each, in an entry of a twin's history; how many more, it says. */
export const TWIN_HISTORY_LIST_MAX = 20;

/**
 * Rows of history that checkpoints append to a page before they are merged into one, if the merged rows are not more.
 * More rows would be less to write, and more to read for each look at a twin's history.
 */
export const TWIN_HISTORY_ROWS_APPENDED = 16;

/**
 * Characters of history in the journal that make no checkpoint due: each costs a row for every page that changed. They
 * are in memory, and read back when a cell is loaded.
 */
export const TWIN_HISTORY_JOURNAL_CHARS = 2 * MiB;

/** Entries of one answer about a twin's history where the caller names no number. */
export const TWIN_HISTORY_LIMIT_DEFAULT = 100;

/** Records that one step may archive. More, and the step fails with `model/failed`. */
export const STEP_ARCHIVED_MAX = 1_000;

/**
 * Records that wait in a cell for the archive. It takes them within seconds; when it does not, the oldest is lost for
 * each one more, which is counted and logged: archiving must not stop messages.
 */
export const ARCHIVE_WAITING_MAX = 100_000;

/** Characters of records that wait in a cell for the archive; beyond it, as beyond the number. */
export const ARCHIVE_WAITING_CHARS_MAX = 32 * MiB;

/** Milliseconds between lines of a cell's log about an archive that is not there, or does not take its records. */
export const ARCHIVE_LOG_MS = 600_000;

/** Characters of lines, before they are compressed, after which an object of the archive is written; it has at most a row more. */
export const ARCHIVE_OBJECT_CHARS_MAX = 16 * MiB;

/** Milliseconds after which gathered records are written, however few they are. */
export const ARCHIVE_AGE_MS_MAX = 15 * 60_000;

/** Milliseconds after the end of an hour at which its rest is written. What comes later is an object of its own. */
export const ARCHIVE_LATE_MS = 60_000;

/**
 * Characters of lines that the archiver of a model keeps while its objects can't be stored. Beyond it the oldest are
 * lost, which is counted and logged.
 */
export const ARCHIVE_BACKLOG_CHARS_MAX = 1_024 * MiB;

/** Milliseconds until a failed object is tried again, doubled with each failure up to ARCHIVE_RETRY_MS_MAX. */
export const ARCHIVE_RETRY_MS = 2_000;

/** Milliseconds between tries of an object of the archive, however often it failed. */
export const ARCHIVE_RETRY_MS_MAX = 300_000;

/**
 * Milliseconds for which records are kept after their file was written to a folder, then looked for once more: the disk
 * service does not wait for the disk, and the system writes within about half a minute.
 */
export const ARCHIVE_SETTLE_MS = 60_000;
