import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { editDistance, nearestOf } from "../../../src/core/nearest.ts";
import { formatTime, parseTime } from "../../../src/core/query/time-text.ts";
import { SEED } from "./arbitraries.ts";

describe("times", () => {
  test.each([
    ["2026-11-22", Date.UTC(2026, 10, 22)],
    ["2026-11-22T09:30", Date.UTC(2026, 10, 22, 9, 30)],
    ["2026-11-22 09:30:15", Date.UTC(2026, 10, 22, 9, 30, 15)],
    ["2026-11-22T09:30:15.25Z", Date.UTC(2026, 10, 22, 9, 30, 15, 250)],
    ["2026-11-22T09:30:15.289999999Z", Date.UTC(2026, 10, 22, 9, 30, 15, 289)],
    ["2026-11-22t09:30:00+01:00", Date.UTC(2026, 10, 22, 8, 30)],
    ["2026-11-22T00:15:00-0530", Date.UTC(2026, 10, 22, 5, 45)],
    ["2028-02-29", Date.UTC(2028, 1, 29)],
  ])("%s is read, as UTC unless it says otherwise", (text, epochMs) => {
    expect(parseTime(text)).toBe(epochMs);
  });

  test.each([
    "",
    "2026",
    "2026-11",
    "22.11.2026",
    "2026-11-31",
    "2026-02-29",
    "2026-00-10",
    "2026-13-01",
    "2026-11-00",
    "0050-01-01",
    "2026-11-22T24:00",
    "2026-11-22T09:60",
    "2026-11-22T09:30:60",
    "2026-11-22T09:30:15.",
    "2026-11-22T09:30+1",
    " 2026-11-22",
    "2026-11-22T09:30:15Z!",
  ])("%j is none", (text) => {
    expect(parseTime(text)).toBeNull();
  });

  test("are read back as they are shown", () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date("0100-01-01T00:00:00Z"),
          max: new Date("9999-12-31T23:59:59Z"),
          noInvalidDate: true,
        }),
        (date) => {
          expect(parseTime(formatTime(date.getTime())!)).toBe(date.getTime());
        },
      ),
      { seed: SEED },
    );
  });

  test("are shown as far as calendars go", () => {
    expect(formatTime(8.64e15)).toBe("+275760-09-13T00:00:00.000Z");
    for (const epochMs of [8.64e15 + 1, -8.64e15 - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(formatTime(epochMs)).toBeNull();
    }
  });
});

describe("the nearest name", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["flaw", "lawn", 2],
  ])("%j is %j by so many edits", (from, to, edits) => {
    expect(editDistance(from, to)).toBe(edits);
    expect(editDistance(to, from)).toBe(edits);
  });

  test("is the first of several as near, and none of none", () => {
    expect(nearestOf("lode", ["level", "load", "node"])).toBe("node");
    expect(nearestOf("xx", ["aa", "bb"])).toBe("aa");
    expect(nearestOf("x", [])).toBeUndefined();
  });

  test("is a longer one that it begins, rather than a short one that it is nothing like", () => {
    expect(nearestOf("temp", ["id", "temperature"])).toBe("temperature");
  });
});
