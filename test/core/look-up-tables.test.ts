/** Look-up tables, the cell's cache of their rows, and what a database may answer: their rules and bounds. */
import { describe, expect, test } from "vitest";
import { DatabaseAnswer } from "../../src/core/database-answer.ts";
import {
  DATABASE_ANSWER_CHARS_MAX,
  DATABASE_ROWS_MAX,
  TABLE_CACHE_CHARS_MAX,
  TABLE_CACHE_MS,
  TABLE_FIND_ROWS_MAX,
  TABLE_FIND_SCAN_MAX,
  TABLE_INDEXES_MAX,
  TABLE_KEY_CHARS_MAX,
  TABLE_ROWS_PER_REQUEST_MAX,
  TABLE_ROW_CHARS_MAX,
} from "../../src/core/limits.ts";
import type { Json } from "../../src/core/model.ts";
import { RowCache } from "../../src/core/row-cache.ts";
import { MemoryTable } from "../../src/core/shared-data/memory-table.ts";
import { checkDefinition, planFind, storedRowOf } from "../../src/core/shared-data/table.ts";
import type { TableDefinition, TableRow } from "../../src/core/shared-data/table.ts";
import { parseTableRows } from "../../src/ingest/table-rows.ts";

const SITES: TableDefinition = { name: "sites", key: "id", indexes: ["region"] };
const SETTINGS = { ...SITES, types: { n: "number", on: "boolean" } } as const;

function tableOf(rows: readonly TableRow[]): MemoryTable {
  const stored = rows.map((row, i) => {
    const made = storedRowOf(SITES, row, i + 1);
    if (!made.ok) throw new Error(made.refusal.detail);
    return made.value;
  });
  return new MemoryTable(SITES, stored);
}

