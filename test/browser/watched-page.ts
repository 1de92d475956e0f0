/** The dashboard in a browser, watched for everything that a page of ours must never do. */
import { expect } from "vitest";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, refused content, and requests to anywhere else, in words. */
  readonly faults: readonly string[];
  /** How many WebSockets of the page are open. */
  readonly openSockets: () => number;
}

const WIDTH = 1440;
const HEIGHT = 900;

/** Results come at most once a second, and machines that test are busy. */
const WAIT_MS_MAX = 15_000;

/** Opens a path of the server; the page closes with its scope. */
export async function openPage(
  browser: Browser,
  url: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: WIDTH, height: HEIGHT },
    locale: "en-US",
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const faults: string[] = [];
  const { host } = new URL(url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== "data:" && asked.host !== host) faults.push(`asks ${request.url()}`);
  });
  let sockets = 0;
  page.on("websocket", (socket) => {
    sockets++;
    socket.on("close", () => sockets--);
    if (new URL(socket.url()).host !== host) faults.push(`connects to ${socket.url()}`);
  });
  await page.goto(url + path);
  return {
    page,
    faults,
    openSockets: () => sockets,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** The value of a key figure, such as "Twins". */
export function figure(page: Page, title: string): Locator {
  const card = page.locator(".figures > div", {
    has: page.locator("dt", { hasText: new RegExp(`^${title}$`) }),
  });
  return card.locator("dd").first();
}

/** Waits until an element says this. */
export async function says(
  element: Locator,
  text: string | RegExp,
  msMax = WAIT_MS_MAX,
): Promise<void> {
  await expect
    .poll(() => element.textContent({ timeout: msMax }), { timeout: msMax, interval: 50 })
    .toMatch(typeof text === "string" ? new RegExp(`^${RegExp.escape(text)}$`) : text);
}
