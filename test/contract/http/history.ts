/** What is said of a twin's history. */
import { describe, expect, test } from "vitest";
import type { Client } from "./client.ts";

export function historyContract(client: Client): void {
  const path = (name: string, rest = ""): string =>
    `/v1/models/Recorded/twins/${client.twin(name)}${rest}`;

  describe("the history of a twin", () => {
    test("is its recent changes, newest first, page by page", async () => {
      for (let i = 1; i <= 4; i++)
        await client.call("POST", path("why", "/messages"), {
          add: i,
          ...(i === 4 && { do: "date" }),
        });
      const { status, body } = await client.call("GET", path("why", "/history?limit=3"));
      expect(status).toBe(200);
      expect(body).toMatchObject({ before: 2 });
      const entries = body["entries"] as Record<string, unknown>[];
      expect(entries.map(({ version }) => version)).toEqual([4, 3, 2]);
      expect(entries[1]).toEqual({
        version: 3,
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        cause: { kind: "message", messages: [{ body: { add: 3 } }] },
        changes: {
          total: { from: 3, to: 6 },
          steps: { from: 2, to: 3 },
          values: { from: [1, 2], to: [1, 2, 3] },
        },
      });
      expect(await client.call("GET", path("why", "/history?before=2"))).toMatchObject({
        body: { entries: [{ version: 1, created: true }], before: null },
      });
      expect((await client.call("GET", path("why", "/history?field=lastAt"))).body).toMatchObject({
        entries: [{ version: 4, changes: { lastAt: { from: "1970-01-01T00:00:00.000Z" } } }],
      });
    });

    test("is refused for a twin that is not there, a model that keeps none, and bad parameters", async () => {
      expect(await client.call("GET", path("nobody", "/history"))).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
      const counter = `/v1/models/Counter/twins/${client.twin("why")}/history`;
      expect(await client.call("GET", counter)).toMatchObject({
        status: 409,
        body: { code: "history/off", detail: expect.stringContaining('"history"') },
      });
      expect(await client.call("GET", counter.replace("Counter", "Nix"))).toMatchObject({
        status: 404,
        body: { code: "model/unknown" },
      });
      for (const query of ["limit=0", "limit=1001", "limit=x", "before=-1", "before=1.5"])
        expect(await client.call("GET", path("why", `/history?${query}`))).toMatchObject({
          status: 400,
          body: { code: "request/bad-parameter" },
        });
    });
  });
}
