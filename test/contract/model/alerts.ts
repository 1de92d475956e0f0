/** Alerts that twins raise: by key, held, resolved, over restarts. */
import { describe, expect, test } from "vitest";
import type { Alert } from "livetwin";
import type { HostOf } from "../model-contract.ts";

const MINUTE_MS = 60_000;
const OPEN = ["firing", "pending"] as const;

export function alertContract(host: HostOf): void {
  const raise = (id: string, body: Alert): Promise<unknown> =>
    host().send("Counter", id, { do: "raise", body });
  const resolve = (id: string, to: string): Promise<unknown> =>
    host().send("Counter", id, { do: "resolve", to });

  describe("an alert", () => {
    test("is raised, changed under its key, and resolved, and a restart changes nothing", async () => {
      const id = host().fresh("alert");
      const data = { celsius: 91 };
      await raise(id, { title: "Hot", key: "heat", detail: "91 degrees", data });
      expect(await host().alerts("Counter", id, OPEN)).toMatchObject([
        { state: "firing", severity: "warning", title: "Hot", detail: "91 degrees", data, id },
      ]);
      await host().restart();
      await raise(id, { title: "Very hot", key: "heat", severity: "error" });
      const [changed] = await host().alerts("Counter", id, OPEN);
      expect(changed).toMatchObject({
        title: "Very hot",
        severity: "error",
        raised: 2,
        updates: 1,
      });
      await host().restart();
      await resolve(id, "heat");
      expect(await host().alerts("Counter", id, OPEN)).toEqual([]);
      expect(await host().alerts("Counter", id, ["resolved"])).toMatchObject([
        { alertId: changed!.alertId, resolved: { by: "twin" } },
      ]);
    });

    test("that is raised again after that is another", async () => {
      const id = host().fresh("again");
      await raise(id, { title: "Hot" });
      await resolve(id, "Hot");
      await raise(id, { title: "Hot" });
      const all = await host().alerts("Counter", id, [...OPEN, "resolved"]);
      expect(all.map(({ state }) => state)).toEqual(["firing", "resolved"]);
      expect(all[0]!.alertId).not.toBe(all[1]!.alertId);
    });

    test("that is held fires when it has lasted, and has never been when it has not", async () => {
      const [lasts, passes] = [host().fresh("lasts"), host().fresh("passes")];
      await raise(lasts, { title: "Hot", holdMs: 10 * MINUTE_MS });
      await raise(passes, { title: "Hot", holdMs: 10 * MINUTE_MS });
      await host().advance(9 * MINUTE_MS);
      expect(await host().alerts("Counter", lasts, OPEN)).toMatchObject([{ state: "pending" }]);
      await resolve(passes, "Hot");
      await host().restart();
      await host().advance(2 * MINUTE_MS);
      expect(await host().alerts("Counter", lasts, OPEN)).toMatchObject([{ state: "firing" }]);
      expect(await host().alerts("Counter", passes, [...OPEN, "resolved"])).toEqual([]);
    });

    test("that was resolved before it could fire is not raised by news that comes late", async () => {
      const id = host().fresh("both");
      await host().send("Counter", id, [
        { do: "raise", body: { title: "Hot", holdMs: MINUTE_MS } },
        { do: "resolve", to: "Hot" },
      ]);
      await host().advance(2 * MINUTE_MS);
      expect(await host().alerts("Counter", id, [...OPEN, "resolved"])).toEqual([]);
    });

    test("goes with its twin, whoever removes it", async () => {
      const [byModel, byHand] = [host().fresh("model"), host().fresh("hand")];
      for (const id of [byModel, byHand]) await raise(id, { title: "Hot" });
      await host().restart();
      await host().send("Counter", byModel, { do: "remove" });
      await host().remove("Counter", byHand);
      for (const id of [byModel, byHand]) {
        expect(await host().alerts("Counter", id, OPEN)).toEqual([]);
        expect(await host().alerts("Counter", id, ["resolved"])).toMatchObject([
          { resolved: { by: "twin removed" } },
        ]);
      }
    });

    test("of a step that fails is not raised", async () => {
      const id = host().fresh("failing");
      await host().send("Counter", id, [{ do: "raise", body: { title: "Hot" } }, { do: "throw" }]);
      expect(await host().alerts("Counter", id, OPEN)).toHaveLength(1);
      await host().send("Counter", id, { do: "raise", body: { title: "x".repeat(201) } });
      expect(await host().alerts("Counter", id, OPEN)).toHaveLength(1);
      const [failure] = (await host().logs("Counter", id)).filter(({ kind }) => kind === "failure");
      expect(failure!.text).toContain("the title has 201 characters; the limit is 200");
    });

    test("is one of twenty that a twin may have open; the log names the one that is too much", async () => {
      const id = host().fresh("many");
      const asked = Array.from({ length: 21 }, (_, i) => ({
        do: "raise",
        body: { title: `alert ${i}` },
      }));
      await host().send("Counter", id, asked);
      expect(await host().alerts("Counter", id, OPEN)).toHaveLength(20);
      const failures = (await host().logs("Counter", id)).filter(({ kind }) => kind === "failure");
      expect(failures.map(({ text }) => text)).toEqual([expect.stringContaining('"alert 20"')]);
      await host().restart();
      await resolve(id, "alert 3");
      await raise(id, { title: "alert 20" });
      expect(await host().alerts("Counter", id, OPEN)).toHaveLength(20);
    });

    test("is acknowledged and resolved by hand, and comes back when it lasts", async () => {
      const id = host().fresh("handled");
      await raise(id, { title: "Hot" });
      const { alertId } = (await host().alerts("Counter", id, OPEN))[0]!;
      expect(await host().handleAlert("acknowledge", alertId, "I look")).toMatchObject({
        state: "firing",
        acknowledged: { by: "operator", note: "I look" },
      });
      await host().restart();
      expect(await host().handleAlert("resolve", alertId, "done")).toMatchObject({
        state: "resolved",
        acknowledged: { note: "I look" },
        resolved: { note: "done" },
      });
      await raise(id, { title: "Hot" });
      expect(await host().alerts("Counter", id, OPEN)).toEqual([]);
      await host().advance(MINUTE_MS + 1);
      await raise(id, { title: "Hot" });
      expect(await host().alerts("Counter", id, OPEN)).toHaveLength(1);
    });
  });
}
