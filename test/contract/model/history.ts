/** What a twin's history and the archive have, also after restarts. */
import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "livetwin";
import type { HostOf } from "../model-contract.ts";

const HOUR_MS = 3_600_000;

export function historyContract(host: HostOf): void {
  const entriesOf = async (
    id: string,
    query: { limit?: number; before?: number; field?: string } = {},
  ): Promise<readonly HistoryEntry[]> =>
    (await host().history("Recorded", id, query)) as readonly HistoryEntry[];

  describe("the history of a twin", () => {
    test("says which message led to which change, command, alert, message and timer", async () => {
      const [id, to] = [host().fresh("recorded"), host().fresh("receiver")];
      await host().send("Recorded", id, [{ add: 2 }, { do: "command", body: { Code: 1 } }]);
      await host().send("Recorded", id, [
        { do: "alert", to: "hot" },
        { do: "send", model: "Recorded", to, body: { add: 3 } },
        { do: "timer", to: "wake", ms: 60_000 },
      ]);
      await host().restart();
      await host().advance(120_000);
      const [fired, second, first] = await entriesOf(id);
      expect(first).toMatchObject({
        version: 1,
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        created: true,
        cause: {
          kind: "message",
          messages: [{ body: { add: 2 } }, { body: { do: "command", body: { Code: 1 } } }],
        },
        changes: { total: { from: 0, to: 2 }, values: { from: [], to: [2] } },
        commands: [{ body: { Code: 1 } }],
      });
      expect(second).toMatchObject({
        version: 2,
        changes: { steps: { from: 1, to: 2 } },
        alerts: [{ key: "hot", state: "raised", title: "hot", severity: "warning" }],
        sends: [{ model: "Recorded", id: to }],
        timers: { started: ["wake"] },
      });
      expect(fired).toMatchObject({
        version: 3,
        cause: { kind: "timer", timer: "wake" },
        changes: { fired: { from: [], to: ["wake"] } },
      });
      expect(await entriesOf(to)).toMatchObject([
        {
          cause: {
            kind: "message",
            messages: [{ from: { model: "Recorded", id }, body: { add: 3 } }],
          },
          changes: { total: { from: 0, to: 3 } },
        },
      ]);
    });

    test("has as many entries as the model keeps, page by page, and none that is too old", async () => {
      const id = host().fresh("bounded");
      for (let i = 1; i <= 8; i++) await host().send("Recorded", id, { add: i });
      await host().put("Recorded", id, { label: "named" });
      const versions = async (query: object): Promise<number[]> =>
        (await entriesOf(id, query)).map(({ version }) => version);
      expect(await versions({})).toEqual([9, 8, 7, 6, 5]);
      expect(await versions({ limit: 2 })).toEqual([9, 8]);
      expect(await versions({ limit: 2, before: 8 })).toEqual([7, 6]);
      expect(await entriesOf(id, { field: "label" })).toMatchObject([
        { version: 9, cause: { kind: "put" }, changes: { label: { from: "", to: "named" } } },
      ]);
      await host().advance(HOUR_MS + 60_000);
      expect(await entriesOf(id)).toEqual([]);
    });

    test("ends with its twin, and begins anew with one of the same id", async () => {
      const id = host().fresh("anew");
      await host().send("Recorded", id, { add: 1 });
      await host().remove("Recorded", id);
      expect(await host().history("Recorded", id)).toBe("twin/unknown");
      await host().send("Recorded", id, { add: 7 });
      await host().restart();
      expect(await entriesOf(id)).toMatchObject([
        { version: 1, created: true, changes: { total: { from: 0, to: 7 } } },
      ]);
    });

    test("is not there where the model keeps none", async () => {
      const id = host().fresh("unrecorded");
      await host().send("Counter", id, { add: 1 });
      expect(await host().history("Counter", id)).toBe("history/off");
    });
  });

  describe("the archive", () => {
    test("has what code put there and what the filter wants, each once and in order", async () => {
      const id = host().fresh("archived");
      await host().send("Recorded", id, [{ add: 5 }, { add: -1 }, { do: "archive", body: [1] }]);
      await host().restart();
      await host().send("Recorded", id, [{ do: "throw", add: -7 }, { add: -2 }]);
      await host().send("Recorded", id, { do: "archive", body: { deep: { "\n": "ü" } } });
      await host().restart();
      await host().advance(HOUR_MS);
      const lines = await host().archived("Recorded", id);
      expect(lines.map(({ record }) => record)).toEqual([
        { kind: "message", message: { add: -1 } },
        [1],
        { kind: "message", message: { add: -2 } },
        { deep: { "\n": "ü" } },
      ]);
      for (const line of lines)
        expect(line).toMatchObject({ model: "Recorded", id, at: expect.stringMatching(/Z$/) });
    });

    test("has a message on which the filter fails, and one that removes its twin", async () => {
      const id = host().fresh("filtered");
      await host().send("Recorded", id, { add: -13 });
      await host().send("Recorded", id, { add: -1, do: "remove" });
      await host().advance(HOUR_MS);
      const lines = await host().archived("Recorded", id);
      expect(lines.map(({ record }) => record)).toEqual([
        { kind: "message", message: { add: -13 } },
        { kind: "message", message: { add: -1, do: "remove" } },
      ]);
      const failures = (await host().logs("Recorded", id)).filter(({ kind }) => kind === "failure");
      expect(failures.at(-1)!.text).toContain("the filter fails");
    });
  });
}
