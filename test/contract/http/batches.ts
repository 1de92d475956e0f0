/** What is said of batches for many twins. */
import { describe, expect, test } from "vitest";
import { NDJSON } from "./client.ts";
import type { Client } from "./client.ts";

export function batchContract(client: Client): void {
  describe("a batch", () => {
    test("of 1,000 with 10 bad messages applies 990 and names 10 by index and reason", async () => {
      const lines = Array.from({ length: 1_000 }, (_, i) =>
        JSON.stringify({ id: client.twin(`b${i % 100}`), message: { add: 1 } }),
      );
      const bad: Readonly<Record<number, readonly [line: string, code: string]>> = {
        0: ["{not json", "message/malformed"],
        99: [`{"id":"${client.twin("b99")}","message":{"add":1}`, "message/malformed"],
        150: [`{"id":"${client.twin("b50")}"}`, "message/malformed"],
        151: [`{"id":"${client.twin("b51")}","message":{"add":"one"}}`, "message/invalid"],
        152: [`{"id":"${client.twin("b52")}","message":"no object"}`, "message/invalid"],
        333: ['{"message":{"add":1}}', "twin/bad-id"],
        334: ['{"id":7,"message":{"add":1}}', "twin/bad-id"],
        335: ['{"id":"a/b","message":{"add":1}}', "twin/bad-id"],
        998: [`{"id":"${client.twin("b98")}","message":{"add":1,"do":"throw"}}`, "model/failed"],
        999: [
          `{"id":"${client.twin("b99")}","message":{"add":1}},{"id":"${client.twin("b99")}","message":{"add":1}}`,
          "message/malformed",
        ],
      };
      for (const [index, [line]] of Object.entries(bad)) lines[Number(index)] = line;
      const { status, body } = await client.call(
        "POST",
        "/v1/models/Counter/messages",
        lines.join("\n"),
        NDJSON,
      );
      expect(status).toBe(200);
      expect(body).toMatchObject({ accepted: 990, duplicates: 0 });
      const rejected = body["rejected"] as { index: number; code: string; detail: string }[];
      expect(rejected.map(({ index, code }) => [index, code])).toEqual(
        Object.entries(bad).map(([index, [, code]]) => [Number(index), code]),
      );
      expect(rejected.every(({ detail }) => detail.length > 10)).toBe(true);
      expect(await client.stateOf("b7")).toMatchObject({ total: 10 });
      expect(await client.stateOf("b98")).toMatchObject({ total: 9 });
      expect(await client.stateOf("b99")).toMatchObject({ total: 8 });
    });

    test("as a JSON array takes escapes, unicode, and the last of duplicate keys", async () => {
      const text = `[ {"\\u0069d":"${client.twin("j1")}","message":{"add":1}} ,\n{"id":"x","message":{"do":"store","body":"é\\uD83D\\uDE00 ]}"},"id":"${client.twin("j2")}"}]`;
      expect(await client.call("POST", "/v1/models/Counter/messages", text)).toMatchObject({
        status: 200,
        body: { accepted: 2, rejected: [] },
      });
      expect(await client.stateOf("j2")).toMatchObject({ extra: "é😀 ]}" });
    });

    test("recognises repeats message by message", async () => {
      const messages = [
        { id: client.twin("r"), message: { add: 1 }, messageId: "x" },
        { id: client.twin("r"), message: { add: 1 }, messageId: "x" },
        { id: client.twin("r"), message: { add: 1 }, seq: 1 },
      ];
      expect(await client.batch(messages)).toMatchObject({
        body: { accepted: 2, duplicates: 1, rejected: [] },
      });
      expect(await client.batch(messages)).toMatchObject({
        body: { accepted: 0, duplicates: 3, rejected: [] },
      });
      expect(await client.stateOf("r")).toMatchObject({ total: 2 });
    });

    test("keeps the order of one twin's messages", async () => {
      await client.batch(
        Array.from({ length: 20 }, (_, i) => ({ id: client.twin("order"), message: { add: i } })),
      );
      expect(await client.stateOf("order")).toMatchObject({
        values: Array.from({ length: 20 }, (_, i) => i),
      });
    });

    test("that is no list, or is cut off, is refused whole", async () => {
      for (const body of ['{"id":"a"}', '[{"id":"a","message":{}}', "[", "7", ""]) {
        expect(await client.call("POST", "/v1/models/Counter/messages", body)).toMatchObject({
          status: 400,
          body: { code: "message/malformed" },
        });
      }
      expect(await client.call("POST", "/v1/models/Counter/messages", "", NDJSON)).toMatchObject({
        status: 200,
        body: { accepted: 0, rejected: [] },
      });
    });

    test("may have 10,000 messages and 8 MiB, and not one more", async () => {
      const line = JSON.stringify({ id: client.twin("many"), message: { add: 1 } });
      expect(
        await client.call(
          "POST",
          "/v1/models/Counter/messages",
          Array(10_000).fill(line).join("\n"),
          NDJSON,
        ),
      ).toMatchObject({ status: 200, body: { accepted: 10_000 } });
      expect(
        await client.call(
          "POST",
          "/v1/models/Counter/messages",
          Array(10_001).fill(line).join("\n"),
          NDJSON,
        ),
      ).toMatchObject({ status: 413, body: { code: "body/too-many" } });
      expect(await client.stateOf("many")).toMatchObject({ total: 10_000 });
      expect(
        await client.call(
          "POST",
          "/v1/models/Counter/messages",
          `[${" ".repeat(8 * 1024 * 1024 - 2)}]`,
        ),
      ).toMatchObject({ status: 200 });
      expect(
        await client.call(
          "POST",
          "/v1/models/Counter/messages",
          `[${" ".repeat(8 * 1024 * 1024 - 1)}]`,
        ),
      ).toMatchObject({ status: 413, body: { code: "body/too-large" } });
    });
  });
}
