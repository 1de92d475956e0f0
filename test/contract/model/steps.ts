/** Messages, states and effects of a step, and what a failure leaves behind. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

export function stepContract(host: HostOf): void {
  describe("a step", () => {
    test("changes the state that a restart brings back, and a query shows", async () => {
      const id = host().fresh("step");
      expect(await host().send("Counter", id, [{ add: 2 }, { add: 3 }])).toEqual(
        expect.objectContaining({ accepted: 2, duplicates: 0, rejected: [] }),
      );
      await host().restart();
      expect(await host().state("Counter", id)).toMatchObject({ total: 5, values: [2, 3] });
      expect(await host().query(`SELECT total FROM Counter WHERE id = '${id}'`)).toEqual([[id, 5]]);
    });

    test("that fails changes nothing, is named, and is in the log", async () => {
      const id = host().fresh("failing");
      await host().send("Counter", id, { add: 1 });
      const answer = await host().send("Counter", id, [
        { add: 10 },
        { do: "throw", body: "x" },
        { add: 100 },
      ]);
      expect(answer.accepted).toBe(2);
      expect(answer.rejected).toMatchObject([{ index: 1, code: "model/failed" }]);
      expect(await host().state("Counter", id)).toMatchObject({ total: 111 });
      const [failure] = await host().logs("Counter", id);
      expect(failure).toMatchObject({ severity: "error", kind: "failure" });
      expect(failure!.text).toContain('told to throw by "x"');
    });

    test("sends commands that come with the answer, in order", async () => {
      const id = host().fresh("commanding");
      const answer = await host().send("Counter", id, [
        { do: "command", body: { n: 1 } },
        { do: "command", body: { n: 2 } },
      ]);
      expect(answer.commands).toEqual([{ n: 1 }, { n: 2 }]);
    });

    test("sends messages to other twins, which have them when all is done", async () => {
      const [from, to] = [host().fresh("from"), host().fresh("to")];
      await host().send("Counter", from, { do: "send", to, body: { add: 7 } });
      expect(await host().state("Counter", to)).toMatchObject({ total: 7 });
      await host().restart();
      expect(await host().state("Counter", to)).toMatchObject({ total: 7 });
    });

    test("removes its twin, which then has never been", async () => {
      const id = host().fresh("removed");
      await host().send("Counter", id, { add: 1 });
      await host().send("Counter", id, { do: "remove" });
      expect(await host().state("Counter", id)).toBeUndefined();
      await host().restart();
      await host().send("Counter", id, { add: 1 });
      expect(await host().state("Counter", id)).toMatchObject({ total: 1, steps: 1 });
    });

    test("that a repeated message asks for again does not happen again", async () => {
      const id = host().fresh("repeated");
      const message = { id, message: { add: 1 }, messageId: "one" };
      await host().sendBatch("Counter", [message, { ...message, messageId: "two" }]);
      await host().restart();
      expect(await host().sendBatch("Counter", [message])).toMatchObject({
        accepted: 0,
        duplicates: 1,
      });
      expect(await host().state("Counter", id)).toMatchObject({ total: 2 });
    });
  });
}
