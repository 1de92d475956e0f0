/**
 * Widgets and their history on disk. A minute's results of all widgets share a row (or as few as hold them), so
 * that a history costs one row written a minute and one deleted a day later, however many widgets there are.
 */
import {
  HISTORY_MINUTES,
  HISTORY_RESULT_CHARS_MAX,
  ROW_CHARS_MAX,
  WIDGETS_MAX,
} from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import { queryOfWidget } from "../wire/widget-v1.ts";
import type { Widget, WidgetResult } from "../wire/widget-v1.ts";

const MINUTE_MS = 60_000;

/** A widget's result without its time, which all results of a minute share. */
export type MinuteResult = Omit<WidgetResult, "atMs">;

interface Kept {
  readonly widget: Widget;
  /** When it began to show what it shows: older results under its id are not its own. */
  readonly sinceMs: number;
}

export class WidgetStore {
  rowsWritten = 0;
  readonly #sql: SqlStorage;
  readonly #widgets = new Map<string, Kept>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "create table if not exists widget(id text primary key, since_ms integer not null, json text not null) without rowid",
    );
    sql.exec(
      `create table if not exists history(
        at_ms integer not null, part integer not null, results text not null, primary key(at_ms, part)
      ) without rowid`,
    );
    for (const row of sql.exec<{ id: string; since_ms: number; json: string }>(
      "select id, since_ms, json from widget",
    )) {
      this.#widgets.set(row.id, { widget: JSON.parse(row.json) as Widget, sinceMs: row.since_ms });
    }
  }

  all(): readonly Widget[] {
    return [...this.#widgets.values()].map((kept) => kept.widget);
  }

  get(id: string): Widget | undefined {
    return this.#widgets.get(id)?.widget;
  }

  /** Stores a widget. Its history goes on unless it now asks something else. Refuses with `widget/too-many`. */
  put(widget: Widget, nowMs: number): Result<{ readonly created: boolean }> {
    const known = this.#widgets.get(widget.id);
    if (known === undefined && this.#widgets.size >= WIDGETS_MAX) {
      return refuse(
        "widget/too-many",
        `There are ${this.#widgets.size} widgets; ${WIDGETS_MAX} is the limit.`,
      );
    }
    const isSameQuery =
      known !== undefined &&
      JSON.stringify(queryOfWidget(known.widget)) === JSON.stringify(queryOfWidget(widget));
    const sinceMs = isSameQuery ? known.sinceMs : nowMs;
    this.#exec(
      "insert into widget(id, since_ms, json) values(?, ?, ?) on conflict(id) do update set since_ms = excluded.since_ms, json = excluded.json",
      widget.id,
      sinceMs,
      JSON.stringify(widget),
    );
    this.#widgets.set(widget.id, { widget, sinceMs });
    return ok({ created: known === undefined });
  }

  /** Forgets a widget; false when there is none. */
  remove(id: string): boolean {
    if (!this.#widgets.delete(id)) return false;
    this.#exec("delete from widget where id = ?", id);
    return true;
  }

  /** Whether the results of a minute are there already. */
  hasMinute(atMs: number): boolean {
    return (
      this.#sql.exec("select 1 from history where at_ms = ? limit 1", atMs).toArray().length > 0
    );
  }

  /** Keeps a minute's results, by widget, and drops what is older than HISTORY_MINUTES. One synchronous turn. */
  addMinute(atMs: number, results: ReadonlyMap<string, MinuteResult>): void {
    this.#exec("delete from history where at_ms <= ?", atMs - HISTORY_MINUTES * MINUTE_MS);
    let part = 0;
    let entries: string[] = [];
    let chars = 0;
    const flush = (): void => {
      if (entries.length === 0) return;
      this.#exec(
        "insert into history(at_ms, part, results) values(?, ?, ?) on conflict(at_ms, part) do update set results = excluded.results",
        atMs,
        part++,
        `{${entries.join(",")}}`,
      );
      entries = [];
      chars = 0;
    };
    for (const [id, result] of results) {
      const entry = `${JSON.stringify(id)}:${boundedJson(result)}`;
      if (chars + entry.length > ROW_CHARS_MAX) flush();
      entries.push(entry);
      chars += entry.length + 1;
    }
    flush();
  }

  /** The newest `limit` results of a widget, oldest first. */
  history(id: string, limit: number): readonly WidgetResult[] {
    const kept = this.#widgets.get(id);
    if (kept === undefined) return [];
    // Ids hold nothing that could end the quotes of a JSON path (see `isWidgetId`).
    const rows = this.#sql
      .exec<{ at_ms: number; result: string }>(
        `select at_ms, json_extract(results, ?1) as result from history
         where at_ms >= ?2 and json_type(results, ?1) is not null order by at_ms desc limit ?3`,
        `$."${id}"`,
        kept.sinceMs,
        limit,
      )
      .toArray();
    return rows
      .toReversed()
      .map((row) => ({ atMs: row.at_ms, ...(JSON.parse(row.result) as MinuteResult) }));
  }

  #exec(statement: string, ...bindings: (number | string)[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}

/** A result as JSON, without its last rows where it would be longer than HISTORY_RESULT_CHARS_MAX. */
export function boundedJson(result: MinuteResult): string {
  const head = `{"partial":${result.partial},"columns":${JSON.stringify(result.columns)},"rows":[`;
  let json = head;
  for (const [i, row] of result.rows.entries()) {
    const text = `${i === 0 ? "" : ","}${JSON.stringify(row)}`;
    if (json.length + text.length + 2 > HISTORY_RESULT_CHARS_MAX) break;
    json += text;
  }
  return `${json}]}`;
}
