/** The alerts' part of `/metrics`. */
import type { Env } from "../env.ts";
import type { CellCounters } from "../wire/internal-rpc.ts";

/** What the counters of the alerts' object mean. `total` ones only grow while it is awake. */
const METRICS: Readonly<
  Record<string, readonly [name: string, type: "counter" | "gauge", help: string]>
> = {
  open: ["alerts_open", "gauge", "Alerts that are not resolved."],
  raised: ["alerts_raised_total", "counter", "Raises, of new and of open alerts."],
  refused: ["alerts_refused_total", "counter", "Alerts refused: too many were open."],
  displaced: ["alerts_displaced_total", "counter", "Alerts ended to make room for worse ones."],
  evaluations: ["alert_rule_evaluations_total", "counter", "Evaluations of rules."],
  waiting: ["notifications_waiting", "gauge", "Notifications that are not delivered yet."],
  notificationCalls: ["notification_calls_total", "counter", "Calls to channels."],
  delivered: [
    "notifications_delivered",
    "gauge",
    "Notifications delivered to the channels there are.",
  ],
  givenUp: ["notifications_given_up", "gauge", "Notifications of these channels that nobody took."],
  rowsWritten: ["alert_rows_written_total", "counter", "Rows written by the alerts, as billed."],
};

/** Lines in Prometheus' text form; none when the object can't be reached. */
export async function alertMetrics(env: Env): Promise<readonly string[]> {
  let counters: CellCounters;
  try {
    counters = await env.ALERTS.getByName("alerts").counters();
  } catch {
    // It is being reset; the other figures are wanted all the same.
    return [];
  }
  return Object.entries(METRICS).flatMap(([counter, [name, type, help]]) => [
    `# HELP livetwin_${name} ${help}`,
    `# TYPE livetwin_${name} ${type}`,
    `livetwin_${name} ${counters[counter] ?? 0}`,
  ]);
}
