/**
 * Every bound of the system: unit, reason, and what happens beyond it.
 * `docs/limits.md` lists them; `test/repo/limits.test.ts` holds the two together.
 */
import { assert } from "./assert.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

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

/** Characters in a `messageId`. A longer one is refused with `message/bad-message-id`. */
export const MESSAGE_ID_LENGTH_MAX = 256;

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

/**
 * Milliseconds that one call of a model's code may take. A longer one is rolled back and its messages are
 * refused with `model/failed`: it would stall every twin of the cell.
 */
export const STEP_MS_MAX = 1_000;

/** Message ids that a cell remembers at least, over all its twins. An older repeat is processed again. */
export const CELL_MESSAGE_IDS_MIN = 100_000;

/** Message ids that are remembered at least for each twin, however busy its neighbours are. */
export const TWIN_MESSAGE_IDS_MIN = 32;

/**
 * Messages that one step gets; more of the same twin follow in its next step. Each message id takes up to 16 bytes
 * of the twin's journal record, which must fit the platform's row.
 */
export const STEP_MESSAGES_MAX = 10_000;

/** Messages to other twins that one step may send. More, and the step fails with `model/failed`. */
export const STEP_SENDS_MAX = 1_000;

/** Commands to the device that one step may send. More, and the step fails with `model/failed`. */
export const STEP_COMMANDS_MAX = 1_000;

/** Undelivered messages to other twins in one cell; beyond it the cell answers `cell/overloaded` until it drains. */
export const OUTBOX_MAX = 100_000;

/** Messages of the outbox in one delivery call. */
export const DELIVERY_MESSAGES_MAX = 1_000;

/** Milliseconds until an interrupted delivery is tried again; the cell's alarm guards it across a crash. */
export const DELIVERY_RETRY_MS = 2_000;

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

/** Entries that a cell keeps in its log; the oldest goes first. */
export const LOG_ENTRIES_MAX = 1_000;

/** Characters of one log entry; the rest is cut and marked. */
export const LOG_ENTRY_CHARS_MAX = 2_000;

/** Queryable fields of a model. More are refused at definition: each is a column in memory. */
export const FIELDS_MAX = 64;

/** Characters of a string value in a column; a longer value is cut there (never in the twin). */
export const COLUMN_STRING_CHARS_MAX = 1_024;

/**
 * Texts that a column's dictionary may hold that no twin uses any more, beside as many as are used: sweeping them
 * out visits every slot, so it waits until enough were added to pay for the visit.
 */
export const DICTIONARY_SLACK = 1_024;

/** Milliseconds between publications of a cell while somebody reads its aggregates. */
export const PUBLISH_INTERVAL_MS = 500;

/** Milliseconds for which a reader's lease makes a cell publish; renewed by reading. */
export const LEASE_MS = 60_000;

/** Milliseconds after which a query asks a quiet cell again whether it has changed: the age of an answer. */
export const CONFIRM_AGE_MS_MAX = 1_000;

/** Rows that a query returns at most; also the default limit. A larger `limit` is refused. */
export const QUERY_ROWS_MAX = 10_000;

/** Groups that a query may form. More are refused with `query/too-many-groups`. */
export const QUERY_GROUPS_MAX = 100_000;

/** Characters of SQL text. */
export const SQL_CHARS_MAX = 10_000;

/** Nested groups and comparisons of one `where`. More are refused with `query/malformed`: each is a pass over the rows. */
export const WHERE_TERMS_MAX = 500;

/** Groups within groups of one `where`, or parentheses in SQL: what a recursive reader goes down. Deeper is refused. */
export const WHERE_DEPTH_MAX = 64;

/** Values in all `in` lists of one `where`; a plan goes to every shard. More are refused with `query/malformed`. */
export const WHERE_VALUES_MAX = 10_000;

/** Rows that a query may skip: every shard sends what is skipped too. More is refused with `query/malformed`. */
export const QUERY_OFFSET_MAX = 10_000;

