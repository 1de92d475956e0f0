/** What is said of connections that carry messages. */
import { describe, expect, test } from "vitest";
import type { Client } from "./client.ts";

export function socketContract(client: Client): void {
  describe("a device's connection", () => {
    test("acknowledges messages, and brings commands", async () => {
      const device = await client.reach.connect(
        `/v1/models/Counter/twins/${client.twin("device")}/socket`,
      );
      device.send(JSON.stringify({ add: 1 }));
      expect(await device.next()).toEqual({
        type: "ack",
        accepted: 1,
        duplicates: 0,
        rejected: [],
      });
      device.send(
        JSON.stringify([{ add: 2 }, { add: "x" }, { do: "command", body: { valve: "shut" } }]),
      );
      expect(await device.next()).toEqual({
        type: "command",
        commandId: expect.any(String),
        body: { valve: "shut" },
      });
      expect(await device.next()).toMatchObject({
        type: "ack",
        accepted: 2,
        rejected: [{ index: 1, code: "message/invalid" }],
      });
      device.send("{");
      expect(await device.next()).toMatchObject({ type: "error", code: "message/malformed" });
      device.close();
      expect(await client.stateOf("device")).toMatchObject({ total: 3 });
    });

    test("takes message ids in envelopes, and no envelope reaches another twin", async () => {
      const device = await client.reach.connect(
        `/v1/models/Counter/twins/${client.twin("enveloped")}/socket?envelope=1`,
      );
      const frame = JSON.stringify({
        id: client.twin("elsewhere"),
        message: { add: 1 },
        messageId: "e1",
      });
      device.send(frame);
      device.send(frame);
      expect([await device.next(), await device.next()]).toMatchObject([
        { accepted: 1 },
        { accepted: 0, duplicates: 1 },
      ]);
      device.close();
      expect(await client.stateOf("enveloped")).toMatchObject({ total: 1 });
      expect(await client.stateOf("elsewhere")).toBeUndefined();
    });
  });

  describe("a gateway's connection", () => {
    test("acknowledges each frame by itself, in order", async () => {
      const gateway = await client.reach.connect("/v1/models/Counter/socket");
      const element = (
        name: string,
        add: unknown,
        messageId?: string,
      ): Record<string, unknown> => ({ id: client.twin(name), message: { add }, messageId });
      gateway.send(JSON.stringify([element("g1", 1, "g"), element("g2", "x")]));
      gateway.send(JSON.stringify(element("g1", 2)));
      gateway.send("nonsense");
      gateway.send(JSON.stringify([element("g1", 1, "g"), element("g3", 3)]));
      expect(await gateway.next()).toEqual({
        type: "ack",
        accepted: 1,
        duplicates: 0,
        rejected: [
          expect.objectContaining({ index: 1, id: client.twin("g2"), code: "message/invalid" }),
        ],
      });
      expect(await gateway.next()).toEqual({
        type: "ack",
        accepted: 1,
        duplicates: 0,
        rejected: [],
      });
      expect(await gateway.next()).toMatchObject({
        type: "ack",
        accepted: 0,
        rejected: [{ index: 0, code: "message/malformed" }],
      });
      expect(await gateway.next()).toEqual({
        type: "ack",
        accepted: 1,
        duplicates: 1,
        rejected: [],
      });
      gateway.close();
      expect(await client.stateOf("g1")).toMatchObject({ total: 3 });
    });

    test("is asked to be one", async () => {
      expect(await client.call("GET", "/v1/models/Counter/socket")).toMatchObject({
        status: 426,
        body: { code: "request/upgrade-required" },
      });
    });
  });
}
