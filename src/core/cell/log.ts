/** The newest entries of a cell's log, in memory: what models wrote, alerts, and failures. */
import { LOG_ENTRIES_MAX, LOG_ENTRY_CHARS_MAX } from "../limits.ts";
import type { Severity } from "../model.ts";

export interface LogEntry {
  readonly atMs: number;
  readonly severity: Severity;
  readonly kind: "log" | "alert" | "failure";
  /** The twin. */
  readonly id: string;
  readonly text: string;
}

export class CellLog {
  #entries: LogEntry[] = [];

  add(atMs: number, severity: Severity, kind: LogEntry["kind"], id: string, text: string): void {
    const cut = text.length > LOG_ENTRY_CHARS_MAX ? `${text.slice(0, LOG_ENTRY_CHARS_MAX)}…` : text;
    this.#entries.push({ atMs, severity, kind, id, text: cut });
    // Cutting half at once keeps the cost of an entry constant.
    if (this.#entries.length > LOG_ENTRIES_MAX * 2)
      this.#entries = this.#entries.slice(-LOG_ENTRIES_MAX);
  }

  /** The newest entries, newest first. */
  newest(limit: number): readonly LogEntry[] {
    const count = Math.min(limit, LOG_ENTRIES_MAX, this.#entries.length);
    return this.#entries.slice(this.#entries.length - count).toReversed();
  }
}
