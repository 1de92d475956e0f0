/** What is said of a twin's parent and children. */
import { describe, expect, test } from "vitest";
import { waitFor } from "./client.ts";
import type { Client } from "./client.ts";

export function childrenContract(client: Client): void {
  const pathOf = (model: string, name: string): string =>
    `/v1/models/${model}/twins/${client.twin(name)}`;
  const childrenOf = async (name: string, query = ""): Promise<Record<string, unknown>> =>
    (await client.call("GET", `${pathOf("Room", name)}/children${query}`)).body;
  const namesOf = (body: Record<string, unknown>): readonly string[] =>
    (body["children"] as { id: string }[]).map(({ id }) => id);
  const room = async (name: string): Promise<Record<string, unknown>> =>
    (await client.call("GET", pathOf("Room", name))).body;
  const sensors = (model: string, of: string, names: readonly string[]): Promise<unknown> =>
    client.call(
      "POST",
      `/v1/models/${model}/messages`,
      names.map((name) => ({
        id: client.twin(name),
        message: { room: client.twin(of), degrees: 7 },
      })),
    );

  describe("parents and children", () => {
    test("are shown with their twins", async () => {
      await sensors("Sensor", "shown", ["child-b", "child-a"]);
      await waitFor(async () => (await room("shown"))["childCount"] === 2);
      const child = (name: string): unknown => ({
        model: "Sensor",
        id: client.twin(name),
        values: { degrees: 7, status: "ok", seenAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      });
      expect(await room("shown")).toMatchObject({
        parent: null,
        childCount: 2,
        children: [child("child-a"), child("child-b")],
        state: { sensors: 2, sum: 14 },
      });
      const { body } = await client.call("GET", pathOf("Sensor", "child-a"));
      expect(body).toMatchObject({ parent: { model: "Room", id: client.twin("shown") } });
      expect(body).not.toHaveProperty("childCount");
      expect((await client.call("GET", pathOf("Counter", "none"))).body).not.toHaveProperty(
        "parent",
      );
    });

    test("go with their twin, and then roll-ups are right", async () => {
      await sensors("Sensor", "left", ["stays", "goes"]);
      await waitFor(async () => (await room("left"))["childCount"] === 2);
      await client.call("DELETE", pathOf("Sensor", "goes"));
      await waitFor(async () => (await room("left"))["childCount"] === 1);
      expect(await room("left")).toMatchObject({ state: { sensors: 1, sum: 7 } });
      expect(namesOf(await childrenOf("left"))).toEqual([client.twin("stays")]);
    });

    test("are a hundred with their twin, and all of them page by page", async () => {
      const names = Array.from({ length: 101 }, (_, i) => `p${String(i).padStart(3, "0")}`);
      await sensors("Sensor", "paged", names);
      await sensors("FineSensor", "paged", ["fine"]);
      await waitFor(async () => (await room("paged"))["childCount"] === 102);
      expect(namesOf(await room("paged"))).toHaveLength(100);
      const seen: string[] = [];
      let cursor: string | null = "";
      for (let pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThan(3);
        const page = await childrenOf("paged", `?limit=51&cursor=${encodeURIComponent(cursor)}`);
        seen.push(...namesOf(page));
        cursor = page["cursor"] as string | null;
      }
      expect(seen).toEqual(["fine", ...names].map((name) => client.twin(name)));
      expect(namesOf(await childrenOf("paged", "?model=FineSensor"))).toEqual([
        client.twin("fine"),
      ]);
      expect(await childrenOf("paged", "?model=Counter")).toEqual({ children: [], cursor: null });
    });

    test("are refused for a twin that is not there, and with parameters that make no sense", async () => {
      expect(await childrenOf("nobody")).toMatchObject({ code: "twin/unknown" });
      await client.call("PUT", pathOf("Room", "empty"), { state: {} });
      expect(await childrenOf("empty")).toEqual({ children: [], cursor: null });
      for (const query of [
        "?limit=0",
        "?limit=1001",
        "?cursor=x",
        "?cursor=Sensor/a%2Fb",
        "?cursor=/a",
      ])
        expect(await childrenOf("empty", query)).toMatchObject({ code: "request/bad-parameter" });
      expect(await childrenOf("empty", "?limit=1000")).toMatchObject({ children: [] });
      expect((await client.call("GET", `/v1/models/Nothing/twins/x/children`)).body).toMatchObject({
        code: "model/unknown",
      });
    });

    test("can't be made up: a roll-up is nobody's to set, and a parent has an id", async () => {
      expect(
        await client.call("PUT", pathOf("Room", "made-up"), { state: { sensors: 3 } }),
      ).toMatchObject({ status: 422, body: { code: "twin/invalid-field", field: "sensors" } });
      expect(
        await client.call("PUT", pathOf("Sensor", "made-up"), { state: { room: "a/b" } }),
      ).toMatchObject({ status: 422, body: { code: "twin/bad-parent" } });
    });
  });
}
