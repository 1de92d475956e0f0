/** Look-up tables over HTTP. */
import { describe, expect, test } from "vitest";
import { NDJSON } from "./client.ts";
import type { Client } from "./client.ts";

const CSV = { "content-type": "text/csv" };

export function tableContract(client: Client): void {
  const pathOf = (name: string): string => `/v1/tables/T${client.twin(name)}`;
  const rowsOf = async (path: string): Promise<unknown> =>
    (await client.call("GET", path)).body["rows"];

  describe("look-up tables", () => {
    test("are loaded from CSV, with the types that are named, and read by key and by index", async () => {
      const path = pathOf("sites");
      const csv = `code,region,capacity,active\r\nn1,N,5,true\r\n"s,1",S,,FALSE\r\n007,S,7.5,true\r\n`;
      const put = await client.call(
        "PUT",
        `${path}?key=code&index=region&number=capacity&boolean=active`,
        csv,
        CSV,
      );
      expect(put).toMatchObject({
        status: 201,
        body: { key: "code", indexes: ["region"], rows: 3 },
      });
      const seven = { code: "007", region: "S", capacity: 7.5, active: true };
      const comma = { code: "s,1", region: "S", capacity: null, active: false };
      expect((await client.call("GET", `${path}/rows/007`)).body).toEqual({ row: seven });
      expect((await client.call("GET", `${path}/rows/s%2C1`)).body).toEqual({ row: comma });
      expect(await rowsOf(`${path}/rows?region=S`)).toEqual([seven, comma]);
      expect(await rowsOf(`${path}/rows?region=S&capacity=7.5`)).toEqual([seven]);
      expect(await rowsOf(`${path}/rows?region=S&limit=1`)).toEqual([seven]);
      expect(await client.call("GET", `${path}/rows/none`)).toMatchObject({
        status: 404,
        body: { code: "table/unknown-row" },
      });
      expect(await client.call("GET", `${path}/rows?capacity=5`)).toMatchObject({
        status: 400,
        body: { code: "table/not-indexed" },
      });
    });

    test("are replaced as a whole, or not at all", async () => {
      const path = `${pathOf("whole")}?key=id`;
      const rows = (ids: number[]): string => ids.map((id) => JSON.stringify({ id })).join("\n");
      expect(await client.call("PUT", path, rows([1, 2, 3]), NDJSON)).toMatchObject({
        status: 201,
      });
      expect(await client.call("PUT", path, `${rows([4])}\n{"name":"x"}`, NDJSON)).toMatchObject({
        status: 422,
        body: { code: "table/bad-row", row: 2 },
      });
      expect(await client.call("PUT", path, `${rows([4])}\n{"id":`, NDJSON)).toMatchObject({
        status: 400,
        body: { code: "body/malformed" },
      });
      expect(await client.call("GET", pathOf("whole"))).toMatchObject({ body: { rows: 3 } });
      expect(await client.call("PUT", path, [{ id: 3 }, { id: 9 }])).toMatchObject({
        status: 200,
        body: { rows: 2 },
      });
      expect(await client.call("GET", `${pathOf("whole")}/rows/1`)).toMatchObject({ status: 404 });
    });

    test("get more rows, and other ones in the place of those of their keys", async () => {
      const path = pathOf("more");
      expect(await client.call("POST", path, [{ id: 1 }])).toMatchObject({
        status: 404,
        body: { code: "table/unknown" },
      });
      await client.call("PUT", `${path}?key=id&number=n`, [{ id: "a", n: 1 }]);
      const more = await client.call("POST", path, "id,n\na,2\nb,3\n", CSV);
      expect(more).toMatchObject({ status: 200, body: { rows: 2 } });
      expect((await client.call("GET", `${path}/rows/a`)).body).toEqual({ row: { id: "a", n: 2 } });
    });

    test("are listed and removed", async () => {
      const path = pathOf("listed");
      await client.call("PUT", `${path}?key=id`, [{ id: 1 }]);
      const { body } = await client.call("GET", "/v1/tables");
      expect(body["tables"]).toContainEqual(
        expect.objectContaining({ name: `T${client.twin("listed")}`, rows: 1 }),
      );
      expect((await client.reach.fetch(path, { method: "DELETE" })).status).toBe(204);
      expect(await client.call("GET", path)).toMatchObject({
        status: 404,
        body: { code: "table/unknown" },
      });
    });

    test("are refused with a bad name, without a key column, or with too many indexes", async () => {
      const bad: [string, unknown][] = [
        ["/v1/tables/1st?key=id", [{ id: 1 }]],
        [pathOf("bad"), [{ id: 1 }]],
        [`${pathOf("bad")}?key=id&index=a,b,c,d,e`, [{ id: 1 }]],
      ];
      for (const [path, rows] of bad)
        expect(await client.call("PUT", path, rows)).toMatchObject({
          status: 400,
          body: { code: "table/malformed" },
        });
      expect(await client.call("PUT", `${pathOf("bad")}?key=id`, "a,b\n1,2\n", CSV)).toMatchObject({
        status: 400,
        body: { code: "body/malformed" },
      });
    });

    test("answer a model, which may have them a moment old", async () => {
      const path = pathOf("models");
      await client.call("PUT", `${path}?key=id`, [{ id: "x", name: "first" }]);
      const id = client.twin("reading");
      const table = `T${client.twin("models")}`;
      await client.call("POST", `/v1/models/Looker/twins/${id}/messages`, [
        { do: "row", table, key: "x" },
        { do: "row", table, key: "y" },
      ]);
      const { body } = await client.call("GET", `/v1/models/Looker/twins/${id}`);
      expect(body["state"]).toMatchObject({ results: [{ id: "x", name: "first" }, null] });
    });
  });
}
