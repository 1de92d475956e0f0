import fc from "fast-check";
import { expect, test } from "vitest";
import { QUERY_ROWS_MAX } from "../../src/core/limits.ts";
import {
  dividePage,
  PAGE_ROWS_KEPT,
  PAGES_MAX,
  WHOLE,
} from "../../src/dashboard/client/place-pages.ts";
import type { PageRange } from "../../src/dashboard/client/place-pages.ts";

/** Reads pages as a server answers them, until none divides any more. */
function readAll(ids: readonly string[]): readonly (readonly string[])[] {
  let pages = WHOLE;
  for (let index = 0; index < pages.length; index++) {
    const divided = dividePage(pages, index, rowsOf(pages[index]!, ids));
    if (divided === pages) continue;
    pages = divided;
    index--;
  }
  return pages.map((page) => rowsOf(page, ids));
}

function rowsOf({ after, upTo }: PageRange, ids: readonly string[]): readonly string[] {
  const isIn = (id: string): boolean =>
    (after === undefined || id > after) && (upTo === undefined || id <= upTo);
  return ids.filter(isIn).slice(0, QUERY_ROWS_MAX);
}

function makeIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => String(i).padStart(6, "0"));
}

test("one row less than a full page stays one page", () => {
  expect(readAll(makeIds(QUERY_ROWS_MAX - 1))).toHaveLength(1);
});

test("a full page is divided, since there may be more", () => {
  const pages = readAll(makeIds(QUERY_ROWS_MAX));
  expect(pages.map(({ length }) => length)).toEqual([
    PAGE_ROWS_KEPT,
    QUERY_ROWS_MAX - PAGE_ROWS_KEPT,
  ]);
});

test("as many twins as the pages hold are all read, in order; those beyond are not", () => {
  const room = (PAGES_MAX - 1) * PAGE_ROWS_KEPT + QUERY_ROWS_MAX;
  const ids = makeIds(room + 1);
  expect(readAll(ids.slice(0, room)).flat()).toEqual(ids.slice(0, room));
  expect(readAll(ids)).toHaveLength(PAGES_MAX);
  expect(readAll(ids).flat()).toEqual(ids.slice(0, room));
});

test("pages never overlap and leave no gap, however twins come and go between answers", () => {
  const answers = fc.array(fc.tuple(fc.nat(PAGES_MAX), fc.nat(30)), { maxLength: 12 });
  const check = (rounds: readonly (readonly [number, number])[]): void => {
    let pages = WHOLE;
    for (const [index, shift] of rounds) {
      const ids = makeIds(40_000 + shift * 500).filter((_, i) => i % (shift + 1) !== 1);
      const page = pages[index];
      if (page !== undefined) pages = dividePage(pages, index, rowsOf(page, ids));
    }
    expect(pages[0]?.after).toBeUndefined();
    expect(pages.at(-1)?.upTo).toBeUndefined();
    for (const [i, page] of pages.entries()) {
      if (i > 0) expect(page.after).toBe(pages[i - 1]?.upTo);
    }
  };
  fc.assert(fc.property(answers, check), { seed: 20261123, numRuns: 30 });
});
