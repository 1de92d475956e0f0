/** Widgets, their history, and live connections. */
import { KiB, MiB } from "./units.ts";

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

/** Entries of a model's log that a live connection gets, the newest. */
export const LIVE_LOG_ENTRIES_MAX = 100;

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