describe("a look-up table", () => {
  test.each([
    [{ name: "1st" }, "a table's name is"],
    [{ name: "x".repeat(65) }, "a table's name is"],
    [{ key: "" }, "a column's name has"],
    [{ key: "x".repeat(TABLE_KEY_CHARS_MAX + 1) }, "a column's name has"],
    [
      { indexes: Array.from({ length: TABLE_INDEXES_MAX + 1 }, (_, i) => `i${i}`) },
      "indexes at most",
    ],
    [{ indexes: ["a", "a"] }, "different indexes"],
  ])("is refused as %j", (wrong, why) => {
    const checked = checkDefinition({ ...SITES, ...wrong });
    expect(checked).toMatchObject({ refusal: { code: "table/malformed" } });
    expect(!checked.ok && checked.refusal.detail).toContain(why);
  });

  test("may have as many indexes as it may, and the longest name of a column", () => {
    const indexes = Array.from({ length: TABLE_INDEXES_MAX }, (_, i) => `i${i}`);
    const key = "x".repeat(TABLE_KEY_CHARS_MAX);
    expect(checkDefinition({ name: "x".repeat(64), key, indexes })).toMatchObject({ ok: true });
  });

  test.each([
    [null, "no object"],
    [[1], "no object"],
    [{ region: "N" }, "key column"],
    [{ id: null }, "key column"],
    [{ id: "" }, "key column"],
    [{ id: ["a"] }, "key column"],
    [{ id: "x".repeat(TABLE_KEY_CHARS_MAX + 1) }, "its key has"],
    [{ id: "a", x: "x".repeat(TABLE_ROW_CHARS_MAX) }, "characters of JSON"],
  ])("has no row %#, which is %j", (row, why) => {
    const made = storedRowOf(SITES, row, 7);
    expect(made).toMatchObject({ refusal: { code: "table/bad-row", data: { row: 7 } } });
    expect(!made.ok && made.refusal.detail).toContain(why);
  });

  test("has rows of the largest size, and keys of the longest", () => {
    const key = "x".repeat(TABLE_KEY_CHARS_MAX);
    expect(storedRowOf(SITES, { id: key }, 1)).toMatchObject({ ok: true });
    const frame = JSON.stringify({ id: "a", x: "" }).length;
    const row = { id: "a", x: "x".repeat(TABLE_ROW_CHARS_MAX - frame) };
    expect(storedRowOf(SITES, row, 1)).toMatchObject({ ok: true });
    expect(storedRowOf(SITES, { ...row, x: `${row.x}x` }, 1)).toMatchObject({ ok: false });
  });

  test("finds by number and truth what it holds as such, and tells text from them", () => {
    const table = tableOf([
      { id: 1, region: 5 },
      { id: "two", region: "5" },
      { id: "three", region: true },
      { id: "four", region: null },
    ]);
    const ids = (where: TableRow): Json[] => {
      const found = table.find(where);
      return found.ok ? found.value.map(({ id }) => id!) : [found.refusal.code];
    };
    expect(ids({ region: 5 })).toEqual([1]);
    expect(ids({ region: "5" })).toEqual(["two"]);
    expect(ids({ region: true })).toEqual(["three"]);
    expect(ids({ region: null })).toEqual(["table/not-indexed"]);
    expect(ids({ id: 1 })).toEqual([1]);
    expect(ids({ id: "1" })).toEqual([]);
    expect(ids({ id: "four", region: null })).toEqual(["four"]);
    expect(table.get("1")).toEqual({ id: 1, region: 5 });
  });

  test("tells long values apart that share the beginning which is indexed", () => {
    const long = "x".repeat(TABLE_KEY_CHARS_MAX);
    const table = tableOf([
      { id: "a", region: `${long}1` },
      { id: "b", region: `${long}2` },
    ]);
    expect(table.find({ region: `${long}2` })).toMatchObject({ value: [{ id: "b" }] });
  });

  test("gives what may be found at once, and looks at no more rows than it may", () => {
    expect(planFind(SITES, { id: 1 }, TABLE_FIND_ROWS_MAX)).toMatchObject({ ok: true });
    for (const limit of [TABLE_FIND_ROWS_MAX + 1, 0, 1.5])
      expect(planFind(SITES, { id: 1 }, limit)).toMatchObject({
        refusal: { code: "table/malformed" },
      });
    const rows = Array.from({ length: TABLE_FIND_SCAN_MAX }, (_, i) => ({ id: i, region: "N" }));
    const nothing = { region: "N", other: 1 };
    expect(tableOf(rows).find(nothing)).toEqual({ ok: true, value: [] });
    expect(tableOf([...rows, { id: -1, region: "N" }]).find(nothing)).toMatchObject({
      refusal: { code: "table/too-wide" },
    });
    const found = tableOf([...rows, { id: -1, region: "N" }]).find({ region: "N" });
    expect(found.ok && found.value.length).toBe(TABLE_FIND_ROWS_MAX);
  });
});

describe("rows from a request", () => {
  test("of CSV are text, but for the columns that have a type", () => {
    const csv = "id,n,on,constructor\n007,1.50,TRUE,1\nb,,,\n";
    expect(parseTableRows(csv, "text/csv; charset=utf-8", SETTINGS)).toMatchObject({
      value: [
        { key: "007", text: JSON.stringify({ id: "007", n: 1.5, on: true, constructor: "1" }) },
        { key: "b", text: JSON.stringify({ id: "b", n: null, on: null, constructor: "" }) },
      ],
    });
  });

  test("of CSV may come after blank lines, and with another delimiter", () => {
    expect(parseTableRows("\uFEFF\r\n \r\nid;n\r\na;5\r\n", "text/csv", SETTINGS)).toMatchObject({
      value: [{ key: "a", text: JSON.stringify({ id: "a", n: 5 }) }],
    });
  });

  test.each([
    ["id,n\na,x\n", "table/bad-row", 'column "n" has "x", which is no number'],
    ["id,on\na,1\n", "table/bad-row", "which is no boolean"],
    ["id,n\na,1,2\n", "body/malformed", "CSV row 1"],
    ["id,n\na\n", "body/malformed", "CSV row 1"],
    ['id\n"a\n', "body/malformed", "CSV row"],
    ["n\n1\n", "body/malformed", 'no column "id"'],
    ["", "body/malformed", 'no column "id"'],
    ['id,n,"n"\na,1,2\n', "body/malformed", 'two columns "n"'],
    [" \n\nid;n;n\na;1;2\n", "body/malformed", 'two columns "n"'],
  ])("of the CSV %j are refused: %s", (csv, code, why) => {
    const parsed = parseTableRows(csv, "text/csv", SETTINGS);
    expect(parsed).toMatchObject({ refusal: { code } });
    expect(!parsed.ok && parsed.refusal.detail).toContain(why);
  });

  test("are as many as one request may have, and not one more", () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, i) => `{"id":${i}}`).join("\n");
    expect(parseTableRows(lines(TABLE_ROWS_PER_REQUEST_MAX), "", SETTINGS)).toMatchObject({
      ok: true,
    });
    expect(parseTableRows(lines(TABLE_ROWS_PER_REQUEST_MAX + 1), "", SETTINGS)).toMatchObject({
      refusal: { code: "body/too-many" },
    });
  });

  test("name the line that is no JSON", () => {
    expect(parseTableRows('{"id":1}\n\n{"id"', "", SETTINGS)).toMatchObject({
      refusal: { code: "body/malformed", detail: expect.stringContaining("Line 3") as string },
    });
  });
});

