import { describe, expect, test } from "vitest";
import { authenticate } from "../../src/ingest/authenticate.ts";
import type { Env } from "../../src/env.ts";

function env(settings: { AUTH?: string; ADMIN_SECRET?: string }): Env {
  return settings as Env;
}

function request(url: string, headers: Record<string, string> = {}): Request {
  return new Request(url, { headers });
}

describe("a deployment", () => {
  test("without a secret, or with one that is too short, answers nothing", async () => {
    for (const settings of [{}, { ADMIN_SECRET: "x".repeat(15) }, { AUTH: "on" }]) {
      expect(
        await authenticate(request("https://twins.example/v1/models"), env(settings)),
      ).toMatchObject({ code: "auth/not-configured" });
    }
  });

  test("with a secret takes exactly that, as a bearer key", async () => {
    const secured = env({ ADMIN_SECRET: "0123456789abcdef" });
    const ask = async (authorization: string): Promise<unknown> =>
      authenticate(request("https://twins.example/", { authorization }), secured);
    expect(await ask("Bearer 0123456789abcdef")).toBeNull();
    expect(await ask("bearer 0123456789abcdef")).toBeNull();
    for (const wrong of [
      "Bearer 0123456789abcdeF",
      "Bearer 0123456789abcde",
      "Basic 0123456789abcdef",
      "0123456789abcdef",
      "Bearer ",
    ]) {
      expect(await ask(wrong)).toMatchObject({ code: "auth/unauthenticated" });
    }
    expect(
      await authenticate(request("https://twins.example/?key=0123456789abcdef"), secured),
    ).toMatchObject({ code: "auth/unauthenticated" });
  });

  test("without authentication answers its own machine, and no page of another site on it", async () => {
    const open = env({ AUTH: "off" });
    for (const host of ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "127.9.9.9"]) {
      expect(await authenticate(request(`http://${host}/`), open)).toBeNull();
      expect(
        await authenticate(request(`http://${host}/`, { origin: `http://${host}` }), open),
      ).toBeNull();
    }
    expect(await authenticate(request("http://rebound.example:8787/"), open)).toMatchObject({
      code: "auth/forbidden",
    });
    for (const origin of ["https://evil.example", "null", "http://localhost:3000"]) {
      expect(await authenticate(request("http://localhost:8787/", { origin }), open)).toMatchObject(
        { code: "auth/forbidden" },
      );
    }
  });
});
