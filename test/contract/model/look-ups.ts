/** What a model can do with shared data and look-ups. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

const LOOKER = "Looker";

const SITES = {
  key: "id",
  index: ["region"],
  rows: [
    { id: "north", region: "N", capacity: 5 },
    { id: "south", region: "S", capacity: 7 },
    { id: "south-2", region: "S", capacity: 9 },
    { id: "17", region: "S", capacity: 7 },
  ],
};

export function lookUpContract(host: HostOf): void {
  const sendTo = async (id: string, message: unknown): Promise<unknown> => {
    const { accepted, rejected } = await host().sendAsync(LOOKER, id, message);
    return rejected.length > 0 ? rejected : accepted;
  };
  const resultsOf = async (id: string): Promise<unknown> =>
    (await host().state(LOOKER, id))?.["results"];

  describe("changes of shared data that leave with the commit", () => {
    test("add up over the twins of a model, apart from what all models share", async () => {
      const key = host().fresh("count");
      const [a, b] = [host().fresh("adder"), host().fresh("adder")];
      expect(
        await sendTo(a, [
          { do: "add", key },
          { do: "add", key, by: 2.5 },
        ]),
      ).toBe(2);
      expect(await sendTo(b, { do: "add", key, by: -1 })).toBe(1);
      expect(await sendTo(b, { do: "add", key, by: 100, global: true })).toBe(1);
      expect(await host().shared(LOOKER, key)).toBe(2.5);
      expect(await host().shared("_global", key)).toBe(100);
    });

    test("are not carried out for a message that fails", async () => {
      const key = host().fresh("count");
      const id = host().fresh("failing");
      const messages = [
        { do: "add", key },
        { do: "add", key, fail: true },
        { do: "add", key },
      ];
      expect(await sendTo(id, messages)).toMatchObject([{ index: 1, code: "model/failed" }]);
      expect(await host().shared(LOOKER, key)).toBe(2);
    });

    test("set and delete in their order", async () => {
      const key = host().fresh("value");
      const id = host().fresh("setter");
      await sendTo(id, [
        { do: "set", key, value: { a: [1] } },
        { do: "delete", key },
        { do: "set", key, value: 5 },
        { do: "add", key },
      ]);
      expect(await host().shared(LOOKER, key)).toBe(6);
      await sendTo(id, { do: "delete", key });
      expect(await host().shared(LOOKER, key)).toBe(null);
    });

    test("of what can't be added to change nothing, and the message is taken", async () => {
      const key = host().fresh("text");
      await host().setShared(LOOKER, key, "words");
      expect(await sendTo(host().fresh("adder"), { do: "add", key })).toBe(1);
      expect(await host().shared(LOOKER, key)).toBe("words");
    });

    test("are still there after a restart", async () => {
      const key = host().fresh("kept");
      await sendTo(host().fresh("setter"), { do: "set", key, value: "kept" });
      await host().restart();
      expect(await host().shared(LOOKER, key)).toBe("kept");
    });
  });

  describe("shared data that a step waits for", () => {
    test("is read with its version, one or many", async () => {
      const [one, two] = [host().fresh("one"), host().fresh("two")];
      await host().setShared(LOOKER, one, "x");
      await host().setShared(LOOKER, one, "y");
      const id = host().fresh("reader");
      await sendTo(id, [
        { do: "get", key: one },
        { do: "get", key: two },
        { do: "get-many", keys: [two, one] },
      ]);
      // A key that is new begins above all versions that were deleted in its scope.
      const version = expect.any(Number) as number;
      expect(await resultsOf(id)).toEqual([
        { value: "y", version },
        null,
        [null, { value: "y", version }],
      ]);
    });

    test("is set where it has the expected version, and only there", async () => {
      const key = host().fresh("guarded");
      const id = host().fresh("setter");
      await sendTo(id, { do: "compare-and-set", key, version: 0, value: "first" });
      const [{ version }] = (await resultsOf(id)) as [{ version: number }];
      await sendTo(id, [
        { do: "compare-and-set", key, version: 0, value: "second" },
        { do: "compare-and-set", key, version, value: "third" },
      ]);
      expect(await resultsOf(id)).toEqual([
        { swapped: true, value: "first", version },
        { swapped: false, value: "first", version },
        { swapped: true, value: "third", version: version + 1 },
      ]);
    });

    test("is counted once for each message, also where a bad one has them all tried again", async () => {
      const key = host().fresh("tickets");
      const id = host().fresh("counter");
      const messages = Array.from({ length: 5 }, (_, i) => ({
        do: "add-and-get",
        key,
        fail: i === 4,
      }));
      expect(await sendTo(id, messages)).toMatchObject([{ index: 4, code: "model/failed" }]);
      expect(await resultsOf(id)).toEqual([1, 2, 3, 4]);
      // The bad message's own addition has taken place: it acts at once, and was made once.
      expect(await host().shared(LOOKER, key)).toBe(5);
    });
  });

  describe("look-up tables", () => {
    test("give rows by key, and null where there is none", async () => {
      const table = host().fresh("sites");
      await host().setTable(table, SITES);
      const id = host().fresh("reader");
      await sendTo(
        id,
        ["south", "nowhere", "17"].map((key) => ({ do: "row", table, key })),
      );
      expect(await resultsOf(id)).toEqual([SITES.rows[1], null, SITES.rows[3]]);
    });

    test("find rows by an index and further columns, by key, as many as are asked for", async () => {
      const table = host().fresh("sites");
      await host().setTable(table, SITES);
      const id = host().fresh("finder");
      await sendTo(id, [
        { do: "find", table, where: { region: "S" } },
        { do: "find", table, where: { capacity: 7, region: "S" } },
        { do: "find", table, where: { id: "north" } },
        { do: "find", table, where: { region: "S" }, limit: 2 },
        { do: "find", table, where: { region: "W" } },
      ]);
      const [north, south, south2, seventeen] = SITES.rows;
      expect(await resultsOf(id)).toEqual([
        [seventeen, south, south2],
        [seventeen, south],
        [north],
        [seventeen, south],
        [],
      ]);
    });

    test("say in words what they can't do, to the model that may catch it", async () => {
      const table = host().fresh("sites");
      await host().setTable(table, SITES);
      const id = host().fresh("asker");
      await sendTo(id, [
        { do: "row", table: "not-there", key: "a", catch: true },
        { do: "find", table, where: { capacity: 7 }, catch: true },
        { do: "query", database: "not-there", sql: "select 1", catch: true },
      ]);
      const results = (await resultsOf(id)) as string[];
      expect(results[0]).toContain('tables.get("not-there"): table/unknown: There is no table');
      expect(results[1]).toContain("names at least one of these, with a value: id, region.");
      expect(results[2]).toContain('There is no database "not-there" in this');
    });

    test("fail the message that does not catch it, and no other", async () => {
      const id = host().fresh("asker");
      const messages = [
        { do: "nothing" },
        { do: "row", table: "not-there", key: "a" },
        { do: "nothing" },
      ];
      expect(await sendTo(id, messages)).toMatchObject([
        { index: 1, code: "model/failed", detail: expect.stringContaining("table/unknown") },
      ]);
      expect(await host().state(LOOKER, id)).toMatchObject({ messages: 2 });
    });
  });

  test("a timer may wait for a look-up", async () => {
    await host().setTable("sites", SITES);
    const id = host().fresh("timed");
    await sendTo(id, { do: "timer", key: "south", by: 1_000 });
    await host().advance(1_000);
    expect(await host().state(LOOKER, id)).toMatchObject({
      fired: ["south"],
      results: [SITES.rows[1]],
    });
  });
}
