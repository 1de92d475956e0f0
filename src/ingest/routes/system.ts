/** Health and metrics. */
import type { Context, Hono } from "hono";
import type { Env } from "../../env.ts";
import { deployment } from "../../routing/deployment.ts";
import { sharedMetrics } from "../shared-metrics.ts";
import { archiveCounters } from "../archive-counters.ts";
import { alertMetrics } from "../alert-metrics.ts";
import { cellCallCounts } from "../cell-calls.ts";
import { cellCounters } from "../cell-counters.ts";

type Ctx = Context<{ Bindings: Env }>;

/** What the counters of a cell mean; the others are of no use outside. `total` ones only grow while it is awake. */
const METRICS: Readonly<
  Record<string, readonly [name: string, type: "counter" | "gauge", help: string]>
> = {
  accepted: ["messages_accepted_total", "counter", "Messages processed and durable."],
  duplicates: ["messages_duplicate_total", "counter", "Repeats that were recognised."],
  rejected: ["messages_rejected_total", "counter", "Messages refused."],
  failures: ["model_failures_total", "counter", "Steps in which model code failed."],
  steps: ["steps_total", "counter", "Calls of model code."],
  commits: ["commits_total", "counter", "Commits."],
  checkpoints: ["checkpoints_total", "counter", "Checkpoints."],
  timersFired: ["timers_fired_total", "counter", "Timers fired."],
  timersLate: ["timers_late_total", "counter", "Timers that the watchdog found overdue."],
  delivered: ["twin_messages_total", "counter", "Messages taken from other twins."],
  rowsWritten: ["rows_written_total", "counter", "Rows written, as billed."],
  requestsIn: ["object_requests_in_total", "counter", "Requests to cells."],
  requestsOut: ["object_requests_out_total", "counter", "Requests of cells to other objects."],
  twins: ["twins", "gauge", "Twins."],
  stateChars: ["state_chars", "gauge", "Characters of all states."],
  journalChars: ["journal_chars", "gauge", "Characters of journal since the last checkpoint."],
  commandsSent: ["commands_sent_total", "counter", "Commands to devices that were kept for them."],
  commandsAcknowledged: ["commands_acknowledged_total", "counter", "Commands acknowledged."],
  commandsExpired: ["commands_expired_total", "counter", "Commands too old, not acknowledged."],
  commandsDropped: ["commands_dropped_total", "counter", "Commands gone for newer ones."],
  commandsPending: ["commands_pending", "gauge", "Commands that are not acknowledged."],
  commandWaiters: ["command_waiters", "gauge", "Requests that wait for a command."],
  archived: ["archive_records_sent_total", "counter", "Records that twins archived."],
  archiveDropped: ["archive_records_dropped_total", "counter", "Records lost in cells."],
  archiveRecords: ["archive_records_total", "counter", "Records taken by the archiver."],
  archiveObjects: ["archive_objects_total", "counter", "Objects written to the archive."],
  archiveBytes: ["archive_bytes_total", "counter", "Bytes written to the archive."],
  archiveFailures: ["archive_failures_total", "counter", "Objects that could not be written."],
  archiveLost: ["archive_records_lost_total", "counter", "Records lost in the archiver."],
  archiveRows: ["archive_rows_written_total", "counter", "Rows written by the archiver."],
  archiveRequests: ["archive_requests_total", "counter", "Requests to the archiver."],
  archiveWaiting: ["archive_records_waiting", "gauge", "Records that no object has yet."],
  archiveWaitingChars: ["archive_waiting_chars", "gauge", "Characters of these records."],
  outbox: ["outbox_messages", "gauge", "Messages to other twins that are not delivered yet."],
  children: ["children", "gauge", "Children that the twins know of."],
  queueChars: ["queue_chars", "gauge", "Characters of messages that wait."],
  stepsUnderWay: ["steps_under_way", "gauge", "Steps that wait for look-ups."],
  messageIds: ["message_ids", "gauge", "Message ids remembered."],
  sockets: ["device_sockets", "gauge", "Device connections."],
  databaseBytes: ["database_bytes", "gauge", "Bytes of the cells' databases."],
};

export function systemRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/healthz", () => Response.json({ status: "ok" }));
  app.get("/metrics", metrics);
}

async function metrics(c: Ctx): Promise<Response> {
  const models = [...(await deployment(c.env)).values()];
  const counters = await Promise.all(
    models.map(({ name, placement }) => cellCounters(c.env, name, placement.cells)),
  );
  const archives = await Promise.all(models.map(({ name }) => archiveCounters(c.env, name)));
  const lines: string[] = [];
  for (const [counter, [name, type, help]] of Object.entries(METRICS)) {
    lines.push(`# HELP livetwin_${name} ${help}`, `# TYPE livetwin_${name} ${type}`);
    for (const [i, { totals }] of counters.entries()) {
      lines.push(
        `livetwin_${name}{model="${models[i]!.name}"} ${totals[counter] ?? archives[i]![counter] ?? 0}`,
      );
    }
  }
  lines.push(
    "# HELP livetwin_cells_missing Cells that did not answer.",
    "# TYPE livetwin_cells_missing gauge",
  );
  for (const [i, { missing }] of counters.entries())
    lines.push(`livetwin_cells_missing{model="${models[i]!.name}"} ${missing}`);
  lines.push(
    "# HELP livetwin_ingest_refused_total Slices refused by backpressure in this isolate.",
    "# TYPE livetwin_ingest_refused_total counter",
  );
  lines.push(`livetwin_ingest_refused_total ${cellCallCounts.refused}`);
  lines.push(...(await alertMetrics(c.env)), ...(await sharedMetrics(c.env)));
  return new Response(`${lines.join("\n")}\n`, {
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  });
}
