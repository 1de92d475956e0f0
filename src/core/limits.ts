/**
 * Every bound of the system: unit, reason, and what happens beyond it.
 * `docs/limits.md` lists them; `test/repo/limits.test.ts` holds the two together.
 */
import { assert } from "./assert.ts";
import { ROW_BYTES_PLATFORM_MAX, ROW_CHARS_MAX, STATE_BYTES_MAX } from "./limits/cells.ts";
import {
  TWIN_HISTORY_FIELDS_MAX,
  TWIN_HISTORY_LIST_MAX,
  TWIN_HISTORY_VALUE_CHARS_MAX,
} from "./limits/history.ts";
import {
  HISTORY_RESULT_CHARS_MAX,
  LIVE_ATTACHMENT_CHARS_MAX,
  LIVE_PUSH_MS_MAX,
  LIVE_QUIET_TICK_MS,
} from "./limits/live.ts";
import {
  BODY_BYTES_MAX,
  CELL_FLIGHT_CALLS_MAX,
  CELL_FLIGHT_CHARS_MAX,
  CELL_QUEUE_CHARS_MAX,
  DELIVERY_TIMEOUT_MS,
  MESSAGE_CHARS_MAX,
} from "./limits/messages.ts";
import {
  LEASE_AFTER_MS,
  LEASE_MS,
  PULL_TIMEOUT_MS,
  SHARD_TIMEOUT_MS,
  SNAPSHOT_ROW_BYTES_MAX,
} from "./limits/queries.ts";
import { LOOKUP_MS_MAX, SHARED_VALUE_CHARS_MAX } from "./limits/shared-data.ts";
import {
  CELL_COMMANDS_CHARS_MAX,
  COMMANDS_PER_TWIN_MAX,
  COMMAND_ACK_IDS_MAX,
  STEP_ASYNC_MS_MAX,
  STEP_MESSAGES_MAX,
  TIMERS_PER_TWIN_MAX,
  TIMER_NAME_LENGTH_MAX,
  TWIN_COMMANDS_CHARS_MAX,
  TWIN_WAITING_CHARS_MAX,
  TWIN_WAITING_REQUESTS_MAX,
} from "./limits/steps.ts";

export * from "./limits/cells.ts";
export * from "./limits/messages.ts";
export * from "./limits/hierarchy.ts";
export * from "./limits/alerts.ts";
export * from "./limits/history.ts";
export * from "./limits/shared-data.ts";
export * from "./limits/steps.ts";
export * from "./limits/live.ts";
export * from "./limits/queries.ts";
export * from "./limits/simulation.ts";

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
assert(
  MESSAGE_CHARS_MAX + FRAME_BYTES_MAX < TWIN_COMMANDS_CHARS_MAX &&
    TWIN_COMMANDS_CHARS_MAX < CELL_COMMANDS_CHARS_MAX,
  "the newest command always stays, and no twin alone takes a cell's room for commands",
);
assert(COMMANDS_PER_TWIN_MAX <= COMMAND_ACK_IDS_MAX, "all of a twin can be acknowledged at once");
/** An entry's text: a cut value's JSON is escaped once more, a name's characters may be escapes of six each. */
const HISTORY_ENTRY_CHARS_MAX =
  TWIN_HISTORY_VALUE_CHARS_MAX * (TWIN_HISTORY_FIELDS_MAX * 10 + TWIN_HISTORY_LIST_MAX * 42);
assert(HISTORY_ENTRY_CHARS_MAX < ROW_CHARS_MAX * 3, "the largest entry of history fits a row");
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
assert(STEP_ASYNC_MS_MAX < DELIVERY_TIMEOUT_MS, "a delivery outlasts the steps that it waits for");
assert(LOOKUP_MS_MAX < STEP_ASYNC_MS_MAX, "a step can outlive a look-up that hangs");
assert(
  TWIN_WAITING_REQUESTS_MAX * 4 <= CELL_FLIGHT_CALLS_MAX,
  "what waits for one stuck twin leaves its neighbours room for their calls",
);
assert(
  MESSAGE_CHARS_MAX <= TWIN_WAITING_CHARS_MAX && TWIN_WAITING_CHARS_MAX < CELL_QUEUE_CHARS_MAX,
  "a message of full size can wait for a twin, and a twin alone can't fill its cell's queue",
);
assert(
  SHARED_VALUE_CHARS_MAX < MESSAGE_CHARS_MAX,
  "a change of shared data fits the outbox as any message",
);
