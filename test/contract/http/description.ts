/** The last part of the contract: what is described and no other part asked for, and that all of it was seen. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { OPERATIONS } from "../../../src/wire/openapi/operations/all.ts";
import type { Client } from "./client.ts";
import { seen } from "./openapi.ts";

/** Seen elsewhere: what calls somebody outside (test/workerd/alerts.test.ts), and a file (test/browser/docs.test.ts). */
const ELSEWHERE = ["testAlertChannel", "getDescription"];

/** What no other part of the contract asks for; and that then every operation was seen at work. The last part. */
export function descriptionContract(client: Client): void {
  describe("what is described", () => {
    test("is there: a model and its placement", async () => {
      expect(await client.call("GET", "/v1/models/Counter")).toMatchObject({
        status: 200,
        body: { name: "Counter", status: "running", cells: 4 },
      });
      expect(await client.call("GET", "/v1/models/Counter/placement")).toMatchObject({
        body: { cells: 4, buckets: 1_024 },
      });
      for (const path of ["/v1/models/Nix", "/v1/models/Nix/placement", "/v1/models/Nix/fields"])
        expect(await client.call("GET", path)).toMatchObject({
          status: 404,
          body: { code: "model/unknown" },
        });
    });

    test("is there: what operators set up, under ids of theirs and others", async () => {
      const silence = `/v1/silences/${client.twin("own")}`;
      const silenced = { model: "Counter", key: client.twin("never"), forMs: 60_000 };
      expect((await client.call("PUT", silence, silenced)).status).toBe(201);
      expect((await client.call("PUT", silence, silenced)).status).toBe(200);
      expect((await client.call("GET", "/v1/silences")).status).toBe(200);
      const rule = {
        title: "Never",
        query: { model: "Counter", aggregates: [{ op: "count" }] },
        op: "<",
        threshold: 0,
      };
      const made = await client.call("POST", "/v1/alert-rules", rule);
      expect(made.status).toBe(201);
      const channel = `/v1/alert-channels/${client.twin("own")}`;
      const put = { kind: "json", url: "http://127.0.0.1:9/", enabled: false };
      expect((await client.call("PUT", channel, put)).status).toBe(201);
      expect((await client.call("GET", "/v1/alert-channels")).status).toBe(200);
      for (const path of [silence, made.headers.get("location")!, channel])
        expect((await client.call("DELETE", path)).status).toBe(204);
    });

    test("is there: each kind of frame of a live connection", async () => {
      const live = await client.reach.connect("/v1/live");
      const [id, rest] = [client.twin("none"), { type: "subscribe", subscription: "s" }];
      const frames: Record<string, unknown> = {};
      for (const frame of [
        { type: "ping" },
        { ...rest, widget: id },
        { ...rest, twin: { model: "Counter", id } },
        { ...rest, alerts: { model: "Counter", id } },
        { ...rest, log: { model: "Counter", id } },
        { ...rest, query: { model: "Counter", aggregates: [{ op: "count" }] } },
      ]) {
        live.send(JSON.stringify(frame));
        const answer = await live.next();
        frames[String(answer["type"])] = answer;
      }
      live.close();
      expect(Object.keys(frames)).toEqual(["pong", "error", "twin", "alerts", "log", "result"]);
      expect(frames).toMatchObject({ twin: { twin: null }, alerts: { alerts: [] } });
    });

    test.each(numbers())("takes %s from %d to %d, and no more", async (path, min, max) => {
      // Nothing that the path names needs to be there: parameters are looked at first.
      const ask = async (value: number): Promise<unknown> =>
        (await client.call("GET", `${path}=${value}`)).body["code"];
      expect(await ask(min)).not.toBe("request/bad-parameter");
      expect(await ask(max)).not.toBe("request/bad-parameter");
      expect(await ask(min - 1)).toBe("request/bad-parameter");
      expect(await ask(max + 1)).toBe("request/bad-parameter");
    });

    test("has all been seen at work", () => {
      const unseen = OPERATIONS.filter(({ id }) => !seen.has(id)).map(({ id }) => id);
      expect(unseen).toEqual(ELSEWHERE);
    });
  });
}

/** Every parameter of a GET that is a number with bounds, as a path that ends with it. */
function numbers(): readonly (readonly [path: string, min: number, max: number])[] {
  return OPERATIONS.filter(({ method }) => method === "get").flatMap(({ path, parameters = [] }) =>
    parameters.flatMap(({ name, schema }) => {
      const { type, minimum, maximum } = z.toJSONSchema(schema, { io: "input" });
      if (type !== "integer" || minimum === undefined || maximum === undefined) return [];
      const named = path.replace("{model}", "Counter").replace("{scope}", "Counter");
      return [[`${named.replaceAll(/\{\w+\}/g, "nobody")}?${name}`, minimum, maximum] as const];
    }),
  );
}
