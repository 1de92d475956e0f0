/** A model's log: what its code wrote, alerts, failures. */
import { describe, expect, test } from "vitest";
import type { Client } from "./client.ts";

interface Entry {
  readonly at: string;
  readonly severity: string;
  readonly kind: string;
  readonly id: string;
  readonly text: string;
}

export function logContract(client: Client): void {
  const log = async (query: string): Promise<readonly Entry[]> => {
    const { status, body } = await client.call("GET", `/v1/models/Counter/log?${query}`);
    expect(status).toBe(200);
    return body["entries"] as readonly Entry[];
  };

  describe("a model's log", () => {
    test("has what its code wrote and why it failed, newest first", async () => {
      const id = client.twin("logging");
      await client.send("logging", { do: "log", to: "hello" });
      await client.send("logging", { do: "throw", body: 7 });
      const [failure, written, ...others] = await log(`id=${id}`);
      expect(failure).toMatchObject({ severity: "error", kind: "failure", id });
      expect(failure!.text).toContain("told to throw by 7");
      expect(written).toMatchObject({ severity: "info", kind: "log", id, text: "hello" });
      expect(Date.parse(written!.at)).toBeLessThanOrEqual(Date.parse(failure!.at));
      expect(others).toEqual([]);
    });

    test("is searched by severity, kind and time, and gives as much as asked", async () => {
      const id = client.twin("searched");
      for (const to of ["one", "two", "three"]) await client.send("searched", { do: "log", to });
      await client.send("searched", { do: "throw" });
      const texts = async (query: string): Promise<readonly string[]> =>
        (await log(`id=${id}&${query}`)).map(({ text }) => text);
      expect(await texts("kind=log")).toEqual(["three", "two", "one"]);
      expect(await texts("kind=log&limit=2")).toEqual(["three", "two"]);
      expect(await texts("severity=info,warning")).toEqual(["three", "two", "one"]);
      expect(await texts("severity=error")).toHaveLength(1);
      expect(await texts("before=2001-01-01")).toEqual([]);
      expect(await texts("before=4102444800000")).toHaveLength(4);
    });

    test("is followed live: what is written reaches who watches, and nothing that was not asked for", async () => {
      const id = client.twin("followed");
      const live = await client.reach.connect("/v1/live");
      const log = { model: "Counter", id, kinds: ["log"] };
      live.send(JSON.stringify({ type: "subscribe", subscription: "tail", log }));
      expect(await live.next()).toEqual({
        type: "log",
        subscription: "tail",
        model: "Counter",
        entries: [],
      });
      await client.send("followed", { do: "throw" });
      await client.send("followed", { do: "log", to: "hello" });
      const frame = await live.next();
      live.close();
      expect(frame["entries"]).toMatchObject([{ kind: "log", id, text: "hello" }]);
    });

    test("says what is wrong with a request for it", async () => {
      for (const [query, named] of [
        ["limit=0", '"limit"'],
        ["limit=1001", '"limit"'],
        ["severity=loud", '"severity"'],
        ["kind=", '"kind"'],
        ["before=yesterday", '"before"'],
      ]) {
        const { status, body } = await client.call("GET", `/v1/models/Counter/log?${query}`);
        expect(status).toBe(400);
        expect(body["code"]).toBe("request/bad-parameter");
        expect(body["detail"]).toContain(named);
      }
      expect(await client.call("GET", "/v1/models/Nothing/log")).toMatchObject({ status: 404 });
    });
  });
}
