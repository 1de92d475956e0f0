/** Every route that is described. A test holds the list against the routes that there are. */
import type { Operation } from "../operation.ts";
import { ALERT_SETTING_OPERATIONS } from "./alert-settings.ts";
import { ALERT_OPERATIONS } from "./alerts.ts";
import { COMMAND_OPERATIONS } from "./commands.ts";
import { LIVE_OPERATIONS } from "./live.ts";
import { MESSAGE_OPERATIONS } from "./messages.ts";
import { MODEL_OPERATIONS } from "./models.ts";
import { QUERY_OPERATIONS } from "./queries.ts";
import { SHARED_DATA_OPERATIONS } from "./shared-data.ts";
import { SYSTEM_OPERATIONS } from "./system.ts";
import { TABLE_OPERATIONS } from "./tables.ts";
import { TWIN_OPERATIONS } from "./twins.ts";
import { WIDGET_OPERATIONS } from "./widgets.ts";

export const OPERATIONS: readonly Operation[] = [
  ...MESSAGE_OPERATIONS,
  ...COMMAND_OPERATIONS,
  ...TWIN_OPERATIONS,
  ...QUERY_OPERATIONS,
  ...LIVE_OPERATIONS,
  ...WIDGET_OPERATIONS,
  ...ALERT_OPERATIONS,
  ...ALERT_SETTING_OPERATIONS,
  ...SHARED_DATA_OPERATIONS,
  ...TABLE_OPERATIONS,
  ...MODEL_OPERATIONS,
  ...SYSTEM_OPERATIONS,
];
