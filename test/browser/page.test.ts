/** The first page with a real server behind it and 20,000 twins: what it shows, how soon, and for whom. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { MODELS } from "../../models/index.ts";
import { startServer } from "../system/server.ts";
import type { RunningServer } from "../system/server.ts";
import { launchBrowser } from "./browser.ts";
import { createAirports, createGrid, nodeId, report } from "./fleet.ts";
import { figure, openPage, says } from "./watched-page.ts";

/** What a change may take from the acknowledgement to the screen. */
const CHANGE_MS_MAX = 3_000;

const GRID = "/?model=StatusTracker";

let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  await createGrid(server.url);
  await createAirports(server.url);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test("all twins of the power grid are on the page, and on the map", async () => {
  await using opened = await openPage(browser, server.url, GRID);
  const { page, faults } = opened;
  await says(figure(page, "Twins"), "20,000");
  await says(page.locator(".map .note"), "20,000 twins");
  await says(page.getByRole("status").first(), "Live");
  expect(await page.title()).toBe("StatusTracker · Livetwin");
  expect(await page.getByRole("img", { name: "20,000 twins" }).count()).toBe(1);
  expect(faults).toEqual([]);
});

test("a change is on the page within 3 s of its acknowledgement", async () => {
  await using opened = await openPage(browser, server.url, GRID);
  const { page, faults } = opened;
  await says(page.locator(".map .note"), "20,000 twins");
  // Infrastructure that reports a severe incident goes to level 10; a controller goes to 20.
  for (const [index, level] of [
    [1_000, "10"],
    [1_001, "20"],
  ] as const) {
    await report(server.url, index, "severe");
    await says(figure(page, "Highest"), level, CHANGE_MS_MAX);
  }
  const first = page.locator("tbody tr").first();
  await says(first.locator("th"), nodeId(1_001));
  await says(page.locator(".legend li").last(), /≥ 10\s*2/);
  await says(page.locator(".bars li", { hasText: "SE" }).locator(".value"), "20");
  await report(server.url, 1_000, "normal");
  await report(server.url, 1_001, "normal");
  await says(figure(page, "Highest"), "0", CHANGE_MS_MAX);
  expect(faults).toEqual([]);
});

test("airports come with the chart and the colours that suit them", async () => {
  await using opened = await openPage(browser, server.url, "/");
  const { page, faults } = opened;
  // Without a wish in the address, the model with most twins is shown.
  await says(figure(page, "Twins"), "20,000");
  await page.getByRole("link", { name: "Airport" }).click();
  await says(figure(page, "Twins"), "3");
  await says(figure(page, "Highest"), "90");
  const bars = page.locator(".bars li");
  await expect.poll(() => bars.locator(".label").allTextContents()).toEqual(["CA", "CO", "MA"]);
  expect(await bars.locator(".value").allTextContents()).toEqual(["2", "20", "90"]);
  const legend = page.locator(".legend li");
  await expect.poll(() => legend.allTextContents()).toEqual(["clear 1", "busy 1", "jammed 1"]);
  expect(new URL(page.url()).search).toBe("?model=Airport");
  expect(faults).toEqual([]);
});

test("the address reproduces a view, and going back returns to the one before", async () => {
  await using opened = await openPage(browser, server.url, GRID);
  const { page, faults } = opened;
  await page.getByLabel("Chart").selectOption("count");
  await page.getByLabel("Group by").selectOption("node_type");
  await page.getByLabel("Colour").selectOption("region");
  await says(page.locator(".bars h2"), "Number of twins by node type");
  const link = page.url();
  await page.reload();
  await says(page.locator(".bars h2"), "Number of twins by node type");
  await expect
    .poll(() => page.locator(".bars .value").allTextContents())
    .toEqual(["10,000", "10,000"]);
  await expect
    .poll(() => page.locator(".legend li span:nth-of-type(1)").allTextContents())
    .toEqual(["MN", "MS", "NE", "NW", "SE", "SW"]);
  expect(page.url()).toBe(link);
  await page.goBack();
  await page.goBack();
  await says(page.locator(".bars h2"), "Number of twins by region");
  expect(await page.getByLabel("Colour").inputValue()).toBe("alert_level");
  expect(faults).toEqual([]);
});

test("pointing at a mark shows which twin it is, and Escape takes that away", async () => {
  await using opened = await openPage(browser, server.url, GRID);
  const { page, faults } = opened;
  await says(page.locator(".map .note"), "20,000 twins");
  const box = (await page.locator(".canvas-box").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await says(page.locator(".tip .id"), /^node-\d{5}$/);
  await says(page.locator(".tip dd"), "0");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(".tip").count()).toBe(0);
  expect(faults).toEqual([]);
});

