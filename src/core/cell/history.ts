/**
 * The history of a cell's twins. What the commits since the last checkpoint left is here in memory, bounded for each
 * twin; a checkpoint appends it to the stored rows of its page, and merges the rows of a page when they have become
 * many. Nothing stored is read before somebody asks, or a merge is due.
 *
 * Record in the journal: [page,id,at,version,entry] | [page,id] what came before is of a twin that was removed.
 */
import type { HistoryBounds, HistoryEntry } from "../history/entry.ts";
import { entriesIn, goneLine, joinLines, lineOf, mergeRows, within } from "../history/lines.ts";
import type { StoredEntry } from "../history/lines.ts";
import {
  JOURNAL_STATE_RATIO,
  TWIN_HISTORY_JOURNAL_CHARS,
  TWIN_HISTORY_ROWS_APPENDED,
  TWINS_PER_PAGE,
} from "../limits.ts";
import type { Cell } from "./cell.ts";
import type { CellPart } from "./part.ts";
import type { HistoryPage, HistoryRows } from "./store.ts";

/** What somebody wants to see of a twin's history. */
export interface HistoryQuery {
  /** Entries at most, 1 or more. Those of one version come together, so there may be a few more. */
  readonly limit: number;
  /** Only entries of lower versions. */
  readonly before?: number;
  /** Only changes of this field. */
  readonly field?: string;
}

/** Newest first. `before` asks for the next page; null when this is the last. */
export interface HistoryView {
  readonly entries: readonly HistoryEntry[];
  readonly before: number | null;
}

/** What memory has of a twin's history. */
interface Recent {
  /** What is stored of this id is of a twin that was removed. */
  isAnew: boolean;
  entries: StoredEntry[];
}

export class CellHistory implements CellPart {
  readonly name = "history";
  readonly bounds: HistoryBounds;
  readonly #cell: Pick<Cell, "store" | "rows" | "nowMs">;
  readonly #pages = new Map<number, Map<string, Recent>>();
  /** Stored rows of pages, as far as they were needed. */
  readonly #rows = new Map<number, HistoryRows>();
  /** Characters of what was added since the last checkpoint. */
  #journalChars = 0;

  constructor(bounds: HistoryBounds, cell: Pick<Cell, "store" | "rows" | "nowMs">) {
    this.bounds = bounds;
    this.#cell = cell;
  }

  /**
   * Nothing of it is rewritten at a checkpoint. It counts as state so far as not to make that due by itself: each
   * checkpoint costs a row for every page that changed.
   */
  get chars(): number {
    return Math.min(this.#journalChars, TWIN_HISTORY_JOURNAL_CHARS) / JOURNAL_STATE_RATIO;
  }

  /** Puts an entry into the commit that is being built. `body` is its JSON without version and time. */
  add(slot: number, id: string, version: number, body: string): void {
    const page = pageOf(slot);
    const atMs = this.#cell.nowMs;
    this.#add(page, id, { atMs, version, body });
    this.#cell.rows.part(this.name, `[${page},${JSON.stringify(id)},${atMs},${version},${body}]`);
  }

  removed(id: string, slot: number): void {
    const page = pageOf(slot);
    this.#forget(page, id);
    this.#cell.rows.part(this.name, JSON.stringify([page, id]));
  }

  restore(record: unknown): void {
    const [page, id, atMs, version, entry] = record as readonly [
      number,
      string,
      number,
      number,
      unknown,
    ];
    if (entry === undefined) this.#forget(page, id);
    else this.#add(page, id, { atMs, version, body: JSON.stringify(entry) });
  }

  records(): readonly string[] {
    return [];
  }

  /** What a checkpoint is to write, by page. */
  pages(): ReadonlyMap<number, HistoryPage> {
    const pages = new Map<number, HistoryPage>();
    for (const [page, recents] of this.#pages) {
      const { merged, appended } = this.#rowsOf(page);
      const lines = linesOf(recents, merged + appended > 0);
      const rows = joinLines(lines);
      if (rows.length === 0) continue;
      // Pages fill alike: their merges must not all come at once.
      const most =
        Math.max(TWIN_HISTORY_ROWS_APPENDED, merged) + (page % TWIN_HISTORY_ROWS_APPENDED);
      pages.set(
        page,
        appended + rows.length > most
          ? { merges: true, rows: this.#merged(page, rows) }
          : { merges: false, rows },
      );
    }
    return pages;
  }

  /** A checkpoint has been written with these pages. */
  stored(pages: ReadonlyMap<number, HistoryPage>): void {
    for (const [page, { merges, rows }] of pages) {
      const { merged, appended } = this.#rowsOf(page);
      this.#rows.set(
        page,
        merges
          ? { merged: rows.length, appended: 0 }
          : { merged, appended: appended + rows.length },
      );
    }
    this.#pages.clear();
    this.#journalChars = 0;
  }

  /** A twin's newest entries, as the bounds allow at `nowMs`. */
  read(slot: number, id: string, query: HistoryQuery, nowMs: number): HistoryView {
    const { limit, before = Number.POSITIVE_INFINITY, field } = query;
    const known = this.#entriesOf(pageOf(slot), id);
    const newestFirst = within(known, ({ atMs }) => atMs, this.bounds, nowMs).toReversed();
    const entries: HistoryEntry[] = [];
    for (const stored of newestFirst) {
      if (stored.version >= before) continue;
      const last = entries.at(-1);
      if (entries.length >= limit && last!.version !== stored.version)
        return { entries, before: last!.version };
      const entry = shownOf(stored, field);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, before: null };
  }

  #entriesOf(page: number, id: string): readonly StoredEntry[] {
    const recent = this.#pages.get(page)?.get(id);
    if (recent?.isAnew === true) return recent.entries;
    const stored = entriesIn(this.#cell.store.readHistory(page), id);
    return [...stored, ...(recent?.entries ?? [])];
  }

  #merged(page: number, rows: readonly string[]): readonly string[] {
    const { store, nowMs } = this.#cell;
    return mergeRows([...store.readHistory(page), ...rows], this.bounds, nowMs);
  }

