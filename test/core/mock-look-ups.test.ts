/** Shared data, tables and databases in the mock environment, and the limits that its time is for. */
import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import type { MockOptions } from "livetwin/testing";
import { LOOKUP_MS_MAX, STEP_ASYNC_MS_MAX } from "../../src/core/limits.ts";
import { lookerModel } from "../support/look-up-model.ts";

function environmentWith(more: Omit<MockOptions, "models">): MockEnvironment {
  return new MockEnvironment({ models: [lookerModel], ...more });
}

const query = (sql: string, parameters: unknown[] = [], more: object = {}): object => ({
  do: "query",
  sql,
  parameters,
  ...more,
});

describe("a mock environment", () => {
  test("has the tables, the values and the databases that it is given", async () => {
    const asked: unknown[] = [];
    const environment = environmentWith({
      tables: { sites: [{ id: "a", n: 1 }], zones: { key: "zone", rows: [{ zone: 7 }] } },
      shared: { Looker: { limit: 5 }, _global: { limit: 6 } },
      databases: {
        main: {
          query: async (sql, parameters) => {
            asked.push([sql, parameters]);
            return [{ name: "x" }];
          },
        },
      },
    });
    await environment.sendAsync("Looker", "a", [
      { do: "row", key: "a" },
      { do: "row", table: "zones", key: "7" },
      { do: "get", key: "limit" },
      { do: "get", key: "limit", global: true },
      query("select name", [1, "two"]),
    ]);
    expect(environment.twin("Looker", "a")).toMatchObject({
      results: [
        { id: "a", n: 1 },
        { zone: 7 },
        { value: 5, version: 1 },
        { value: 6, version: 1 },
        [{ name: "x" }],
      ],
    });
    expect(asked).toEqual([["select name", [1, "two"]]]);
  });

  test("shows what twins have shared, and lets a test set it", async () => {
    const environment = environmentWith({});
    await environment.sendAsync("Looker", "a", { do: "add", key: "n", by: 2 });
    environment.shared("Looker").set("m", [1]);
    expect(environment.shared("Looker").get("n")).toBe(2);
    expect([...environment.shared("Looker").entries()]).toEqual([
      ["m", [1]],
      ["n", 2],
    ]);
    expect(environment.shared().get("n")).toBeUndefined();
    expect(() => environment.shared().set("a/b", 1)).toThrow("is no key of shared data");
    environment.restart();
    expect(environment.shared("Looker").get("n")).toBe(2);
  });

  test("fails a look-up that hangs when its own time has gone so far", async () => {
    const environment = environmentWith({
      databases: { main: { query: () => new Promise(() => undefined) } },
    });
    const sent = environment.sendAsync("Looker", "a", query("select"));
    environment.advance(LOOKUP_MS_MAX - 1);
    await environment.sendAsync("Looker", "neighbour", { do: "nothing" });
    expect(environment.logs("Looker")).toEqual([]);
    environment.advance(1);
    expect((await sent).rejected).toMatchObject([
      { code: "model/failed", detail: expect.stringContaining("took more than 5000 ms") },
    ]);
  });

  test("fails a step that never ends when its time has gone so far, and goes on with the next message", async () => {
    const environment = environmentWith({});
    const stuck = environment.sendAsync("Looker", "a", { do: "hang" });
    const next = environment.sendAsync("Looker", "a", { do: "nothing" });
    environment.advance(STEP_ASYNC_MS_MAX);
    expect(await stuck).toMatchObject({ accepted: 0 });
    expect(await next).toMatchObject({ accepted: 1 });
  });

  test("hands a database's error on to the model in its own words", async () => {
    const environment = environmentWith({
      databases: {
        main: {
          query: () => {
            throw new Error("no such column");
          },
        },
      },
    });
    await environment.sendAsync("Looker", "a", query("select", [], { catch: true }));
    expect(environment.twin("Looker", "a")).toMatchObject({
      results: ['database("main").query(select): no such column'],
    });
  });

  test.each([
    [{ tables: { "1st": [] } }, "a table's name"],
    [{ tables: { sites: [{ name: "x" }] } }, "Row 1: its key column"],
    [{ shared: { Looker: { "a#b": 1 } } }, "no key of shared data"],
  ])("refuses at once what the service would refuse: %j", (options, why) => {
    expect(() => environmentWith(options)).toThrow(why);
  });
});
