/** What is said of the messages of one twin. */
import { describe, expect, test } from "vitest";
import type { Client } from "./client.ts";

export function messageContract(client: Client): void {
  describe("one twin's messages", () => {
    test("are durable and processed when they are answered, with the commands they caused", async () => {
      expect(await client.send("a", { add: 2, do: "command", body: { open: true } })).toMatchObject(
        {
          status: 200,
          body: { accepted: 1, rejected: [], commands: [{ open: true }] },
        },
      );
      expect(await client.send("a", [{ add: 1 }, { add: "x" }, { add: 4 }])).toMatchObject({
        status: 200,
        body: { accepted: 2, rejected: [{ index: 1, code: "message/invalid" }], commands: [] },
      });
      expect(await client.stateOf("a")).toMatchObject({ total: 7, steps: 2 });
    });

    test.each([
      ["bad JSON", "{", 400, "message/malformed"],
      ["nothing", "", 400, "message/malformed"],
      ["two values", '{"add":1},{"add":2}', 400, "message/malformed"],
      ["another id smuggled in", '1},{"id":"other","message":{"add":1}', 400, "message/malformed"],
      ["bad JSON inside", '{"add":01}', 400, "message/malformed"],
      ["a message that the schema refuses", { add: "1" }, 422, "message/invalid"],
      ["a message that the model throws on", { do: "throw" }, 422, "model/failed"],
      ["a state that JSON can't hold", { do: "store-undefined" }, 422, "twin/unstorable"],
      ["a state that is too large", { do: "grow", ms: 600_000 }, 422, "twin/state-too-large"],
    ])("that are %s are refused whole, with the reason", async (_what, body, status, code) => {
      const answer = await client.send("refused", body);
      expect(answer).toMatchObject({
        status,
        body: {
          status,
          code,
          detail: expect.any(String),
          title: expect.any(String),
          type: expect.any(String),
        },
      });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(
        await client.call("GET", `/v1/models/Counter/twins/${client.twin("refused")}`),
      ).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
    });

    test("are recognised when they are repeated, by messageId, Idempotency-Key or seq", async () => {
      const path = `/v1/models/Counter/twins/${client.twin("once")}/messages`;
      const answers = [
        await client.call("POST", `${path}?messageId=m1`, { add: 1 }),
        await client.call("POST", path, { add: 1 }, { "idempotency-key": "m1" }),
        await client.call("POST", `${path}?seq=5`, { add: 10 }),
        await client.call("POST", `${path}?seq=5`, { add: 10 }),
        await client.call("POST", `${path}?seq=4`, { add: 10 }),
        await client.call("POST", `${path}?seq=6`, { add: 100 }),
      ];
      expect(
        answers.map(({ status, body }) => [status, body["accepted"], body["duplicates"]]),
      ).toEqual([
        [200, 1, 0],
        [200, 0, 1],
        [200, 1, 0],
        [200, 0, 1],
        [200, 0, 1],
        [200, 1, 0],
      ]);
      expect(await client.stateOf("once")).toMatchObject({ total: 111 });
      expect(await client.call("POST", `${path}?seq=x`, { add: 1 })).toMatchObject({
        status: 400,
        body: { code: "message/bad-message-id" },
      });
    });

    test("for an unknown model or a bad id are refused", async () => {
      expect(await client.call("POST", "/v1/models/Nix/twins/a/messages", {})).toMatchObject({
        status: 404,
        body: { code: "model/unknown" },
      });
      expect(
        await client.call("POST", `/v1/models/Counter/twins/${"x".repeat(128)}/messages`, {
          add: 0,
        }),
      ).toMatchObject({ status: 200 });
      for (const id of ["x".repeat(129), "a%2Fb", "%C3%A4", "a%23", "a%0A"]) {
        expect(
          await client.call("POST", `/v1/models/Counter/twins/${id}/messages`, {}),
        ).toMatchObject({
          status: 400,
          body: { code: "twin/bad-id" },
        });
      }
    });
  });
}
