/** What demos start with, on a real server: made once, and never over what its user changed. */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoNames, readDemo } from "../../tools/seed/demo-files.ts";
import { makeDataDirectory, startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const POLL = { timeout: 60_000, interval: 50 };
const GAS_WIDGETS = readDemo("gas-meter").widgets.map(({ id }) => id);

let directory: string;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the program of `npm run seed`. */
function seed(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "tools", "seed.ts"), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

async function get(server: RunningServer, path: string): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

function put(server: RunningServer, path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${server.url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
}

async function widgetIds(server: RunningServer): Promise<readonly string[]> {
  const { widgets } = (await get(server, "/v1/widgets")) as { widgets: { id: string }[] };
  return widgets.map(({ id }) => id).toSorted();
}

async function meterIds(server: RunningServer): Promise<readonly string[]> {
  return ((await get(server, "/v1/models/GasMeter/twins")) as { ids: string[] }).ids;
}

async function acceptedByMeters(server: RunningServer): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^livetwin_messages_accepted_total\{model="GasMeter"\} (\d+)$/m.exec(metrics)?.[1]);
}

test("a server is given every demo's twins and widgets, and each widget has a result", async () => {
  await using server = await startServer();
  const demos = demoNames();
  const { code, output } = await seed([...demos, "--to", server.url]);
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain(
    `gas-meter: twins: 400 made, 0 there before; widgets: ${GAS_WIDGETS.length} made, 0 there before\n`,
  );
  expect(await meterIds(server)).toHaveLength(400);
  expect(await get(server, "/v1/models/GasMeter/twins/meter-01037")).toMatchObject({
    state: { site: "Hardwick, MA", longitude: -72.225251, latitude: 42.347856, numEvents: 0 },
  });
  const all = demos.flatMap((demo) => readDemo(demo).widgets.map(({ id }) => id));
  expect(await widgetIds(server)).toEqual(all.toSorted());
  for (const id of all) {
    expect(await get(server, `/v1/widgets/${id}/result`)).toMatchObject({ partial: false });
  }

  // What the server lists is a dashboard.json again: it can be put back as it came.
  const listed = (await get(server, "/v1/widgets")) as { widgets: { id: string }[] };
  for (const { id, ...body } of listed.widgets) {
    expect((await put(server, `/v1/widgets/${id}`, body)).status).toBe(200);
  }
  expect(await get(server, "/v1/widgets")).toEqual(listed);
});

test("what is there under its id stays as it is; only what is missing is made", async () => {
  await using server = await startServer();
  const [kept = "", removed = ""] = GAS_WIDGETS;
  const mine = { title: "Mine", chart: "number", sql: "SELECT count(*) AS n FROM GasMeter" };
  expect((await put(server, `/v1/widgets/${kept}`, mine)).status).toBe(201);
  const twin = "/v1/models/GasMeter/twins/meter-01037";
  expect((await put(server, twin, { state: { site: "Our cellar" } })).status).toBe(201);

  expect((await seed(["gas-meter", "--to", server.url])).output).toBe(
    `gas-meter: twins: 399 made, 1 there before; widgets: ${GAS_WIDGETS.length - 1} made, 1 there before\n`,
  );
  await fetch(`${server.url}/v1/widgets/${removed}`, { method: "DELETE" });
  expect((await seed(["gas-meter", "--to", server.url])).output).toBe(
    `gas-meter: twins: 0 made, 400 there before; widgets: 1 made, ${GAS_WIDGETS.length - 1} there before\n`,
  );
  expect(await get(server, `/v1/widgets/${kept}`)).toMatchObject({ title: "Mine" });
  expect(await get(server, twin)).toMatchObject({
    state: { site: "Our cellar", longitude: null },
  });
});

test("npm start gives a demo its start-up data at its first start, and leaves it alone afterwards", async () => {
  const options = { dataDirectory: directory, demo: "gas-meter" };
  const [changed = "", removed = ""] = GAS_WIDGETS;
  {
    await using first = await startServer(options);
    await expect.poll(() => acceptedByMeters(first), POLL).toBeGreaterThan(0);
    expect(await meterIds(first)).toHaveLength(400);
    expect(await widgetIds(first)).toEqual(GAS_WIDGETS.toSorted());
    const mine = { title: "Mine", chart: "number", sql: "SELECT count(*) AS n FROM GasMeter" };
    expect((await put(first, `/v1/widgets/${changed}`, mine)).status).toBe(200);
    await fetch(`${first.url}/v1/widgets/${removed}`, { method: "DELETE" });
  }
  await using second = await startServer(options);
  // The readings begin when the seeding, if any, is over.
  await expect.poll(() => acceptedByMeters(second), POLL).toBeGreaterThan(0);
  expect(await widgetIds(second)).toEqual(GAS_WIDGETS.filter((id) => id !== removed).toSorted());
  expect(await get(second, `/v1/widgets/${changed}`)).toMatchObject({ title: "Mine" });
  expect(second.output()).not.toContain("seeding");
});

test("without the key of a server that asks for one, seeding ends with what it was told", async () => {
  const secret = "a-secret-of-a-good-length";
  await using server = await startServer({ env: { LIVETWIN_ADMIN_SECRET: secret } });
  const refused = await seed(["gas-meter", "--to", server.url]);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("status 401");
  const taken = await seed(["gas-meter", "--to", server.url, "--quiet"], { LIVETWIN_KEY: secret });
  expect(taken).toEqual({ code: 0, output: "" });
});
