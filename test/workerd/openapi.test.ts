import { createExecutionContext } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Env } from "../../src/env.ts";
import { app, handle } from "../../src/ingest/app.ts";
import { OPERATIONS } from "../../src/wire/openapi/operations/all.ts";
import { bindings } from "./deployment-under-test.ts";

/** The pages to browse the description are no part of what it describes. */
const NOT_DESCRIBED = ["get /docs/*"];

describe("the routes", () => {
  const routes = app.routes
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
    .filter((route) => !NOT_DESCRIBED.includes(route));
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);

  test("are all described", () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.filter((route) => !described.includes(route))).toEqual([]);
  });

  test("are all that is described", () => {
    expect(described.filter((route) => !routes.includes(route))).toEqual([]);
  });
});

describe("the description and its page", () => {
  const ADMIN_SECRET = "a-secret-for-this-test-alone";
  const assets = { fetch: ({ url }: Request) => Promise.resolve(new Response(`file of ${url}`)) };
  const files = ["/openapi.json", "/docs", "/docs/start.js", "/docs?deep=link"];

  async function ask(path: string, settings: Partial<Env>, init?: RequestInit): Promise<Response> {
    const env: Env = { ...bindings, AUTH: "on", ASSETS: assets, ...settings };
    const request = new Request(`https://twins.example${path}`, init);
    return handle(request, env, createExecutionContext());
  }

  test.each(files)("are read without a key where there is a secret: %s", async (path) => {
    for (const headers of [{}, { authorization: "Bearer another" }]) {
      const response = await ask(path, { ADMIN_SECRET }, { headers });
      expect(await response.text()).toBe(`file of https://twins.example${path}`);
    }
    expect((await ask(path, { ADMIN_SECRET }, { method: "HEAD" })).status).toBe(200);
  });

  test.each(files)("are refused as all else where there is no secret: %s", async (path) => {
    const response = await ask(path, {});
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "auth/not-configured" });
  });

  test.each([
    "/v1/models",
    "/metrics",
    "/docsy",
    "/docs/../v1/models",
    "/docs/%2e%2e/metrics",
    "/openapi.json/../metrics",
    "/v1/models?/docs/",
    "//docs/",
    "/docs%2fstart.js",
  ])("open no other way in: %s", async (path) => {
    expect((await ask(path, { ADMIN_SECRET })).status).toBe(401);
  });

  test("are not written to without a key", async () => {
    expect((await ask("/docs", { ADMIN_SECRET }, { method: "POST" })).status).toBe(401);
  });

  test("are not shown to a page of another site where no key is asked for", async () => {
    const headers = { origin: "https://evil.example" };
    expect((await ask("/openapi.json", { AUTH: "off" }, { headers })).status).toBe(403);
  });

  test("are a problem in a deployment without files", async () => {
    const { ASSETS: _, ...rest } = { ...bindings, ADMIN_SECRET, AUTH: "on" };
    const request = new Request("https://twins.example/openapi.json");
    const response = await handle(request, rest, createExecutionContext());
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "request/not-found" });
  });
});
