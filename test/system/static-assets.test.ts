import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeAssets, parseHeaderRules } from "../../tools/serve/static-assets.ts";
import type { AssetManifest } from "../../tools/serve/static-assets.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

describe("the description of static assets", () => {
  let directory: string;
  let manifest: AssetManifest;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "livetwin-test-"));
    await mkdir(join(directory, "assets"));
    const files: Readonly<Record<string, string>> = {
      "index.html": "<!doctype html>",
      "assets/chunk.js": "1",
      "assets/data.unknown": "2",
      ".hidden": "3",
      _headers:
        "/*\n  X-Frame-Options: DENY\n/assets/*\n  Cache-Control: immutable\n/\n  X-Page: yes\n",
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(join(directory, name), content);
    manifest = await describeAssets(directory);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("has every file but the hidden ones and _headers", () => {
    expect(Object.keys(manifest).sort()).toEqual([
      "/assets/chunk.js",
      "/assets/data.unknown",
      "/index.html",
    ]);
  });

  test("gives each file its content type, and an unknown one the type of plain bytes", () => {
    expect(manifest["/index.html"]?.["content-type"]).toBe("text/html; charset=utf-8");
    expect(manifest["/assets/chunk.js"]?.["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(manifest["/assets/data.unknown"]?.["content-type"]).toBe("application/octet-stream");
  });

  test("adds the headers that _headers names, to a page by the path it is asked for", () => {
    expect(manifest["/index.html"]).toMatchObject({
      "x-frame-options": "DENY",
      "x-page": "yes",
      "cache-control": "public, max-age=0, must-revalidate",
    });
    expect(manifest["/assets/chunk.js"]).toMatchObject({
      "x-frame-options": "DENY",
      "cache-control": "immutable",
    });
    expect(manifest["/assets/chunk.js"]).not.toHaveProperty("x-page");
  });

  test("gives files of different content different tags", () => {
    expect(manifest["/assets/chunk.js"]?.["etag"]).not.toBe(
      manifest["/assets/data.unknown"]?.["etag"],
    );
  });

  test.each(["https://example.com/*\n  A: b", "/:page\n  A: b", "  A: b", "/*\n  ! A", "/*\nA: b"])(
    "refuses the _headers %j, which it would not apply as the edge does",
    (text) => expect(() => parseHeaderRules(text)).toThrow("_headers:"),
  );
});

describe("the server's static assets", { timeout: 150_000 }, () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
  }, 150_000);
  afterAll(() => server.stop());

  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${server.url}${path}`, { headers, redirect: "manual" });
  }

  test("are the dashboard's page at the root and at its own routes", async () => {
    const root = await get("/");
    expect(root.status).toBe(200);
    expect(root.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const page = await root.text();
    expect(await (await get("/any/route")).text()).toBe(page);
    expect(await (await get("/twins/with.a.dot", { accept: "text/html" })).text()).toBe(page);
  });

  test("are its script, once more only when it changed", async () => {
    const script = await get("/main.js");
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const tag = script.headers.get("etag") ?? "";
    expect((await get("/main.js", { "if-none-match": tag })).status).toBe(304);
    expect((await get("/main.js", { "if-none-match": '"another"' })).status).toBe(200);
  });

  test("answer HEAD like GET without the content", async () => {
    const whole = await get("/main.js");
    const head = await fetch(`${server.url}/main.js`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(whole.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });

  test("are nothing for a script that is gone", async () => {
    expect((await get("/assets/gone.js")).status).toBe(404);
  });

  test.each([
    "/%2e%2e/livetwin.json",
    "/..%2flivetwin.json",
    "/..%2f..%2flivetwin.json",
    "/.%2e/run/workerd.capnp",
    "/%zz.js",
  ])("do not lead out of their directory by %s", async (path) =>
    expect((await get(path)).status).toBe(404),
  );
});
