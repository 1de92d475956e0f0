import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLineOf } from "../../tools/serve/guarded-child.ts";
import { runStart, startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const POLL = { timeout: 10_000, interval: 20 };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "livetwin-test-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function putTwin(server: RunningServer, id: string, state: object): Promise<Response> {
  const body = JSON.stringify({ state });
  const headers = { "content-type": "application/json" };
  return fetch(`${server.url}/v1/models/Airport/twins/${id}`, { method: "PUT", headers, body });
}

async function twinState(server: RunningServer, id: string): Promise<unknown> {
  const response = await fetch(`${server.url}/v1/models/Airport/twins/${id}`);
  return response.ok ? ((await response.json()) as { state: unknown }).state : response.status;
}

/** The members of the processes' family that still run. */
async function running(pids: readonly number[]): Promise<number[]> {
  const lines = await Promise.all(pids.map(commandLineOf));
  return pids.filter((_pid, index) => lines[index] !== "");
}

async function openFiles(pid: number): Promise<{ soft: string; hard: string }> {
  const limits = await readFile(`/proc/${pid}/limits`, "utf8");
  const [, soft = "", hard = ""] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  return { soft, hard };
}

describe("a running server", { timeout: 150_000 }, () => {
  test("says where it is ready and that authentication is off, and answers there", async () => {
    await using server = await startServer();
    expect(server.output()).toMatch(/^Livetwin is ready at http:\/\/127\.0\.0\.1:\d+$/m);
    await expect
      .poll(() => server.output(), POLL)
      .toContain("Authentication is off: only this machine reaches 127.0.0.1.");
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(200);
  });

  test("keeps the supervisor's own door off the public port", async () => {
    await using server = await startServer();
    expect(
      (await fetch(`${server.url}/scheduled`, { method: "POST" })).status,
    ).toBeGreaterThanOrEqual(404);
  });

  test("asks for the key when it has an administrator's secret, and writes the secret nowhere", async () => {
    const secret = "a-secret-of-a-good-length";
    await using server = await startServer({ env: { LIVETWIN_ADMIN_SECRET: secret } });
    const asked = (headers: Record<string, string>): Promise<number> =>
      fetch(`${server.url}/v1/models`, { headers }).then((response) => response.status);
    expect(await asked({})).toBe(401);
    expect(await asked({ authorization: "Bearer another-secret-of-length" })).toBe(401);
    expect(await asked({ authorization: `Bearer ${secret}` })).toBe(200);
    expect(
      await readFile(join(server.dataDirectory, "run", "workerd.capnp"), "utf8"),
    ).not.toContain(secret);
    expect(server.output()).not.toContain(secret);
  });

  test("finds its twins again when started a second time", async () => {
    const dataDirectory = join(directory, "second-start");
    {
      await using first = await startServer({ dataDirectory });
      expect((await putTwin(first, "SYS1", { city: "Springfield" })).status).toBe(201);
    }
    await using second = await startServer({ dataDirectory });
    expect(await twinState(second, "SYS1")).toMatchObject({ city: "Springfield" });
  });

  test("is ready again after workerd was killed, with every acknowledged twin", async () => {
    await using server = await startServer();
    const before = server.workerdPid;
    expect((await putTwin(server, "SYS2", { city: "Shelbyville" })).status).toBe(201);
    await server.killWorkerd();
    expect(server.workerdPid).not.toBe(before);
    expect(await twinState(server, "SYS2")).toMatchObject({ city: "Shelbyville" });
    expect(server.output()).toContain("workerd ended by signal SIGKILL; restarting\n");
  });

  test.runIf(process.platform === "linux")(
    "lets workerd open as many files as the system allows",
    async () => {
      await using server = await startServer({ openFilesMax: 256 });
      const { soft, hard } = await openFiles(server.workerdPid);
      expect(hard).not.toBe("256");
      expect(soft).toBe(hard);
    },
  );

  test("ends workerd and removes its traces when asked to end", async () => {
    const dataDirectory = join(directory, "orderly-end");
    const server = await startServer({ dataDirectory });
    const pids = [server.supervisorPid, server.workerdPid];
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(await running(pids)).toEqual([]);
    expect((await readdir(dataDirectory)).sort()).toEqual([
      "archive",
      "livetwin.json",
      "lock",
      "objects",
    ]);
  });

  test("leaves no workerd behind when it is killed itself, and starts again at once", async () => {
    const dataDirectory = join(directory, "killed");
    const killed = await startServer({ dataDirectory });
    const { workerdPid } = killed;
    expect((await putTwin(killed, "SYS3", { city: "Ogdenville" })).status).toBe(201);
    process.kill(killed.supervisorPid, "SIGKILL");
    await expect.poll(() => running([workerdPid]), POLL).toEqual([]);
    await using next = await startServer({ dataDirectory });
    expect(await twinState(next, "SYS3")).toMatchObject({ city: "Ogdenville" });
  });

  test.runIf(process.platform === "linux")(
    "ends the workerd of an earlier run whose guard was killed too",
    async () => {
      const dataDirectory = join(directory, "guard-killed");
      const killed = await startServer({ dataDirectory });
      const { workerdPid } = killed;
      const guards = (await readFile(`/proc/${workerdPid}/task/${workerdPid}/children`, "utf8"))
        .trim()
        .split(" ");
      expect(guards).toHaveLength(1);
      for (const pid of [...guards.map(Number), killed.supervisorPid]) process.kill(pid, "SIGKILL");
      expect(await running([workerdPid])).toEqual([workerdPid]);
      await using next = await startServer({ dataDirectory });
      expect(next.output()).toContain(
        "Ended the workerd that an interrupted run had left behind\n",
      );
      expect(await running([workerdPid])).toEqual([]);
    },
  );

  test("has its data directory to itself", async () => {
    await using server = await startServer();
    const { exit, output } = await runStart(["--port", "0", "--data", server.dataDirectory]);
    expect(exit.code).toBe(1);
    expect(output).toContain(
      `is in use by another Livetwin (process ${server.supervisorPid}, ${server.url})`,
    );
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

describe("a start that can't be", { timeout: 30_000 }, () => {
  test("names the port that another program has", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { exit, output } = await runStart([
      "--port",
      String(port),
      "--data",
      join(directory, "taken"),
    ]);
    other.close();
    expect(exit.code).toBe(1);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is taken by another program.`);
  });

  test("names the data directory that can't be made", async () => {
    const file = join(directory, "a-file");
    await writeFile(file, "");
    const { exit, output } = await runStart(["--data", join(file, "data")]);
    expect(exit.code).toBe(1);
    expect(output).toBe(
      `The data directory ${join(file, "data")} can't be used: a part of the path is a file.\n`,
    );
  });

  test("leaves a directory alone that holds something else", async () => {
    const foreign = await mkdtemp(join(directory, "foreign-"));
    await writeFile(join(foreign, "thesis.txt"), "");
    const { exit, output } = await runStart(["--data", foreign]);
    expect(exit.code).toBe(1);
    expect(output).toContain("is not empty and holds no livetwin.json");
    expect(await readdir(foreign)).toEqual(["thesis.txt"]);
  });

  test("leaves data of a newer version alone", async () => {
    const newer = await mkdtemp(join(directory, "newer-"));
    await writeFile(join(newer, "livetwin.json"), '{"format":2}');
    const { exit, output } = await runStart(["--data", newer]);
    expect(exit.code).toBe(1);
    expect(output).toContain(
      "has format 2, written by a newer version of Livetwin; this one knows formats up to 1.",
    );
    expect(await readdir(newer)).toEqual(["livetwin.json"]);
    expect(await readFile(join(newer, "livetwin.json"), "utf8")).toBe('{"format":2}');
  });

  test.each(["{}", '{"format":"1"}', '{"format":0}', "not JSON"])(
    "leaves data alone that says %s of its format",
    async (text) => {
      const damaged = await mkdtemp(join(directory, "damaged-"));
      await writeFile(join(damaged, "livetwin.json"), text);
      const { exit, output } = await runStart(["--data", damaged]);
      expect(exit.code).toBe(1);
      expect(output).toContain('does not say {"format":n}');
    },
  );

  test.each([
    [["--bogus"], "Unknown option '--bogus'. See: npm start -- --help\n"],
    [
      ["--port", "65536"],
      "--port 65536: a port is a whole number from 0 to 65535. See: npm start -- --help\n",
    ],
    [
      ["--port", "http"],
      "--port http: a port is a whole number from 0 to 65535. See: npm start -- --help\n",
    ],
    [
      ["--demo", "airports,mars"],
      "--demo mars: the demos are airports, power-grid, gas-meter, wind-turbine, or none. See: npm start -- --help\n",
    ],
    [["airports"], "Unexpected argument 'airports'. See: npm start -- --help\n"],
  ])("refuses the command line %j in one line", async (args, line) => {
    expect(await runStart(args)).toEqual({ exit: { code: 2, signal: null }, output: line });
  });

  test.each(["0.0.0.0", "::"])(
    "does not listen on %s without an administrator's secret",
    async (host) => {
      const { exit, output } = await runStart([
        "--host",
        host,
        "--port",
        "0",
        "--data",
        join(directory, "exposed"),
      ]);
      expect(exit.code).toBe(1);
      expect(output).toContain(
        `--host ${host} lets other machines in, and without an administrator's secret`,
      );
      expect(output).toContain("LIVETWIN_ADMIN_SECRET=");
    },
  );

  test("does not take a secret of 15 characters", async () => {
    const { exit, output } = await runStart([], { LIVETWIN_ADMIN_SECRET: "x".repeat(15) });
    expect(exit.code).toBe(1);
    expect(output).toContain("LIVETWIN_ADMIN_SECRET has 15 characters; it must have at least 16");
  });

  test("explains its options when asked", async () => {
    const { exit, output } = await runStart(["--help"]);
    expect(exit.code).toBe(0);
    for (const option of ["--port", "--host", "--data", "--demo", "LIVETWIN_ADMIN_SECRET"])
      expect(output).toContain(option);
  });
});
