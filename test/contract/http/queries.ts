/** What is said of queries, live results, and the rest. */
import { describe, expect, test } from "vitest";
import type { Answer, Client } from "./client.ts";

export function queryContract(client: Client): void {
  describe("queries", () => {
    const query = (body: unknown): Promise<Answer> =>
      client.call("POST", "/v1/query?consistent=true", body);

    test("see what was acknowledged before them, in both forms", async () => {
      await client.batch(
        Array.from({ length: 30 }, (_, i) => ({ id: client.twin(`q${i}`), message: { add: i } })),
      );
      await client.call("PUT", `/v1/models/Counter/twins/${client.twin("q0")}`, {
        state: { label: "zero", active: true },
      });
      const sql = `SELECT active, count(*) AS n, sum(total) AS s FROM Counter WHERE id LIKE '${client.twin("q")}%' GROUP BY active ORDER BY n DESC`;
      const answer = await query({ sql });
      expect(answer).toMatchObject({
        status: 200,
        body: {
          rows: [
            [false, 29, 435],
            [true, 1, 0],
          ],
          partial: false,
        },
      });
      expect(answer.body["columns"]).toEqual([
        { name: "active", type: "boolean" },
        { name: "n", type: "number" },
        { name: "s", type: "number" },
      ]);
      const rows = await query({
        model: "Counter",
        select: ["total", "label"],
        where: {
          and: [
            { field: "id", op: "startsWith", value: client.twin("q") },
            {
              or: [
                { field: "total", op: ">=", value: 28 },
                { not: { field: "label", op: "=", value: "" } },
              ],
            },
          ],
        },
        orderBy: [{ field: "total", desc: true }],
        limit: 10,
      });
      expect(rows.body["rows"]).toEqual([
        [client.twin("q29"), 29, ""],
        [client.twin("q28"), 28, ""],
        [client.twin("q0"), 0, "zero"],
      ]);
      await client.call("DELETE", `/v1/models/Counter/twins/${client.twin("q0")}`);
      expect((await query({ sql })).body["rows"]).toEqual([[false, 29, 435]]);
    });

    test("name the unknown field with the nearest, and the position of bad SQL", async () => {
      expect(await query({ sql: "SELECT totl FROM Counter" })).toMatchObject({
        status: 400,
        body: { code: "query/unknown-field", detail: expect.stringContaining('"total"') },
      });
      expect(await query({ sql: "SELECT total FORM Counter" })).toMatchObject({
        status: 400,
        body: { code: "query/syntax", position: expect.any(Number) },
      });
      expect(await query({ sql: "SELECT total FROM Nix" })).toMatchObject({
        status: 404,
        body: { code: "model/unknown" },
      });
      expect(await query({ model: "Counter", wher: {} })).toMatchObject({
        status: 400,
        body: { code: "query/malformed" },
      });
    });

    test("know the fields of a model", async () => {
      const { body } = await client.call("GET", "/v1/models/Counter/fields");
      expect(body["fields"]).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "total", type: "number" }),
          expect.objectContaining({ name: "lastAt", type: "time" }),
        ]),
      );
    });

    test("follow live: a change reaches a subscriber", async () => {
      const live = await client.reach.connect("/v1/live");
      const sql = `SELECT count(*) AS n FROM Counter WHERE id LIKE '${client.twin("live-")}%'`;
      live.send(JSON.stringify({ type: "subscribe", subscription: "s1", query: { sql } }));
      expect(await live.next()).toMatchObject({
        type: "result",
        subscription: "s1",
        result: { rows: [[0]] },
      });
      await client.send("live-1", { add: 1 });
      for (let frame = await live.next(); ; frame = await live.next()) {
        if (JSON.stringify(frame).includes('"rows":[[1]]')) break;
      }
      live.close();
    });
  });

  describe("the rest", () => {
    test("says that it is healthy, what it runs, and what it counted", async () => {
      expect(await client.call("GET", "/healthz")).toMatchObject({
        status: 200,
        body: { status: "ok" },
      });
      expect((await client.call("GET", "/v1/models")).body["models"]).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "Counter", status: "running", cells: 4 }),
        ]),
      );
      const metrics = await (await client.reach.fetch("/metrics")).text();
      expect(metrics).toMatch(/^livetwin_messages_accepted_total\{model="Counter"\} \d+$/m);
    });

    test("answers what it does not know with a problem, and never with a 500", async () => {
      expect(await client.call("GET", "/v1/nothing")).toMatchObject({
        status: 404,
        body: { code: "request/not-found" },
      });
      expect(await client.call("PATCH", "/v1/models")).toMatchObject({ status: 404 });
    });

    test("keeps a model's failures in its log", async () => {
      await client.send("logged", { do: "throw", body: "marker-7" });
      const { body } = await client.call("GET", "/v1/models/Counter/log?limit=50");
      expect(body["entries"]).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            id: client.twin("logged"),
            kind: "failure",
            text: expect.stringContaining("marker-7"),
          }),
        ]),
      );
    });
  });
}
