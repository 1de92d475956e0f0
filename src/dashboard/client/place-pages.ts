/**
 * Divides a model's twins by id into pages that one query can return. Where the ids divide is not known before
 * they are read, so this begins with one page, and one that comes back full is divided. Pages keep some room: a
 * division would cost its queries again with every new twin otherwise.
 */
import { QUERY_ROWS_MAX } from "../../core/limits.ts";

/** Pages at most: 50,000 points are as many as a page-wide map can tell apart. Twins beyond them are not drawn. */
export const PAGES_MAX = 5;

/** Rows that a page is left with when it is divided. */
export const PAGE_ROWS_KEPT = 9_000;

/** The ids of a page: above `after`, up to `upTo`, both open at the ends. */
export interface PageRange {
  readonly after: string | undefined;
  readonly upTo: string | undefined;
}

/** All ids, as one page. */
export const WHOLE: readonly PageRange[] = [{ after: undefined, upTo: undefined }];

/**
 * The pages after page `index` came back with these ids, ascending: the same list unless it was full and there may
 * be more pages.
 */
export function dividePage(
  pages: readonly PageRange[],
  index: number,
  ids: readonly string[],
): readonly PageRange[] {
  const page = pages[index];
  const edge = ids[PAGE_ROWS_KEPT - 1];
  if (page === undefined || edge === undefined) return pages;
  if (ids.length < QUERY_ROWS_MAX || pages.length >= PAGES_MAX) return pages;
  const halves = [
    { after: page.after, upTo: edge },
    { after: edge, upTo: page.upTo },
  ];
  return [...pages.slice(0, index), ...halves, ...pages.slice(index + 1)];
}
