/** Shared data, tables and databases. */
import { KiB, MiB } from "./units.ts";

/**
 * Milliseconds that one look-up may take; then it fails in the model's hands, with an error that names it. Less than a
 * step may take, so that a model can do without what it does not get.
 */
export const LOOKUP_MS_MAX = 5_000;

/** Look-ups of one step. One more fails in the model's hands: each may be a request to another object. */
export const STEP_LOOKUPS_MAX = 1_000;

/** Questions of a cell's look-ups in one call to the object that holds shared data; more are the next call. */
export const QUESTIONS_PER_CALL_MAX = 1_000;

/**
 * Characters of answers after which one such call has no more of them; the rest is the next call. The platform fails a
 * call whose answer has more than 32 MiB, and with it everybody's look-ups; one answer alone may have 16 Mi characters.
 */
export const ANSWERS_CHARS_MAX = 4 * MiB;

/** Changes of shared data that one step may ask for, adds to one key counted once. More, and the step fails with `model/failed`. */
export const STEP_SHARED_CHANGES_MAX = 1_000;

/** Characters of one value of shared data, as JSON. More is refused with `shared/value-too-large`, in a step with `model/failed`. */
export const SHARED_VALUE_CHARS_MAX = 16 * KiB;

/** Keys of shared data in one scope: those of a model, or the global ones. More are refused with `shared/too-many-keys`. */
export const SHARED_KEYS_MAX = 100_000;

/** Keys that one `getMany` may name. More fail in the model's hands. */
export const SHARED_GET_MANY_MAX = 1_000;

/** Milliseconds for which a change that acts at once is remembered by its operation id: a repeat within them has no effect. */
export const OPERATION_MS = 600_000;

/** Look-up tables of a deployment. More are refused with `table/too-many`. */
export const TABLES_MAX = 100;

/** Rows of one look-up table. More are refused with `table/too-large`, the table unchanged. */
export const TABLE_ROWS_MAX = 1_000_000;

/** Rows of one request that fills a table: all are written in one transaction. More are refused with 413 `body/too-many`. */
export const TABLE_ROWS_PER_REQUEST_MAX = 50_000;

/** Characters of one row of a look-up table, as JSON. A larger one is refused with `table/bad-row`, the table unchanged. */
export const TABLE_ROW_CHARS_MAX = 16 * KiB;

/** Characters of a row's key, and of a value in an indexed column. A longer key is refused with `table/bad-row`. */
export const TABLE_KEY_CHARS_MAX = 256;

/** Columns of a table with an index beside the key: each is another row written. More are refused with `table/malformed`. */
export const TABLE_INDEXES_MAX = 4;

/** Rows that one `find` gives at most; also the default. A larger limit is refused. */
export const TABLE_FIND_ROWS_MAX = 1_000;

/** Rows that one `find` reads behind its index. Beyond it it is refused with `table/too-wide`. */
export const TABLE_FIND_SCAN_MAX = 10_000;

/** Milliseconds for which a cell gives a row that it has read to further look-ups: how old what `tables.get` gives may be. */
export const TABLE_CACHE_MS = 10_000;

/** Characters of rows that a cell keeps for further look-ups; the oldest go first. */
export const TABLE_CACHE_CHARS_MAX = 4 * MiB;

/** Rows of a database's answer. More fail in the model's hands: an answer is held in memory. */
export const DATABASE_ROWS_MAX = 1_000;

/** Characters of a database's answer, as JSON. More fail in the model's hands. */
export const DATABASE_ANSWER_CHARS_MAX = 1 * MiB;

/**
 * Connections of one cell to one database. A model's cells may each have so many; a database at home must be ready for
 * all of them, and the platform allows an object six.
 */
export const DATABASE_CONNECTIONS_MAX = 3;

/** Seconds after which a database's connection that nobody uses is closed. */
export const DATABASE_IDLE_S = 20;