describe("a cell's cache of rows", () => {
  test("gives a row until its time is over, counted from when it was asked for", () => {
    const cache = new RowCache();
    cache.put("t", "a", "null", 100);
    expect(cache.get("t", "a", 99 + TABLE_CACHE_MS)).toBe("null");
    expect(cache.get("t", "a", 100 + TABLE_CACHE_MS)).toBeUndefined();
    expect(cache.get("u", "a", 100)).toBeUndefined();
    cache.put("t", "a", "{}", 200);
    expect(cache.get("t", "a", 200)).toBe("{}");
  });

  test("keeps no more characters than it may, the newest of them", () => {
    const cache = new RowCache();
    const text = "x".repeat(TABLE_ROW_CHARS_MAX);
    const count = Math.ceil(TABLE_CACHE_CHARS_MAX / TABLE_ROW_CHARS_MAX) + 10;
    for (let i = 0; i < count; i++) cache.put("t", String(i), text, 0);
    expect(cache.chars).toBeLessThanOrEqual(TABLE_CACHE_CHARS_MAX);
    expect(cache.chars).toBeGreaterThan(TABLE_CACHE_CHARS_MAX - 2 * TABLE_ROW_CHARS_MAX);
    expect(cache.get("t", "0", 0)).toBeUndefined();
    expect(cache.get("t", String(count - 1), 0)).toBe(text);
  });

  test("lets go of what is too old as new rows come", () => {
    const cache = new RowCache();
    for (let i = 0; i < 10; i++) cache.put("t", String(i), "{}", i);
    cache.put("t", "new", "{}", TABLE_CACHE_MS + 100);
    expect(cache.chars).toBeLessThan(100);
  });
});

describe("a database's answer", () => {
  test("has as many rows as it may, and not one more", () => {
    const answer = new DatabaseAnswer();
    const rows = Array.from({ length: DATABASE_ROWS_MAX }, (_, n) => ({ n }));
    expect(answer.add(rows)).toBe(true);
    expect(answer.finish()).toHaveLength(DATABASE_ROWS_MAX);
    expect(answer.add([{ n: 1 }])).toBe(false);
    expect(() => answer.finish()).toThrow(`more than ${DATABASE_ROWS_MAX} rows`);
  });

  test("has as many characters as it may, and not one more", () => {
    const text = (chars: number): string => "x".repeat(chars - JSON.stringify({ t: "" }).length);
    const fits = new DatabaseAnswer();
    expect(fits.add([{ t: text(DATABASE_ANSWER_CHARS_MAX) }])).toBe(true);
    expect(fits.finish()).toHaveLength(1);
    const over = new DatabaseAnswer();
    expect(over.add([{ t: text(DATABASE_ANSWER_CHARS_MAX + 1) }])).toBe(false);
    expect(() => over.finish()).toThrow(`more than ${DATABASE_ANSWER_CHARS_MAX} characters`);
  });
});
