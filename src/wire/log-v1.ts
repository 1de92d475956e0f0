/** Entries of a model's log, as HTTP and live connections show them. */
import type { LogEntry } from "../core/cell/log.ts";

/** An entry of a model's log. The time is ISO 8601. */
export interface LogEntryJson {
  readonly at: string;
  readonly severity: LogEntry["severity"];
  readonly kind: LogEntry["kind"];
  /** The twin. */
  readonly id: string;
  readonly text: string;
}

/** The newest entries of several cells, newest first, `limit` at most. */
export function newestEntries(
  logs: readonly (readonly LogEntry[])[],
  limit: number,
): readonly LogEntryJson[] {
  return logs
    .flat()
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, limit)
    .map(({ atMs, severity, kind, id, text }) => ({
      at: new Date(atMs).toISOString(),
      severity,
      kind,
      id,
      text,
    }));
}
