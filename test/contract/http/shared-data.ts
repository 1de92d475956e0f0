/** Shared data over HTTP. */
import { describe, expect, test } from "vitest";
import { waitFor } from "./client.ts";
import type { Client } from "./client.ts";

export function sharedDataContract(client: Client): void {
  const pathOf = (key: string, scope = "Looker"): string =>
    `/v1/shared/${scope}/${client.twin(key)}`;

  describe("shared data", () => {
    test("is set, read with its version, and removed", async () => {
      const path = pathOf("crud");
      expect(await client.call("GET", path)).toMatchObject({
        status: 404,
        body: { code: "shared/unknown" },
      });
      const put = await client.call("PUT", path, { value: { a: [1, null] } });
      const version = put.body["version"] as number;
      expect(put).toMatchObject({ status: 200, body: { value: { a: [1, null] } } });
      const { headers, body } = await client.call("GET", path);
      expect(headers.get("etag")).toBe(`"${version}"`);
      expect(body).toEqual({
        scope: "Looker",
        key: client.twin("crud"),
        value: { a: [1, null] },
        version,
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
      expect((await client.reach.fetch(path, { method: "DELETE" })).status).toBe(204);
      expect(await client.call("DELETE", path)).toMatchObject({ status: 404 });
      // A version that was deleted does not come again.
      const again = await client.call("PUT", path, { value: null });
      expect(again.body["version"]).toBeGreaterThan(version);
      expect(await client.call("GET", path)).toMatchObject({ status: 200, body: { value: null } });
    });

    test("is changed only where it has the version that the request expects", async () => {
      const path = pathOf("versions");
      const fresh = { "if-none-match": "*" };
      const put = await client.call("PUT", path, { value: 1 }, fresh);
      const version = put.body["version"] as number;
      expect(await client.call("PUT", path, { value: 2 }, fresh)).toMatchObject({
        status: 412,
        body: { code: "shared/version-mismatch", version },
      });
      const old = { "if-match": `"${version}"` };
      expect(await client.call("PUT", path, { value: 2 }, old)).toMatchObject({ status: 200 });
      expect(await client.call("PUT", path, { value: 3 }, old)).toMatchObject({ status: 412 });
      expect(await client.call("DELETE", path, undefined, old)).toMatchObject({ status: 412 });
      expect(await client.call("PUT", path, { value: 3 }, { "if-match": "7" })).toMatchObject({
        status: 400,
        body: { code: "request/bad-parameter" },
      });
    });

    test("counts, and once for one Idempotency-Key", async () => {
      const path = `${pathOf("count", "_global")}/add`;
      const repeat = { "idempotency-key": client.twin("once") };
      expect(await client.call("POST", path, { by: 2.5 })).toMatchObject({ body: { value: 2.5 } });
      const first = await client.call("POST", path, { by: 1 }, repeat);
      expect(first).toMatchObject({ status: 200, body: { value: 3.5 } });
      expect((await client.call("POST", path, { by: 1 }, repeat)).body).toEqual(first.body);
      expect(await client.call("POST", path, { by: 1 })).toMatchObject({ body: { value: 4.5 } });
      await client.call("PUT", pathOf("text"), { value: "t" });
      expect(await client.call("POST", `${pathOf("text")}/add`, { by: 1 })).toMatchObject({
        status: 409,
        body: { code: "shared/not-a-number" },
      });
      expect(await client.call("POST", path, { by: "1" })).toMatchObject({
        status: 400,
        body: { code: "shared/malformed" },
      });
    });

    test("is listed by prefix, page by page", async () => {
      const keys = Array.from({ length: 7 }, (_, i) => client.twin(`page-${i}`));
      for (const key of keys) await client.call("PUT", `/v1/shared/Looker/${key}`, { value: key });
      const seen: unknown[] = [];
      for (let cursor: string | null = "", pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThan(4);
        const prefix = client.twin("page-");
        const { body } = await client.call(
          "GET",
          `/v1/shared/Looker?prefix=${prefix}&limit=3&cursor=${cursor}`,
        );
        seen.push(...(body["entries"] as { value: unknown }[]).map(({ value }) => value));
        cursor = body["cursor"] as string | null;
      }
      expect(seen).toEqual(keys);
    });

    test("is refused in a scope that is no model, under a bad key, and where it is too large", async () => {
      expect(await client.call("GET", "/v1/shared/Nix/a")).toMatchObject({
        status: 404,
        body: { code: "model/unknown" },
      });
      expect(await client.call("PUT", "/v1/shared/Looker/a%23b", { value: 1 })).toMatchObject({
        status: 400,
        body: { code: "shared/bad-key" },
      });
      const fits = "x".repeat(16 * 1024 - 2);
      expect(await client.call("PUT", pathOf("large"), { value: fits })).toMatchObject({
        status: 200,
      });
      expect(await client.call("PUT", pathOf("large"), { value: `${fits}x` })).toMatchObject({
        status: 413,
        body: { code: "shared/value-too-large" },
      });
      expect(await client.call("PUT", pathOf("none"), { other: 1 })).toMatchObject({
        status: 400,
        body: { code: "shared/malformed" },
      });
    });

    test("has what twins added, each message once", async () => {
      const key = client.twin("by-twins");
      const batch = Array.from({ length: 200 }, (_, i) => ({
        id: client.twin(`adder-${i % 20}`),
        message: { do: "add", key },
        messageId: `m${i}`,
      }));
      for (let times = 0; times < 2; times++)
        await client.call("POST", "/v1/models/Looker/messages", batch);
      const read = async (): Promise<unknown> =>
        (await client.call("GET", `/v1/shared/Looker/${key}`)).body["value"];
      await waitFor(async () => (await read()) === batch.length);
      expect(await read()).toBe(batch.length);
      const metrics = await (await client.reach.fetch("/metrics")).text();
      const changes = Number(/^livetwin_shared_changes_total (\d+)$/m.exec(metrics)?.[1]);
      expect(changes).toBeGreaterThanOrEqual(20);
      expect(metrics).toMatch(/^livetwin_shared_keys [1-9]\d*$/m);
    });
  });
}
