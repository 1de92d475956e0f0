/** Commands to the device: from every kind of step, until they are acknowledged. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

export function commandContract(host: HostOf): void {
  const pending = async (id: string): Promise<readonly unknown[]> =>
    (await host().pendingCommands("Counter", id)).map(({ body }) => body);
  const command = (body: unknown): Record<string, unknown> => ({ do: "command", body });

  describe("a command", () => {
    test("waits over a restart until it is acknowledged, oldest first", async () => {
      const id = host().fresh("waiting");
      await host().send("Counter", id, [command("a"), command("b")]);
      await host().send("Counter", id, command("c"));
      await host().restart();
      expect(await pending(id)).toEqual(["a", "b", "c"]);
      const [a, b] = await host().pendingCommands("Counter", id);
      expect(await host().ackCommands("Counter", id, [b!.commandId, "x", b!.commandId])).toBe(1);
      await host().restart();
      expect(await pending(id)).toEqual(["a", "c"]);
      expect(await host().ackCommands("Counter", id, [b!.commandId])).toBe(0);
      expect(await host().ackCommands("Counter", id, [a!.commandId])).toBe(1);
      expect(await pending(id)).toEqual(["c"]);
    });

    test("has an id that no later one has, also when all were acknowledged", async () => {
      const id = host().fresh("unique");
      const seen = new Set<string>();
      for (let i = 0; i < 3; i++) {
        await host().send("Counter", id, command(i));
        const [only] = await host().pendingCommands("Counter", id);
        expect(seen.has(only!.commandId)).toBe(false);
        seen.add(only!.commandId);
        await host().ackCommands("Counter", id, [only!.commandId]);
        await host().restart();
      }
    });

    test("waits whatever its step came from", async () => {
      const [id, other] = [host().fresh("sources"), host().fresh("other")];
      await host().sendBatch("Counter", [{ id, message: command("batch") }]);
      await host().send("Counter", other, { do: "send", to: id, body: command("twin") });
      await host().send("Counter", id, { do: "timer", to: "command", ms: MINUTE_MS });
      await host().advance(2 * MINUTE_MS);
      expect(await pending(id)).toEqual(["batch", "twin", { timer: "command" }]);
      expect(await pending(other)).toEqual([]);
    });

    test("of a step that fails is not sent", async () => {
      const id = host().fresh("failing");
      await host().send("Counter", id, [command("good"), { do: "throw" }]);
      expect(await pending(id)).toEqual(["good"]);
      await host().send("Counter", id, { do: "throw" });
      expect(await pending(id)).toEqual(["good"]);
    });

    test("of a message that is repeated is not sent again", async () => {
      const id = host().fresh("repeated");
      const message = { id, message: command("once"), messageId: "m" };
      await host().sendBatch("Counter", [message, message]);
      await host().restart();
      await host().sendBatch("Counter", [message]);
      expect(await pending(id)).toEqual(["once"]);
    });

    test("goes with its twin", async () => {
      const id = host().fresh("gone");
      await host().send("Counter", id, command("old"));
      await host().remove("Counter", id);
      await host().send("Counter", id, [command("last words"), { do: "remove" }]);
      await host().send("Counter", id, { add: 1 });
      expect(await pending(id)).toEqual([]);
      await host().restart();
      expect(await pending(id)).toEqual([]);
    });

    test("waits for a week", async () => {
      const id = host().fresh("old");
      await host().send("Counter", id, command("old"));
      await host().advance(WEEK_MS - MINUTE_MS);
      await host().send("Counter", id, command("new"));
      expect(await pending(id)).toEqual(["old", "new"]);
      await host().advance(2 * MINUTE_MS);
      expect(await pending(id)).toEqual(["new"]);
      await host().send("Counter", id, { add: 1 });
      await host().restart();
      expect(await pending(id)).toEqual(["new"]);
    });
  });
}
