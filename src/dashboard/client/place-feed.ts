/** The live places of a model's twins: as many subscriptions as it takes to read them page by page. */
import { signal } from "@preact/signals";
import type { QuerySpec, Scalar } from "../../core/query/plan.ts";
import type { LiveResult } from "../../wire/live-v1.ts";
import type { Problem } from "./live-frames.ts";
import type { LiveSocket } from "./live-socket.ts";
import { dividePage, WHOLE } from "./place-pages.ts";
import type { PageRange } from "./place-pages.ts";
import { PLACE_COLUMNS } from "./queries.ts";

export type PlaceRow = readonly (Scalar | null)[];

export interface Places {
  /** Rows as `PLACE_COLUMNS`. A page that did not change is the same array as before. */
  readonly pages: readonly (readonly PlaceRow[])[];
  /** Whether any result has come. */
  readonly isReady: boolean;
  readonly problem: Problem | undefined;
}

interface OpenPage {
  readonly range: PageRange;
  readonly rows: readonly PlaceRow[];
  readonly close: () => void;
}

export class PlaceFeed {
  readonly places = signal<Places>({ pages: [], isReady: false, problem: undefined });
  readonly #live: LiveSocket;
  readonly #queryOf: (range: PageRange) => QuerySpec;
  #pages: readonly OpenPage[];

  constructor(live: LiveSocket, queryOf: (range: PageRange) => QuerySpec) {
    this.#live = live;
    this.#queryOf = queryOf;
    this.#pages = WHOLE.map((range) => this.#open(range, []));
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const page of this.#pages) page.close();
    this.#pages = [];
  }

  #open(range: PageRange, rows: readonly PlaceRow[]): OpenPage {
    const close = this.#live.subscribe(this.#queryOf(range), {
      onResult: (result) => this.#onResult(range, result),
      onProblem: (problem) => (this.places.value = { ...this.places.value, problem }),
    });
    return { range, rows, close };
  }

  #onResult(range: PageRange, { rows }: LiveResult): void {
    const index = this.#pages.findIndex((page) => page.range === range);
    const page = this.#pages[index];
    if (page === undefined) return;
    const ranges = this.#pages.map((open) => open.range);
    const ids = rows.map((row) => String(row[PLACE_COLUMNS.id]));
    const divided = dividePage(ranges, index, ids);
    const next = divided === ranges ? [{ ...page, rows }] : this.#divide(page, divided, rows, ids);
    this.#pages = [...this.#pages.slice(0, index), ...next, ...this.#pages.slice(index + 1)];
    this.places.value = {
      pages: this.#pages.map((open) => open.rows),
      isReady: true,
      problem: undefined,
    };
  }

  /** Opens what came in a page's place. What is known already is shown until the new pages answer. */
  #divide(
    page: OpenPage,
    ranges: readonly PageRange[],
    rows: readonly PlaceRow[],
    ids: readonly string[],
  ): readonly OpenPage[] {
    page.close();
    const fresh = ranges.filter((range) => this.#pages.every((open) => open.range !== range));
    return fresh.map((range) => {
      const { after, upTo } = range;
      const known = rows.filter((_, i) => {
        const id = ids[i] ?? "";
        return (after === undefined || id > after) && (upTo === undefined || id <= upTo);
      });
      return this.#open(range, known);
    });
  }
}
