/** What is said of widgets: saved queries with a chart. */
import { describe, expect, test } from "vitest";
import type { Client } from "./client.ts";

export function widgetContract(client: Client): void {
  describe("a widget", () => {
    const query = {
      model: "Counter",
      aggregates: [{ op: "count", as: "n" }],
      where: { field: "id", op: "startsWith", value: client.twin("widget-") },
    };
    const looks = {
      title: "How many",
      chart: "number",
      color: "#123456",
      options: { digits: 0, nested: [{ a: null }] },
      position: { x: 1, y: 2 },
    };

    test("is made, shown as it was written, replaced, and removed", async () => {
      const made = await client.call("POST", "/v1/widgets", { ...looks, ...query });
      const path = made.headers.get("location") ?? "";
      expect(made).toMatchObject({ status: 201, body: { ...looks, ...query } });
      expect(path).toBe(`/v1/widgets/${String(made.body["id"])}`);
      expect((await client.call("GET", path)).body).toEqual(made.body);
      const { body } = await client.call("GET", "/v1/widgets");
      expect(body["widgets"]).toContainEqual(made.body);

      const other = { chart: "table", ...query };
      expect(await client.call("PUT", path, other)).toMatchObject({
        status: 200,
        body: { title: "", ...other },
      });
      expect((await client.call("GET", path)).body).not.toHaveProperty("color");
      expect((await client.call("DELETE", path)).status).toBe(204);
      for (const [method, of] of [
        ["GET", path],
        ["DELETE", path],
        ["GET", `${path}/result`],
        ["GET", `${path}/history`],
      ] as const)
        expect(await client.call(method, of)).toMatchObject({
          status: 404,
          body: { code: "widget/unknown" },
        });
    });

    test("is imported under its id, and shows what its query answers", async () => {
      const path = `/v1/widgets/${client.twin("imported")}`;
      const sql = `SELECT count(*) AS n FROM Counter WHERE id LIKE '${client.twin("widget-")}%'`;
      const made = await client.call("PUT", path, { chart: "number", title: "SQL", sql });
      expect(made).toMatchObject({
        status: 201,
        body: { id: client.twin("imported"), model: "Counter" },
      });
      expect(await client.call("PUT", path, made.body)).toMatchObject({ status: 200 });
      expect(await client.call("GET", `${path}/result`)).toMatchObject({
        status: 200,
        body: { columns: [{ name: "n", type: "number" }], rows: [[0]] },
      });
      const history = await client.call("GET", `${path}/history?limit=5`);
      expect(history.body["results"]).toBeInstanceOf(Array);
      expect(await client.call("GET", `${path}/history?limit=0`)).toMatchObject({
        status: 400,
        body: { code: "request/bad-parameter" },
      });
      await client.call("DELETE", path);
    });

    test("that can't be is refused", async () => {
      for (const [body, code] of [
        [{ ...query }, "widget/malformed"],
        [{ ...query, chart: "spiral" }, "widget/malformed"],
        [{ chart: "bar", aggregates: [] }, "query/malformed"],
        [{ chart: "bar", sql: "SELECT" }, "query/syntax"],
        ["{", "body/malformed"],
      ] as const)
        expect(await client.call("POST", "/v1/widgets", body)).toMatchObject({
          status: 400,
          body: { code },
        });
      expect(
        await client.call("PUT", "/v1/widgets/a%20b", { chart: "bar", ...query }),
      ).toMatchObject({ status: 400, body: { code: "widget/malformed" } });
    });
  });
}
