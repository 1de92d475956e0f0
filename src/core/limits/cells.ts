/** How twins are kept: ids, cells, states, rows, checkpoints. */
import { KiB, MiB } from "./units.ts";

/** Ids hash to this many buckets; a model's table maps buckets to cells. Fixed for ever: changing it moves data. */
export const BUCKETS = 1024;

/** Cells a model may have at most: one bucket each. A larger number is refused when the model is defined. */
export const CELLS_MAX = BUCKETS;

/** Cells of a model that names no number: enough for 65,000 twins, and one remote call each per mixed batch. */
export const CELLS_DEFAULT = 4;

/**
 * Characters in a twin's id (printable ASCII, without `/ ? # %`), so that it fits a URL path segment.
 * A longer or empty one is refused with `twin/bad-id`.
 */
export const ID_LENGTH_MAX = 128;

/** Characters in a model's name; it is part of object names and URLs. A longer one is refused at definition. */
export const MODEL_NAME_LENGTH_MAX = 64;

/** Twins in one cell: slot numbers take 17 bits of a deduplication mark. Beyond: `cell/full`. */
export const TWINS_PER_CELL_MAX = 131_072;

/** Twins in one page row. Larger pages rewrite more untouched neighbours at a checkpoint; smaller ones cost more rows. */
export const TWINS_PER_PAGE = 64;

/**
 * Bytes of a twin's state as JSON in UTF-8. The platform refuses rows over 2 MB, and a state must fit
 * one row beside its frame. Beyond it the message is refused with `twin/state-too-large`, the state unchanged.
 */
export const STATE_BYTES_MAX = 512 * KiB;

/** Nesting of a twin's state. Deeper, and so also anything that contains itself, is refused with `twin/unstorable`. */
export const STATE_NESTING_MAX = 64;

/** Bytes that a model may name at least as its own, smaller limit of state. Less is refused when the model is defined. */
export const STATE_LIMIT_BYTES_MIN = 64;

/**
 * Characters of one journal or page row of several records; UTF-8 takes at most 3 bytes for each. A longer record
 * has a row to itself.
 */
export const ROW_CHARS_MAX = 400 * KiB;

/** Bytes that the platform accepts in one row (Cloudflare refuses more; workerd at home does not). */
export const ROW_BYTES_PLATFORM_MAX = 2_000_000;

/** Characters of journal at which a checkpoint is due, unless four times the state is more. Bounds recovery time. */
export const JOURNAL_CHARS_MIN = 1 * MiB;

/** A checkpoint is due when the journal exceeds this many times the state: at most 25 % extra writing. */
export const JOURNAL_STATE_RATIO = 4;

/** Minutes in which every cell is asked once whether its alarm is still set: how late a lost one makes a timer at most. */
export const WATCH_ROUND_MINUTES = 10;

/** Milliseconds that the watchdog waits for a cell. */
export const WATCH_TIMEOUT_MS = 10_000;

/** Queryable fields of a model. More are refused at definition: each is a column in memory. */
export const FIELDS_MAX = 64;

/** Ids per page of a twin listing; also the default. */
export const LIST_LIMIT_MAX = 1_000;
