/** Alerts, rules on aggregates, notifications. */
import { KiB } from "./units.ts";

/** Alerts that one step may raise, and resolve. More, and the step fails with `model/failed`. */
export const STEP_ALERTS_MAX = 100;

/** Characters of an alert's title, and of its key, which is the title by default. A longer one fails the step with `model/failed`. */
export const ALERT_TITLE_LENGTH_MAX = 200;

/** Characters of an alert's detail, and of its data as JSON. More fail the step: open alerts are held in memory. */
export const ALERT_DETAIL_CHARS_MAX = 2_000;

/** Milliseconds that an alert may be held back, or a rule's condition must last: a week. More is refused. */
export const ALERT_HOLD_MS_MAX = 7 * 86_400_000;

/** Milliseconds between repeated notifications of one alert at least. Less is refused: each is a call to every channel. */
export const ALERT_REPEAT_MS_MIN = 60_000;

/** Milliseconds between repeated notifications of one alert at most. More is refused. */
export const ALERT_REPEAT_MS_MAX = 7 * 86_400_000;

/**
 * Conditions that a twin may have raised and not resolved. A further one is not sent, and the model's log says so: a
 * model that makes up a new key for every message fills its own twins' room and nobody else's.
 */
export const ALERTS_PER_TWIN_MAX = 20;

/** Milliseconds for which a twin that raises an alert again, with nothing new to say, is not sent on: it may do so at every message. */
export const ALERT_RESEND_MS = 60_000;

/** Milliseconds after which a condition that was not raised again gives up its place among ALERTS_PER_TWIN_MAX, if another needs it. */
export const ALERT_PLACE_MS = 86_400_000;

/** Open alerts of one model; beyond it a worse one takes the place of the oldest of the least severe, any other is refused. */
export const ALERTS_OPEN_PER_MODEL_MAX = 1_000;

/** Open alerts of a deployment: they are held in memory. Beyond it as for one model. */
export const ALERTS_OPEN_MAX = 10_000;

/** Resolved alerts that are kept of one model; the oldest go first. */
export const ALERTS_RESOLVED_PER_MODEL_MAX = 1_000;

/** Milliseconds for which resolved alerts are kept: 30 days. */
export const ALERTS_RESOLVED_MS_MAX = 30 * 86_400_000;

/** Characters of what an operator writes to an alert or a silence, or signs with. More are refused with 400. */
export const ALERT_NOTE_LENGTH_MAX = 1_000;

/** Silences at one time: every raise is compared with them. More are refused with `silence/too-many`. */
export const SILENCES_MAX = 200;

/** Milliseconds that a silence may last: a year. More is refused with `silence/malformed`. */
export const SILENCE_MS_MAX = 365 * 86_400_000;

/** Alerts per page of `GET /v1/alerts`. A larger `limit` is refused. */
export const ALERTS_LIST_LIMIT_MAX = 500;

/** Alerts per page when no `limit` is given. */
export const ALERTS_LIST_LIMIT_DEFAULT = 100;

/** Alerts that a live subscription shows, the worst first, and of these the newest; it counts all. */
export const LIVE_ALERTS_MAX = 100;

/** Milliseconds for which a live subscription's look makes the alerts' object tell the reducer of every change. */
export const ALERTS_WATCH_MS = 10_000;

/** Rules on aggregates: each is a query every few seconds. More are refused with `rule/too-many`. */
export const ALERT_RULES_MAX = 100;

/** Characters of one rule as JSON. A larger one is refused with `rule/malformed`. */
export const ALERT_RULE_CHARS_MAX = 8 * KiB;

/** Groups that a rule's query may give: each may be an alert. With more, the rule does nothing but show the error. */
export const ALERT_RULE_GROUPS_MAX = 100;

/** Milliseconds between two evaluations of a rule at least. Less is refused. */
export const ALERT_RULE_EVERY_MS_MIN = 5_000;

/** Milliseconds between two evaluations of a rule that names no time. */
export const ALERT_RULE_EVERY_MS_DEFAULT = 15_000;

/** Milliseconds between two evaluations of a rule at most. More is refused. */
export const ALERT_RULE_EVERY_MS_MAX = 3_600_000;

/** Channels for notifications; each queues its own. More are refused with `channel/too-many`. */
export const ALERT_CHANNELS_MAX = 20;

/** Characters of a channel's address and of each of its keys. More are refused with `channel/malformed`. */
export const ALERT_CHANNEL_TEXT_MAX = 2_000;

/** Notifications that wait for one channel. Beyond it the oldest is dropped, and the channel's health counts it. */
export const NOTIFICATIONS_PER_CHANNEL_MAX = 500;

/** Milliseconds that a channel has to answer a notification; beyond it the call has failed and is made again later. */
export const NOTIFICATION_TIMEOUT_MS = 10_000;

/** Milliseconds before the first retry of a notification; each further one waits about twice as long. */
export const NOTIFICATION_RETRY_MS_MIN = 2_000;

/** Milliseconds between retries of a notification at most, unless the channel itself asks for more. */
export const NOTIFICATION_RETRY_MS_MAX = 5 * 60_000;

/** Milliseconds of a channel's `Retry-After` that are kept to; a longer one is cut to this. */
export const NOTIFICATION_RETRY_AFTER_MS_MAX = 3_600_000;

/** Milliseconds after which a notification that nobody took is given up; the channel's health shows it. */
export const NOTIFICATION_GIVE_UP_MS = 86_400_000;
