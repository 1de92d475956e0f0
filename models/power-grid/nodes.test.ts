import { describe, expect, test } from "vitest";
import { readZipCodes } from "../../tools/replay/zip-codes.ts";
import { pickNodes, regionOf } from "./nodes.ts";

const ZIP_CODES = readZipCodes();

describe("a grid of 20,000 nodes", () => {
  const nodes = pickNodes(ZIP_CODES, 20_000, 1);

  test("has that many different ids of five digits, some with a leading zero", () => {
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(20_000);
    expect(nodes.filter(({ id }) => !/^\d{5}$/.test(id))).toEqual([]);
    expect(nodes.filter(({ id }) => id.startsWith("0")).length).toBeGreaterThan(1_000);
  });

  test("stands at the coordinates of its ZIP codes, in the 50 states and all of them", () => {
    const byZip = new Map(ZIP_CODES.map((each) => [each.zip, each]));
    const states = new Set<string>();
    for (const { id, longitude, latitude } of nodes) {
      const zip = byZip.get(id);
      expect(zip).toMatchObject({ longitude, latitude });
      states.add(zip?.state ?? "");
    }
    expect(states.size).toBe(50);
    for (const other of ["DC", "PR", "VI", "GU", "AS", "MP", "FM", "MH", "PW"]) {
      expect(states).not.toContain(other);
    }
  });

  test("alternates the two types", () => {
    expect(nodes.filter(({ nodeType }) => nodeType === "controller")).toHaveLength(10_000);
    expect(nodes.slice(0, 3).map(({ nodeType }) => nodeType)).toEqual([
      "infrastructure",
      "controller",
      "infrastructure",
    ]);
  });

  test("has nodes of each region, none with more than three times those of another but the north-east", () => {
    const counts = new Map<string, number>();
    for (const { region } of nodes) counts.set(region, (counts.get(region) ?? 0) + 1);
    expect([...counts.keys()].toSorted()).toEqual(["MN", "MS", "NE", "NW", "SE", "SW"]);
    expect(Math.min(...counts.values())).toBeGreaterThan(1_500);
    expect(Math.max(...counts.values())).toBe(counts.get("NE"));
  });

  test("is the same for the same seed, another for another, and begins with any smaller one", () => {
    expect(pickNodes(ZIP_CODES, 20_000, 1)).toEqual(nodes);
    expect(pickNodes(ZIP_CODES, 100, 1)).toEqual(nodes.slice(0, 100));
    const others = new Set(pickNodes(ZIP_CODES, 100, 2).map(({ id }) => id));
    expect(nodes.slice(0, 100).filter(({ id }) => !others.has(id)).length).toBeGreaterThan(90);
  });
});

test("every ZIP code of the 50 states can be drawn, and not one more", () => {
  expect(pickNodes(ZIP_CODES, 41_549, 1)).toHaveLength(41_549);
  expect(() => pickNodes(ZIP_CODES, 41_550, 1)).toThrow(
    "41550 nodes: the 50 states have only 41549 ZIP codes here.",
  );
  expect(pickNodes(ZIP_CODES, 0, 1)).toEqual([]);
});

test("the given list of codes stays as it is", () => {
  const codes = ZIP_CODES.slice(0, 1_000);
  pickNodes(codes, 100, 1);
  expect(codes).toEqual(ZIP_CODES.slice(0, 1_000));
});

test.each([
  ["Seattle", -122.33, 47.61, "NW"],
  ["Anchorage", -149.9, 61.22, "NW"],
  ["Los Angeles", -118.24, 34.05, "SW"],
  ["Honolulu", -157.86, 21.31, "SW"],
  ["Chicago", -87.63, 41.88, "MN"],
  ["Houston", -95.37, 29.76, "MS"],
  ["Boston", -71.06, 42.36, "NE"],
  ["Miami", -80.19, 25.76, "SE"],
])("%s is in its region", (_, longitude, latitude, region) => {
  expect(regionOf(longitude, latitude)).toBe(region);
});

test.each([
  [-104.01, 39, "NW"],
  [-104, 39, "MN"],
  [-104, 38.99, "MS"],
  [-87.51, 39, "MN"],
  [-87.5, 39, "NE"],
  [-87.5, 38.99, "SE"],
])("the point %d, %d on or beside a boundary is in %s", (longitude, latitude, region) => {
  expect(regionOf(longitude, latitude)).toBe(region);
});
