/**
 * The stored form of history, version 1: the entries of a page of twins as lines of text, so that they are put
 * together, thrown out and gone through without being parsed.
 *
 * Line: id TAB epoch ms TAB version TAB entry as JSON | id (what comes before it is of a twin that was removed)
 * An id holds no tab, and JSON text neither a tab nor a line break.
 */
import type { HistoryBounds } from "./entry.ts";
import { ROW_CHARS_MAX } from "../limits.ts";

/** An entry as stored. `body` is its JSON without version and time. */
export interface StoredEntry {
  readonly atMs: number;
  readonly version: number;
  readonly body: string;
}

export function lineOf(id: string, { atMs, version, body }: StoredEntry): string {
  return `${id}\t${atMs}\t${version}\t${body}`;
}

/** The line of a removal. */
export function goneLine(id: string): string {
  return id;
}

/** The entries of a twin in a page's rows, oldest first. */
export function entriesIn(rows: Iterable<string>, id: string): readonly StoredEntry[] {
  let entries: StoredEntry[] = [];
  for (const row of rows) {
    // Most rows of a page that was merged have nothing of it.
    if (!row.includes(id)) continue;
    for (const line of row.split("\n")) {
      if (line === goneLine(id)) entries = [];
      else if (line.startsWith(`${id}\t`)) entries.push(entryOf(line, id.length));
    }
  }
  return entries;
}

/** Lines joined to rows of ROW_CHARS_MAX at most, unless a single line has more. */
export function joinLines(lines: readonly string[]): readonly string[] {
  const rows: string[] = [];
  let from = 0;
  let chars = 0;
  for (const [at, line] of lines.entries()) {
    if (at > from && chars + line.length > ROW_CHARS_MAX) {
      rows.push(lines.slice(from, at).join("\n"));
      from = at;
      chars = 0;
    }
    chars += line.length + 1;
  }
  if (from < lines.length) rows.push(lines.slice(from).join("\n"));
  return rows;
}

/** What a history of these bounds has of a twin's entries at `nowMs`: the newest, and none that is too old. */
export function within<T>(
  entries: readonly T[],
  atMsOf: (entry: T) => number,
  { count, ageMs }: HistoryBounds,
  nowMs: number,
): readonly T[] {
  const newest = entries.length > count ? entries.slice(-count) : entries;
  const first = newest[0];
  if (first === undefined || atMsOf(first) >= nowMs - ageMs) return newest;
  return newest.filter((entry) => atMsOf(entry) >= nowMs - ageMs);
}

/** A page's rows as few, each twin's lines beside each other, without what is over the bounds. */
export function mergeRows(
  rows: readonly string[],
  bounds: HistoryBounds,
  nowMs: number,
): readonly string[] {
  const byId = new Map<string, string[]>();
  for (const row of rows) {
    for (const line of row.split("\n")) {
      const idEnd = line.indexOf("\t");
      if (idEnd < 0) {
        byId.delete(line);
        continue;
      }
      const id = line.slice(0, idEnd);
      const known = byId.get(id);
      if (known === undefined) byId.set(id, [line]);
      else known.push(line);
    }
  }
  return joinLines([...byId.values()].flatMap((lines) => within(lines, lineAtMs, bounds, nowMs)));
}

function lineAtMs(line: string): number {
  const from = line.indexOf("\t") + 1;
  return Number(line.slice(from, line.indexOf("\t", from)));
}

function entryOf(line: string, idEnd: number): StoredEntry {
  const atEnd = line.indexOf("\t", idEnd + 1);
  const versionEnd = line.indexOf("\t", atEnd + 1);
  return {
    atMs: Number(line.slice(idEnd + 1, atEnd)),
    version: Number(line.slice(atEnd + 1, versionEnd)),
    body: line.slice(versionEnd + 1),
  };
}
