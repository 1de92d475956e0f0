/**
 * A cell's log: what models wrote, alerts, and failures, the newest entries in memory. Entries ride along with
 * commits that have something else to write: a model that fails on every message must not cost a row for each, so
 * what no commit came after is lost with the process. Checkpoints keep the newest.
 */
import {
  LOG_COMMIT_CHARS_MAX,
  LOG_ENTRIES_MAX,
  LOG_ENTRY_CHARS_MAX,
  LOG_STORED_CHARS_MAX,
} from "../limits.ts";
import type { Severity } from "../model.ts";
import type { CellPart } from "./part.ts";

/** Where a line comes from: the model's `log`, an alert, or a failure of its code. */
export const LOG_KINDS = ["log", "alert", "failure"] as const;

export interface LogEntry {
  /** Grows by one per entry of the cell. */
  readonly n: number;
  readonly atMs: number;
  readonly severity: Severity;
  readonly kind: (typeof LOG_KINDS)[number];
  /** The twin. */
  readonly id: string;
  readonly text: string;
}

/** Which entries somebody wants; all of it must hold. */
export interface LogFilter {
  readonly severities?: readonly Severity[];
  readonly kinds?: readonly LogEntry["kind"][];
  readonly id?: string;
  /** Entries before this time, epoch milliseconds. */
  readonly beforeMs?: number;
}

type StoredEntry = readonly [
  n: number,
  atMs: number,
  severity: Severity,
  kind: LogEntry["kind"],
  id: string,
  text: string,
];

export class CellLog implements CellPart {
  readonly name = "log";
  /** It must not put off checkpoints: what it takes is bounded by itself. */
  readonly chars = 0;
  #entries: LogEntry[] = [];
  #last = 0;
  /** Records of entries that no commit has written yet. */
  #unwritten: string[] = [];
  #unwrittenChars = 0;

  add(atMs: number, severity: Severity, kind: LogEntry["kind"], id: string, text: string): void {
    const cut = text.length > LOG_ENTRY_CHARS_MAX ? `${text.slice(0, LOG_ENTRY_CHARS_MAX)}…` : text;
    const entry: LogEntry = { n: this.#last + 1, atMs, severity, kind, id, text: cut };
    this.#keep(entry);
    const record = recordOf(entry);
    if (this.#unwrittenChars + record.length > LOG_COMMIT_CHARS_MAX) return;
    this.#unwritten.push(record);
    this.#unwrittenChars += record.length;
  }

  /** The newest entry's number; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The newest entries that a filter lets through, newest first. */
  newest(limit: number, filter: LogFilter = {}): readonly LogEntry[] {
    const found: LogEntry[] = [];
    const oldest = Math.max(0, this.#entries.length - LOG_ENTRIES_MAX);
    for (let at = this.#entries.length - 1; at >= oldest && found.length < limit; at--) {
      const entry = this.#entries[at]!;
      if (passes(entry, filter)) found.push(entry);
    }
    return found;
  }

  /** What a commit that is written anyway takes along. */
  takeUnwritten(): readonly string[] {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenChars = 0;
    return unwritten;
  }

  restore(record: unknown): void {
    const [n, atMs, severity, kind, id, text] = record as StoredEntry;
    // A checkpoint may have had it before its commit came.
    if (n <= this.#last) return;
    this.#keep({ n, atMs, severity, kind, id, text });
  }

  records(): Iterable<string> {
    const records: string[] = [];
    let chars = 0;
    for (const entry of this.newest(LOG_ENTRIES_MAX)) {
      const record = recordOf(entry);
      chars += record.length;
      if (chars > LOG_STORED_CHARS_MAX) break;
      records.push(record);
    }
    return records.toReversed();
  }

  removed(): void {
    // What a twin wrote is still true when it is gone.
  }

  #keep(entry: LogEntry): void {
    this.#last = entry.n;
    this.#entries.push(entry);
    // Cutting half at once keeps the cost of an entry constant.
    if (this.#entries.length > LOG_ENTRIES_MAX * 2)
      this.#entries = this.#entries.slice(-LOG_ENTRIES_MAX);
  }
}

function passes(entry: LogEntry, { severities, kinds, id, beforeMs }: LogFilter): boolean {
  return (
    (severities === undefined || severities.includes(entry.severity)) &&
    (kinds === undefined || kinds.includes(entry.kind)) &&
    (id === undefined || entry.id === id) &&
    (beforeMs === undefined || entry.atMs < beforeMs)
  );
}

function recordOf({ n, atMs, severity, kind, id, text }: LogEntry): string {
  const stored: StoredEntry = [n, atMs, severity, kind, id, text];
  return JSON.stringify(stored);
}