  #recentOf(page: number, id: string): Recent {
    let recents = this.#pages.get(page);
    if (recents === undefined) this.#pages.set(page, (recents = new Map<string, Recent>()));
    let recent = recents.get(id);
    if (recent === undefined) recents.set(id, (recent = { isAnew: false, entries: [] }));
    return recent;
  }

  #add(page: number, id: string, entry: StoredEntry): void {
    const recent = this.#recentOf(page, id);
    recent.entries.push(entry);
    this.#journalChars += entry.body.length;
    // Cutting half at once keeps the cost of an entry constant.
    if (recent.entries.length >= this.bounds.count * 2)
      recent.entries = recent.entries.slice(-this.bounds.count);
  }

  #forget(page: number, id: string): void {
    const recent = this.#recentOf(page, id);
    recent.isAnew = true;
    recent.entries = [];
  }

  #rowsOf(page: number): HistoryRows {
    let rows = this.#rows.get(page);
    if (rows === undefined) this.#rows.set(page, (rows = this.#cell.store.historyRows(page)));
    return rows;
  }
}

/** The history of a cell whose model keeps one. What one kept that does no more is forgotten. */
export function historyOf(cell: Cell): CellHistory | undefined {
  const { history } = cell.model;
  if (history !== undefined) return new CellHistory(history, cell);
  cell.store.dropHistory();
  return undefined;
}

function pageOf(slot: number): number {
  return Math.floor(slot / TWINS_PER_PAGE);
}

function* recentLines(
  id: string,
  { isAnew, entries }: Recent,
  isStored: boolean,
): Generator<string> {
  if (isAnew && isStored) yield goneLine(id);
  for (const entry of entries) yield lineOf(id, entry);
}

/** What memory has of a page as lines. Removals are of interest only where something `isStored`. */
function linesOf(recents: ReadonlyMap<string, Recent>, isStored: boolean): readonly string[] {
  return [...recents].flatMap(([id, recent]) => [...recentLines(id, recent, isStored)]);
}

/** An entry as it is shown; undefined when it does not change the field that is asked for. */
function shownOf(
  { atMs, version, body }: StoredEntry,
  field: string | undefined,
): HistoryEntry | undefined {
  const at = new Date(atMs).toISOString();
  const entry = JSON.parse(body) as Omit<HistoryEntry, "version" | "at">;
  if (field === undefined) return { version, at, ...entry };
  const change = Object.hasOwn(entry.changes, field) ? entry.changes[field] : undefined;
  return change === undefined ? undefined : { version, at, ...entry, changes: { [field]: change } };
}
