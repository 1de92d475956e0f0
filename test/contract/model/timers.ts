/** Timers: by name, once and recurring, over restarts. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

const MINUTE_MS = 60_000;

export function timerContract(host: HostOf): void {
  const fired = async (id: string): Promise<unknown> =>
    (await host().state("Counter", id))?.["fired"];
  const start = (id: string, to: string, ms: number, how = "timer"): Promise<unknown> =>
    host().send("Counter", id, { do: how, to, ms });

  describe("a timer", () => {
    test("fires once when it is due, and not before", async () => {
      const id = host().fresh("timer");
      await start(id, "wake", 10 * MINUTE_MS);
      await host().advance(9 * MINUTE_MS);
      expect(await fired(id)).toEqual([]);
      await host().advance(2 * MINUTE_MS);
      expect(await fired(id)).toEqual(["wake"]);
      await host().advance(60 * MINUTE_MS);
      expect(await fired(id)).toEqual(["wake"]);
    });

    test("is as it was after a restart", async () => {
      const id = host().fresh("kept");
      await start(id, "wake", 10 * MINUTE_MS);
      await host().restart();
      await host().advance(11 * MINUTE_MS);
      await host().restart();
      await host().advance(11 * MINUTE_MS);
      expect(await fired(id)).toEqual(["wake"]);
    });

    test("that recurs fires once for each time that it is due", async () => {
      const id = host().fresh("recurring");
      await start(id, "tick", MINUTE_MS, "recurring");
      await host().advance(5 * MINUTE_MS + MINUTE_MS / 2);
      expect(await fired(id)).toEqual(["tick", "tick", "tick", "tick", "tick"]);
      await start(id, "tick", MINUTE_MS, "stop");
      await host().advance(5 * MINUTE_MS);
      expect(await fired(id)).toHaveLength(5);
    });

    test("started again by its name takes the place of the first", async () => {
      const id = host().fresh("restarted");
      await start(id, "wake", 2 * MINUTE_MS);
      await host().advance(MINUTE_MS);
      await start(id, "wake", 5 * MINUTE_MS);
      await host().advance(4 * MINUTE_MS);
      expect(await fired(id)).toEqual([]);
      await host().advance(2 * MINUTE_MS);
      expect(await fired(id)).toEqual(["wake"]);
    });

    test("fires beside many of its twin, in the order in which they are due", async () => {
      const id = host().fresh("many");
      const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
      const messages = names.map((to, i) => ({ do: "timer", to, ms: (20 - i) * MINUTE_MS }));
      await host().send("Counter", id, messages);
      await host().advance(30 * MINUTE_MS);
      expect(await fired(id)).toEqual(names.toReversed());
    });

    test("may start another, which is due from when the first was", async () => {
      const id = host().fresh("chain");
      await start(id, "chain", MINUTE_MS);
      await host().advance(2 * MINUTE_MS);
      expect(await fired(id)).toEqual(["chain", "end"]);
    });

    test("whose code throws has fired, leaves the state as it was, and is in the log", async () => {
      const id = host().fresh("throwing");
      await start(id, "throws", MINUTE_MS, "recurring");
      await host().advance(2 * MINUTE_MS + MINUTE_MS / 2);
      expect(await fired(id)).toEqual([]);
      const failures = (await host().logs("Counter", id)).filter(({ kind }) => kind === "failure");
      expect(failures).toHaveLength(2);
      expect(failures[0]!.text).toContain("onTimer fails");
    });

    test("goes with its twin", async () => {
      const id = host().fresh("gone");
      await start(id, "wake", MINUTE_MS);
      await host().remove("Counter", id);
      await host().advance(2 * MINUTE_MS);
      expect(await host().state("Counter", id)).toBeUndefined();
    });
  });
}
