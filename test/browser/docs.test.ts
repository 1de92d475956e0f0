/** The page that shows the HTTP interface: in a browser, with a server behind it that it may ask. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser, Locator, Page } from "playwright-core";
import { openApiDocument } from "../../src/wire/openapi/document.ts";
import { OPERATIONS } from "../../src/wire/openapi/operations/all.ts";
import { startServer } from "../system/server.ts";
import type { RunningServer } from "../system/server.ts";
import { launchBrowser } from "./browser.ts";
import { openPage, says } from "./watched-page.ts";

const SECRET = "a-secret-for-this-test-alone";

let server: RunningServer;
let guarded: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, guarded, browser] = await Promise.all([
    startServer(),
    startServer({ env: { LIVETWIN_ADMIN_SECRET: SECRET } }),
    launchBrowser(),
  ]);
});

afterAll(async () => {
  await browser.close();
  await Promise.all([server.stop(), guarded.stop()]);
});

describe.each([
  ["wide", 1440, 900],
  ["narrow", 390, 844],
])("on a %s screen, the page", (_what, width, height) => {
  test("lists every operation, and one is tried out", async () => {
    await using opened = await openPage(browser, server.url, "/docs", {
      viewport: { width, height },
    });
    const { page, faults } = opened;
    await says(page.locator("h1, h2").first(), /^Livetwin/);
    await expect.poll(() => page.locator(".opblock").count()).toBe(OPERATIONS.length);
    // Swagger UI shows here what it can't resolve.
    expect(await page.locator(".errors-wrapper").count()).toBe(0);
    expect(await overflowOf(page)).toBe(0);

    const answer = await tryListModels(page);
    await says(answer.locator(".response-col_status").last(), /^200/);
    await says(answer.locator(".response-col_description").last(), /"name": "Airport"/);
    expect(await overflowOf(page)).toBe(0);
    expect(faults).toEqual([]);
  });
});

test("a server that asks for a key shows its interface without one, and is tried out with it", async () => {
  await using opened = await openPage(browser, guarded.url, "/docs");
  const { page, faults } = opened;
  const refused = await tryListModels(page);
  await says(refused.locator(".response-col_status").last(), /^401/);
  await says(refused.locator(".response-col_description").last(), /auth\/unauthenticated/);

  await page.getByRole("button", { name: "Authorize", exact: true }).click();
  const dialog = page.locator(".dialog-ux");
  await dialog.getByRole("textbox").fill(SECRET);
  await dialog.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.locator("#operations-models-listModels .execute").click();
  await says(refused.locator(".response-col_status").last(), /^200/);
  // The browser itself reports the answer 401.
  expect(faults.filter((fault) => !fault.includes("status of 401"))).toEqual([]);
});

describe("the description is served", () => {
  test("as it is made, and once more only when it changed", async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(await response.json()).toEqual(
      JSON.parse(JSON.stringify(openApiDocument(OPERATIONS, version))),
    );
    const headers = { "if-none-match": response.headers.get("etag") ?? "" };
    expect((await fetch(`${server.url}/openapi.json`, { headers })).status).toBe(304);
  });

  test("at one address for the page, and without what nobody loads", async () => {
    const redirect = await fetch(`${server.url}/docs/`, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([301, "/docs"]);
    expect((await fetch(`${server.url}/docs/swagger-ui-bundle.js.map`)).status).toBe(404);
    const code = await (await fetch(`${server.url}/docs/swagger-ui-bundle.js`)).text();
    expect(code).not.toContain("sourceMappingURL");
    const license = await (await fetch(`${server.url}/docs/swagger-ui.LICENSE.txt`)).text();
    expect(license).toContain("Apache License");
  });
});

/** Opens "All models", and sends the request. Answers the table of what came back. */
async function tryListModels(page: Page): Promise<Locator> {
  const operation = page.locator("#operations-models-listModels");
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  return operation.locator(".live-responses-table");
}

/** By how many pixels the page is wider than the screen. */
function overflowOf(page: Page): Promise<number> {
  return page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
}
