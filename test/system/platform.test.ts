/**
 * What a Worker at home finds around it, on a real workerd with the generated configuration: the network that the
 * administrator allows, the archive's folder, and databases whose passwords are on no disk.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimPort } from "../../tools/serve/address.ts";
import type { Network } from "../../tools/serve/arguments.ts";
import { spawnGuarded } from "../../tools/serve/guarded-child.ts";
import { workerdConfig } from "../../tools/serve/workerd-config.ts";
import { runStart } from "./server.ts";

/** Does what its caller asks, and answers what came of it. */
const WORKER = `
import { WorkerEntrypoint } from "cloudflare:workers";
import { connect } from "cloudflare:sockets";

export class Supervision extends WorkerEntrypoint {}

async function act({ kind, to }, env) {
  if (kind === "fetch") return (await fetch(to)).text();
  if (kind === "connect") {
    const socket = connect(to);
    // The stream of a connection that was refused ends as if there were nothing to read.
    await socket.opened;
    return new Response(socket.readable).text();
  }
  if (kind === "database") return env[to];
  const file = await env.ARCHIVE_FOLDER.fetch("http://archive/" + to, { method: "PUT", body: "kept" });
  return String(file.status);
}

export default {
  fetch: async (request, env) => {
    const asked = await request.json();
    return new Response(await act(asked, env).catch(() => "failed"));
  },
};
`;

const SECRET_ADDRESS = "postgres://reader:of-the-database@127.0.0.1:1/erp";
const POLL = { timeout: 30_000, interval: 20 };

let directory: string;
const servers: Server[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "livetwin-test-"));
  await mkdir(join(directory, "worker"));
  await writeFile(join(directory, "worker", "worker.js"), WORKER);
  await writeFile(join(directory, "assets.json"), "{}");
  await writeFile(join(directory, "assets-worker.js"), "export default {};");
  for (const each of ["objects", "assets", "archive"]) await mkdir(join(directory, each));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(directory, { recursive: true, force: true });
});

async function listenOnLoopback(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return (server.address() as AddressInfo).port;
}

interface TinyServer extends AsyncDisposable {
  readonly config: string;
  ask(kind: "fetch" | "connect" | "database" | "archive", to: string): Promise<string>;
}

/** Runs workerd with the configuration that `npm start` would give it, but another Worker. */
async function startTiny(network: Network): Promise<TinyServer> {
  const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
  const config = workerdConfig({
    manifest: {
      modules: [{ name: "worker.js", kind: "esModule" }],
      compatibilityDate: "2026-10-20",
      compatibilityFlags: [],
      objects: [],
      assets: { binding: "ASSETS", directory: "assets" },
    },
    bind: listen.bind,
    supervisionSocket: join(directory, String(listen.port)),
    objectsDirectory: join(directory, "objects"),
    assetsDirectory: join(directory, "assets"),
    archiveDirectory: join(directory, "archive"),
    network,
    databases: ["ERP"],
    authentication: false,
    memoryBytes: 2 ** 30,
  });
  const file = join(directory, `${network}.capnp`);
  await writeFile(file, config);
  const { default: program } = createRequire(import.meta.url)("workerd") as { default: string };
  const env = { ...process.env, LIVETWIN_DATABASE_ERP: SECRET_ADDRESS };
  const child = spawnGuarded(program, ["serve", file], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ask: TinyServer["ask"] = async (kind, to) => {
    const body = JSON.stringify({ kind, to });
    return (await fetch(listen.localUrl, { method: "POST", body })).text();
  };
  await expect
    .poll(() => ask("database", "DATABASE_ERP").catch(() => output), POLL)
    .toBe(SECRET_ADDRESS);
  return {
    config,
    ask,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

describe("the platform at home", () => {
  test("reaches this machine by HTTP and by TCP with --network private, and not otherwise", async () => {
    const http = await listenOnLoopback(createHttpServer((_, response) => response.end("web")));
    const tcp = await listenOnLoopback(createServer((socket) => socket.end("database")));
    const reached = async (network: Network): Promise<string[]> => {
      await using tiny = await startTiny(network);
      return [
        await tiny.ask("fetch", `http://127.0.0.1:${http}/`),
        await tiny.ask("connect", `127.0.0.1:${tcp}`),
        await tiny.ask("connect", `localhost:${tcp}`),
      ];
    };
    expect(await reached("private")).toEqual(["web", "database", "database"]);
    expect(await reached("public")).toEqual(["failed", "failed", "failed"]);
    expect(await reached("none")).toEqual(["failed", "failed", "failed"]);
  });

  test("allows what the option says, and trusts the system's certificates", async () => {
    const allowed = async (network: Network): Promise<string | undefined> => {
      await using tiny = await startTiny(network);
      expect(tiny.config).toContain('globalOutbound = "network"');
      return /\(name = "network", network = (.*)\),/.exec(tiny.config)?.[1];
    };
    const trust = "tlsOptions = (trustBrowserCas = true)";
    expect(await allowed("private")).toBe(`(allow = ["public", "private"], ${trust})`);
    expect(await allowed("public")).toBe(`(allow = ["public"], ${trust})`);
    expect(await allowed("none")).toBe(`(allow = [], ${trust})`);
  });

  test("keeps what is put into the archive as files, with their directories", async () => {
    await using tiny = await startTiny("none");
    expect(await tiny.ask("archive", "model=Meter/day=2026-11-23/part.ndjson")).toBe("204");
    const file = join(directory, "archive", "model=Meter", "day=2026-11-23", "part.ndjson");
    expect(await readFile(file, "utf8")).toBe("kept");
  });

  test("gives the Worker a database's address from the environment, and writes it nowhere", async () => {
    await using tiny = await startTiny("none");
    expect(await tiny.ask("database", "DATABASE_ERP")).toBe(SECRET_ADDRESS);
    expect(tiny.config).toContain(
      '(name = "DATABASE_ERP", fromEnvironment = "LIVETWIN_DATABASE_ERP")',
    );
    expect(tiny.config).not.toContain("of-the-database");
  });
});

describe("npm start", () => {
  test("refuses a database whose address or name nothing could use, without showing the address", async () => {
    const started = (env: NodeJS.ProcessEnv): Promise<{ exit: object; output: string }> =>
      runStart(["--port", "0", "--data", join(directory, "data")], env);
    expect(
      await started({ LIVETWIN_DATABASE_ERP: "mysql://reader:of-the-database@host/erp" }),
    ).toEqual({
      exit: { code: 1, signal: null },
      output:
        "LIVETWIN_DATABASE_ERP is not the address of a database: postgres://user:password@host:port/database, " +
        "with what is special in a URL percent-encoded.\n",
    });
    const { output } = await started({ LIVETWIN_DATABASE_erp: SECRET_ADDRESS });
    expect(output).toContain(
      "LIVETWIN_DATABASE_erp: a database's name begins with a capital letter",
    );
    expect(output).not.toContain("of-the-database");
  });

  test("names the choices of --network and the bounds of --hang", async () => {
    const refusal = async (...words: string[]): Promise<string> => (await runStart(words)).output;
    expect(await refusal("--network", "all")).toContain(
      "--network all: it is one of private, public, none",
    );
    const bounds = "whole seconds from 5 to 3600, or 0 for never";
    for (const wrong of ["4", "3601", "-1", "1.5", "never"])
      expect(await refusal(`--hang=${wrong}`)).toContain(`--hang ${wrong}: ${bounds}`);
  });
});