/** Entries of each list of a query: `select`, `aggregates`, `groupBy`, `orderBy`. More are refused with `query/malformed`. */
export const QUERY_COLUMNS_MAX = 128;

/** Different values, over all groups, that one `countDistinct` may meet. More are refused with `query/too-many-values`. */
export const QUERY_DISTINCT_MAX = 100_000;

/** Values of a group up to which its percentiles are exact; beyond it they are within `PERCENTILE_ERROR`. */
export const PERCENTILE_EXACT_VALUES_MAX = 1_000;

/** Relative error of a percentile over more values than that: 1 %. A smaller one makes partial results larger. */
export const PERCENTILE_ERROR = 0.01;

/** Bytes of a query's or a widget's request body. A larger one is refused with 413 `body/too-large`. */
export const QUERY_BODY_BYTES_MAX = 1 * MiB;

/** Values of each field that are shown as samples. */
export const FIELD_SAMPLES_MAX = 5;

/** Twins that are looked at for samples of their fields' values. */
export const FIELD_SAMPLE_TWINS = 100;

/** Milliseconds that a shard waits for a cell's changes; beyond it the cell counts as missing and the answer as partial. */
export const PULL_TIMEOUT_MS = 5_000;

/** Milliseconds after which a cell that did not answer is asked again; until then queries do not wait for it. */
export const PULL_RETRY_MS = 2_000;

/** Tries of one pull: a cell's own publication may overtake an answer, which then no longer joins on. */
export const PULL_TRIES_MAX = 3;

/**
 * Milliseconds that clocks of different machines may disagree by. A block that was confirmed less than this after a
 * consistent query's time is asked again rather than trusted.
 */
export const CLOCK_SKEW_MS_MAX = 1_000;

/** Milliseconds that reading must have gone on for before cells are asked to publish: one look is cheaper to pull. */
export const LEASE_AFTER_MS = 2_000;

/** Milliseconds that a query waits for a shard; beyond it the shard's twins are missing and the answer is partial. */
export const SHARD_TIMEOUT_MS = 10_000;

/** Milliseconds from a shard's first unsaved change to its snapshot: what a restart has to ask its cells for. */
export const SNAPSHOT_INTERVAL_MS = 45_000;

/** Bytes of one snapshot row; a block of more is split. Half of what the platform accepts. */
export const SNAPSHOT_ROW_BYTES_MAX = 1 * MiB;

/** Bytes of snapshots that one alarm writes; the rest follows after SNAPSHOT_PAUSE_MS, so that queries get their turn. */
export const SNAPSHOT_BYTES_PER_ALARM = 8 * MiB;

/** Milliseconds between alarms that write one shard's snapshots. */
export const SNAPSHOT_PAUSE_MS = 1_000;

/** Bytes of results that a shard keeps for queries that come again before anything changed; the oldest go first. */
export const RESULT_CACHE_BYTES_MAX = 8 * MiB;

/** Widgets of a deployment: each is evaluated every minute for its history. More are refused with `widget/too-many`. */
export const WIDGETS_MAX = 200;

/** Characters of one widget as JSON. A larger one is refused with `widget/malformed`. */
export const WIDGET_CHARS_MAX = 16 * KiB;

/** Minutes of results that are kept for every widget; older ones are deleted. */
export const HISTORY_MINUTES = 1_440;

/** Characters of one result in a widget's history; rows that don't fit are left out. */
export const HISTORY_RESULT_CHARS_MAX = 20_000;

/** Widgets and subscriptions that are evaluated at the same time. */
export const EVALUATIONS_AT_ONCE = 8;

/** Live connections of a deployment. More are refused with `live/too-many`. */
export const LIVE_SOCKETS_MAX = 1_000;

/** Subscriptions of one live connection. More are refused with `live/too-many`. */
export const LIVE_SUBSCRIPTIONS_MAX = 100;

/**
 * Characters of all subscriptions of one live connection as JSON: they live in the socket's attachment, of which the
 * platform keeps 16,384 bytes, two for a character at worst. Beyond it: `live/too-many`.
 */
