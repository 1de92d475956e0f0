/** Queries, and the columns that they read. */
import { MiB } from "./units.ts";

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