describe("with the keyboard alone", () => {
  test("everything is reached, in order, and shows that it is", async () => {
    await using opened = await openPage(browser, server.url, GRID);
    const { page, faults } = opened;
    await says(page.locator("tbody tr").first().locator("th"), /^node-/);
    const stops: string[] = [];
    do {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate<string>(FOCUSED));
    } while (stops.length < 60 && stops.at(-1) !== "");
    const models = MODELS.map(({ name }) => `a ${name}`);
    expect(stops.slice(0, 4 + models.length)).toEqual([
      "a Skip to content",
      "a Livetwin",
      "button Pause",
      "input auto",
      ...models,
    ]);
    expect(stops.filter((stop) => stop.startsWith("select"))).toHaveLength(4);
    expect(stops.filter((stop) => stop.startsWith("button node-"))).toHaveLength(10);
    expect(stops.filter((stop) => stop.includes("without outline"))).toEqual([]);
    expect(faults).toEqual([]);
  });

  test("a twin of the table is shown on the map", async () => {
    await using opened = await openPage(browser, server.url, GRID);
    const { page } = opened;
    await says(page.locator(".map .note"), "20,000 twins");
    const twin = page.locator("tbody button").nth(2);
    await twin.focus();
    await says(page.locator(".tip .id"), (await twin.textContent())!);
    expect(await page.locator(".halo").count()).toBe(1);
  });
});

/** The focused element with its words; "" for the page itself. What it is outlined by may be what labels it. */
const FOCUSED = `(() => {
  const { activeElement: element } = document;
  if (element === null || element === document.body) return "";
  const shown = element.matches("input") ? element.closest("label") : element;
  const style = getComputedStyle(shown);
  const words = (shown.innerText || element.getAttribute("aria-label") || "").replace(/\\s+/g, " ").trim();
  const mark = style.outlineStyle === "none" || style.outlineWidth === "0px" ? " without outline" : "";
  return element.localName + " " + words + mark;
})()`;

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 390, 768, 1440, 2560]) {
    test(`the page fits ${width} pixels in the ${colorScheme} theme`, async () => {
      const viewport = { width, height: 844 };
      await using opened = await openPage(browser, server.url, GRID, { colorScheme, viewport });
      const { page, faults } = opened;
      await says(page.locator(".map .note"), "20,000 twins");
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
      expect(await page.evaluate<string[]>(TOO_SMALL)).toEqual([]);
      expect(await page.evaluate<string[]>(NAMELESS)).toEqual([]);
      expect(await page.evaluate<boolean>(IS_DARK)).toBe(colorScheme === "dark");
      await expect.poll(() => page.evaluate<number>(COLOURS_OF_MAP)).toBeGreaterThan(1);
      expect(faults).toEqual([]);
    });
  }
}

/** Controls that are smaller than a finger needs (WCAG 2.2, 2.5.8). */
const TOO_SMALL = `[...document.querySelectorAll("main a, button, select, .themes label")]
  .map((element) => [element.innerText, element.getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
  .map(([words, { width, height }]) => words + " " + width + " x " + height)`;

/** Controls, pictures and regions that a screen reader has no name for. */
const NAMELESS = `[...document.querySelectorAll("a, button, select, input, [role=img], section, nav")]
  .filter((element) => {
    const label = element.getAttribute("aria-label") ?? "";
    const by = document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.innerText ?? "";
    const own = element.labels?.[0]?.innerText ?? element.innerText;
    return (label || by || own).trim() === "";
  })
  .map((element) => element.outerHTML.slice(0, 100))`;

const IS_DARK = `getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 60)`;

/** How many different colours the marks are painted in. */
const COLOURS_OF_MAP = `(() => {
  const canvas = document.querySelectorAll(".canvas-box canvas")[1];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()`;

test("a chosen theme is kept, and is there before the page is", async () => {
  await using opened = await openPage(browser, server.url, GRID, { colorScheme: "light" });
  const { page, faults } = opened;
  await page.getByRole("radio", { name: "dark" }).check({ force: true });
  await expect.poll(() => page.evaluate<boolean>(IS_DARK)).toBe(true);
  await page.route("**/main.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: "" }),
  );
  await page.reload();
  expect(await page.evaluate<boolean>(IS_DARK)).toBe(true);
  expect(faults).toEqual([]);
});

test("nothing moves for readers who asked for that", async () => {
  await using opened = await openPage(browser, server.url, GRID, { reducedMotion: "reduce" });
  const { page } = opened;
  await says(figure(page, "Highest"), "0");
  await report(server.url, 7, "severe");
  await says(figure(page, "Highest"), "20");
  expect(await page.evaluate<number>("document.getAnimations().length")).toBe(0);
  await report(server.url, 7, "normal");
});

test("nothing but the server's own files may run or be asked for", async () => {
  const { headers } = await fetch(server.url);
  const policy = headers.get("content-security-policy") ?? "";
  for (const rule of ["default-src", "script-src", "style-src", "connect-src"]) {
    expect(policy.split("; ")).toContain(`${rule} 'self'`);
  }
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test("the first view stays within its budget of bytes", async () => {
  const sizes = await compressedSizes(["/main.js", "/theme.js", "/style.css"]);
  expect(sizes["/main.js"]! + sizes["/theme.js"]!).toBeLessThan(90_000);
  expect(sizes["/style.css"]).toBeLessThan(8_000);
});

async function compressedSizes(
  paths: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const { gzipSync } = await import("node:zlib");
  const sizes = paths.map(async (path) => {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(200);
    return [path, gzipSync(await response.arrayBuffer()).length] as const;
  });
  return Object.fromEntries(await Promise.all(sizes));
}
