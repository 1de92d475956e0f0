/** What is said of twins themselves, and of what they do by themselves. */
import { describe, expect, test } from "vitest";
import { NDJSON, waitFor } from "./client.ts";
import type { Client } from "./client.ts";

export function twinContract(client: Client): void {
  describe("twins", () => {
    test("are created, read, changed and removed", async () => {
      const path = `/v1/models/Counter/twins/${client.twin("crud")}`;
      expect(await client.call("GET", path)).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
      expect(
        await client.call("PUT", path, {
          state: { total: 5, lastAt: "2026-01-02T03:04:05Z", nested: { a: [1, { b: null }] } },
        }),
      ).toMatchObject({ status: 201 });
      expect(await client.call("PUT", path, { state: { label: "x" } })).toMatchObject({
        status: 200,
        body: { state: { total: 5, label: "x" } },
      });
      const { body } = await client.call("GET", path);
      expect(body).toEqual({
        model: "Counter",
        id: client.twin("crud"),
        state: expect.objectContaining({
          total: 5,
          label: "x",
          lastAt: "2026-01-02T03:04:05.000Z",
          nested: { a: [1, { b: null }] },
        }),
        version: 2,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        lastMessageAt: null,
        timers: [],
        pendingCommands: 0,
      });
      expect((await client.reach.fetch(path, { method: "DELETE" })).status).toBe(204);
      expect(await client.call("DELETE", path)).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
    });

    test("are refused with a field that the model does not have, a wrong type, or a body of another form", async () => {
      const path = `/v1/models/Counter/twins/${client.twin("badput")}`;
      expect(await client.call("PUT", path, { state: { totl: 5 } })).toMatchObject({
        status: 422,
        body: { code: "twin/invalid-field", field: "totl" },
      });
      expect(await client.call("PUT", path, { state: { total: "5" } })).toMatchObject({
        status: 422,
        body: { code: "twin/invalid-field" },
      });
      expect(await client.call("PUT", path, { total: 5 })).toMatchObject({
        status: 400,
        body: { code: "body/malformed" },
      });
      expect(await client.call("PUT", path, "{")).toMatchObject({
        status: 400,
        body: { code: "body/malformed" },
      });
    });

    test("are created in bulk from NDJSON and from CSV, with an outcome for each", async () => {
      const lines = [
        { id: client.twin("n1"), state: { total: 1 } },
        { id: client.twin("n2"), label: "two" },
        { id: "a/b" },
        { id: client.twin("n3"), state: { nope: 1 } },
      ];
      expect(
        await client.call(
          "POST",
          "/v1/models/Counter/twins",
          lines.map((line) => JSON.stringify(line)).join("\n"),
          NDJSON,
        ),
      ).toMatchObject({
        status: 200,
        body: {
          accepted: 2,
          rejected: [
            { index: 2, code: "twin/bad-id" },
            { index: 3, id: client.twin("n3"), code: "twin/invalid-field" },
          ],
        },
      });
      const csv = `Id,total,label,active\r\n${client.twin("c1")},7,"a, ""quoted"" one",true\r\n${client.twin("c2")},x,,\r\n${client.twin("c3")},,,\r\n`;
      expect(
        await client.call("POST", "/v1/models/Counter/twins", csv, { "content-type": "text/csv" }),
      ).toMatchObject({
        body: {
          accepted: 2,
          rejected: [{ index: 1, id: client.twin("c2"), code: "twin/invalid-field" }],
        },
      });
      expect(await client.stateOf("c1")).toMatchObject({
        total: 7,
        label: 'a, "quoted" one',
        active: true,
      });
      expect(await client.stateOf("n2")).toMatchObject({ label: "two" });
      expect(
        await client.call("POST", "/v1/models/Counter/twins", "a,b\n1,2", {
          "content-type": "text/csv",
        }),
      ).toMatchObject({ status: 400, body: { code: "body/malformed" } });
    });

    test("are listed by prefix, page by page", async () => {
      const names = Array.from({ length: 25 }, (_, i) =>
        client.twin(`list-${String(i).padStart(2, "0")}`),
      );
      await client.call(
        "POST",
        "/v1/models/Counter/twins",
        names.map((id) => JSON.stringify({ id })).join("\n"),
        NDJSON,
      );
      const seen: string[] = [];
      let cursor: string | null = "";
      for (let pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThan(4);
        const { body } = await client.call(
          "GET",
          `/v1/models/Counter/twins?prefix=${client.twin("list-")}&limit=10&cursor=${encodeURIComponent(cursor)}`,
        );
        seen.push(...(body["ids"] as string[]));
        cursor = body["cursor"] as string | null;
      }
      expect(seen).toEqual(names);
      expect(await client.call("GET", "/v1/models/Counter/twins?limit=1001")).toMatchObject({
        status: 400,
        body: { code: "request/bad-parameter" },
      });
    });
  });

  describe("messages from twin to twin", () => {
    test("reach their twin, and a chain of them its end", async () => {
      const forward = {
        do: "send",
        to: client.twin("hop2"),
        body: { add: 5, do: "send", to: client.twin("hop3"), body: { add: 7 } },
      };
      await client.send("hop1", forward);
      await waitFor(async () => (await client.stateOf("hop3")) !== undefined);
      expect(await client.stateOf("hop2")).toMatchObject({ total: 5 });
      expect(await client.stateOf("hop3")).toMatchObject({ total: 7 });
    });
  });

  describe("timers", () => {
    test("wake their twin", async () => {
      await client.send("timed", { do: "timer", to: "soon", ms: 30 });
      await waitFor(async () =>
        JSON.stringify(await client.stateOf("timed")).includes('"fired":["soon"]'),
      );
    });
  });
}