export const LIVE_ATTACHMENT_CHARS_MAX = 8_000;

/** Different things watched over all live connections: each is evaluated once a tick. More: `live/too-many`. */
export const LIVE_TOPICS_MAX = 500;

/** Characters of a frame that a live connection sends. A longer one is refused with `live/malformed`. */
export const LIVE_FRAME_CHARS_MAX = 16 * KiB;

/** Milliseconds between ticks while results change: results are pushed at most this often. */
export const LIVE_TICK_MS = 1_000;

/** Milliseconds between ticks when nothing that is watched changed in the last LIVE_QUIET_AFTER_MS. */
export const LIVE_QUIET_TICK_MS = 2_000;

/** Milliseconds without a change after which ticks slow down. */
export const LIVE_QUIET_AFTER_MS = 30_000;

/** Milliseconds after which a result is pushed again though it is the same: its `asOf` is news. */
export const LIVE_PUSH_MS_MAX = 5_000;

/** Milliseconds that a tick waits for its evaluations; a slow one is pushed when it is there, the others are not held up. */
export const LIVE_TICK_WAIT_MS = 3_000;

/**
 * Characters that are pushed to a live connection beyond what its pings show to have arrived; then it gets nothing
 * until the next ping. Bounds what a slow viewer makes the server hold.
 */
export const LIVE_UNREAD_CHARS_MAX = 16 * MiB;

/** Milliseconds of silence (no frame, no ping) after which a live connection is closed: a vanished viewer costs ticks. */
export const LIVE_SILENCE_MS_MAX = 300_000;

/** Ids per page of a twin listing; also the default. */
export const LIST_LIMIT_MAX = 1_000;

/** Bytes of a row beside its records, and of a record's numbers and id. */
const FRAME_BYTES_MAX = 1_024;
/** A timer's name, where each character is an escape of six, and its times. */
const TIMER_BYTES_MAX = TIMER_NAME_LENGTH_MAX * 6 + 64;
const RECORD_BYTES_MAX =
  STATE_BYTES_MAX + STEP_MESSAGES_MAX * 16 + TIMERS_PER_TWIN_MAX * TIMER_BYTES_MAX;

assert(
  ROW_CHARS_MAX * 3 + FRAME_BYTES_MAX < ROW_BYTES_PLATFORM_MAX,
  "a full row fits the platform's row",
);
assert(
  RECORD_BYTES_MAX + FRAME_BYTES_MAX < ROW_BYTES_PLATFORM_MAX,
  "the largest record of a twin fits the platform's row",
);
assert(
  MESSAGE_CHARS_MAX * 3 + FRAME_BYTES_MAX < ROW_BYTES_PLATFORM_MAX,
  "the largest message to a twin fits the platform's row",
);
assert(MESSAGE_CHARS_MAX * 3 <= STATE_BYTES_MAX, "a state can hold the largest message");
assert(BODY_BYTES_MAX <= CELL_FLIGHT_CHARS_MAX, "one request of full size can reach an idle cell");
assert(
  CELL_FLIGHT_CHARS_MAX <= CELL_QUEUE_CHARS_MAX,
  "what one isolate may have in flight fits an idle cell's queue",
);
assert(
  PULL_TIMEOUT_MS < SHARD_TIMEOUT_MS,
  "a shard answers without a hanging cell before it is given up itself",
);
assert(
  LEASE_AFTER_MS < LEASE_MS / 2,
  "a reader that goes on reading gets its lease before it counts as gone",
);
assert(SNAPSHOT_ROW_BYTES_MAX < ROW_BYTES_PLATFORM_MAX, "a snapshot row fits the platform's row");
assert(HISTORY_RESULT_CHARS_MAX < ROW_CHARS_MAX, "one result fits a history row");
assert(LIVE_ATTACHMENT_CHARS_MAX * 2 < 16_384, "every attachment fits");
assert(LIVE_QUIET_TICK_MS < LIVE_PUSH_MS_MAX, "unchanged results are pushed in time");
