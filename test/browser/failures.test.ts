/** What the page does when there is nothing to show, when something fails, and when the server goes away. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startServer } from "../system/server.ts";
import type { RunningServer } from "../system/server.ts";
import { launchBrowser } from "./browser.ts";
import { createAirports } from "./fleet.ts";
import { figure, openPage, says } from "./watched-page.ts";

const AIRPORTS = "/?model=Airport";

let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test("a model without twins shows a line that makes the first one, and then the twin", async () => {
  await using opened = await openPage(browser, server.url, "/?model=StatusTracker", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page, faults } = opened;
  await says(page.locator("h2"), "StatusTracker has no twins yet");
  await page.getByRole("button", { name: "Copy" }).click();
  await says(page.locator(".notice [role=status]"), "Copied.");
  const line = await page.evaluate<string>("navigator.clipboard.readText()");
  const [, method, url, body] = /^curl -X (\w+) '(.+?)' .* -d '(.+)'$/.exec(line) ?? [];
  const response = await fetch(url!, { method: method!, body: body! });
  expect(response.status).toBe(201);
  await says(figure(page, "Twins"), "1");
  await says(page.locator(".map .note"), "1 twin");
  expect(faults).toEqual([]);
});

test("data that is cut off looks old, and is new again when the server is back", async () => {
  await createAirports(server.url);
  await using opened = await openPage(browser, server.url, AIRPORTS);
  const { page, faults } = opened;
  await says(figure(page, "Twins"), "3");
  const main = page.locator("main");
  expect(await main.getAttribute("class")).toBeNull();

  const restarted = server.killWorkerd();
  await says(page.getByRole("status").first(), "Reconnecting…");
  await expect.poll(() => main.getAttribute("class")).toBe("stale");
  expect(await figure(page, "Twins").textContent()).toBe("3");
  await says(page.locator(".age"), /^data \d+ s old$/);

  await restarted;
  await says(page.getByRole("status").first(), "Live");
  await expect.poll(() => main.getAttribute("class"), { timeout: 15_000 }).toBeNull();
  await fetch(`${server.url}/v1/models/Airport/twins/BOS`, { method: "DELETE" });
  await says(figure(page, "Twins"), "2");
  // The browser itself reports each attempt that found no server.
  expect(faults.filter((fault) => !fault.includes("WebSocket connection to"))).toEqual([]);
});

test("a paused page asks for nothing, and goes on where the twins are by then", async () => {
  await createAirports(server.url);
  await using opened = await openPage(browser, server.url, AIRPORTS);
  const { page, faults } = opened;
  await says(figure(page, "Twins"), "3");
  await page.getByRole("button", { name: "Pause" }).click();
  await says(page.getByRole("status").first(), "Paused");
  await expect.poll(opened.openSockets).toBe(0);
  await fetch(`${server.url}/v1/models/Airport/twins/BOS`, { method: "DELETE" });
  expect(await figure(page, "Twins").textContent()).toBe("3");
  await page.getByRole("button", { name: "Resume" }).click();
  await says(page.getByRole("status").first(), "Live");
  await says(figure(page, "Twins"), "2");
  expect(faults).toEqual([]);
});

test("names and values are text, whatever is in them", async () => {
  const hostile = `<img src=x onerror="document.title='taken over'">`;
  await using opened = await openPage(browser, server.url, "/healthz");
  const { page, faults } = opened;
  await answerModels(page, [
    { name: hostile, twins: 1, fields: [{ name: "<b>field</b>", type: "number" }] },
  ]);
  await page.goto(`${server.url}/?model=${encodeURIComponent(hostile)}`);
  await says(page.getByRole("link", { name: hostile }), hostile);
  // The server does not know this model: each panel says so by itself.
  await says(page.locator(".panel.top .failure p").last(), "model/unknown");
  expect(await page.title()).toBe(`${hostile} · Livetwin`);
  expect(await page.locator("main img, main b").count()).toBe(0);
  expect(faults).toEqual([]);
});

test("an address that names no model says so, and offers those there are", async () => {
  await using opened = await openPage(browser, server.url, "/?model=Nowhere");
  const { page, faults } = opened;
  await says(page.locator("h2"), "There is no such model");
  await says(page.locator(".notice p"), /the model Nowhere, which is not deployed/);
  await page.getByRole("link", { name: "Airport" }).click();
  await says(figure(page, "Highest"), /\d/);
  expect(faults).toEqual([]);
});

test("a deployment that answers with a problem is quoted, and asked again", async () => {
  await using opened = await openPage(browser, server.url, "/healthz");
  const { page } = opened;
  const body = { code: "auth/unauthenticated", detail: "Send the header Authorization." };
  await page.route("**/v1/models", (route) => route.fulfill({ status: 401, json: body }));
  await page.goto(server.url + AIRPORTS);
  await says(page.locator(".failure p").first(), body.detail);
  await page.unroute("**/v1/models");
  await says(figure(page, "Twins"), /\d/);
});

/** Has the browser believe that these models are deployed. */
async function answerModels(page: Page, models: readonly unknown[]): Promise<void> {
  await page.route("**/v1/models", (route) => route.fulfill({ json: { models } }));
}
