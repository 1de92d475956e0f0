/**
 * docs/tutorial.md, carried out as it stands by somebody who does nothing but what the page says: its files are
 * written, its commands run in a copy of this project, and what they print is what the page shows.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fencesOf } from "../support/markdown-page.ts";
import type { Fence } from "../support/markdown-page.ts";
import { BreakpointRun } from "./breakpoint-run.ts";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const FENCES = fencesOf(readFileSync(join(ROOT, "docs", "tutorial.md"), "utf8"));

/** What the page tells its readers to open, and what a test, which must not wait for a free port, has instead. */
const URL_ON_PAGE = "http://127.0.0.1:8787";
const COMMAND_MS_MAX = 60_000;

let project: Awaited<ReturnType<typeof copyProject>>;
let server: RunningServer | undefined;
beforeAll(async () => {
  project = await copyProject();
});
afterAll(async () => {
  await server?.stop();
  await project[Symbol.asyncDispose]();
});

/** A command of the page, and the block after it when that is what it prints. */
interface Step {
  readonly command: string;
  readonly shown: Fence | undefined;
}

test("every command prints what the page shows", async () => {
  const printed: unknown[] = [];
  const shown: unknown[] = [];
  for (const [index, fence] of FENCES.entries()) {
    if (fence.path !== undefined) {
      await mkdir(dirname(join(project.directory, fence.path)), { recursive: true });
      await writeFile(join(project.directory, fence.path), `${fence.text}\n`);
      continue;
    }
    if (fence.language !== "sh") continue;
    const next = FENCES[index + 1];
    const isOutput = next?.path === undefined && /^(text|json)$/.test(next?.language ?? "");
    const step = { command: fence.text, shown: isOutput ? next : undefined };
    shown.push({ command: step.command, prints: comparable(step.shown?.text, step.shown) });
    printed.push({ command: step.command, prints: comparable(await carryOut(step), step.shown) });
  }
  expect(printed).toEqual(shown);
  // A page whose blocks are no longer found would pass all the same.
  expect(printed.length).toBeGreaterThan(10);
});

test("every block is a file, a command, or what a command prints", () => {
  const stray = FENCES.filter(({ language, path }, index) => {
    if (path !== undefined || language === "sh") return false;
    const before = FENCES[index - 1];
    return before?.language !== "sh" || !/^(text|json)$/.test(language);
  });
  expect(stray).toEqual([]);
});

test("the model of the page is the demo's, to the letter", () => {
  const page = FENCES.find(({ path }) => path === "models/my-meter/gas-meter.ts");
  const demo = readFileSync(join(ROOT, "models", "gas-meter", "gas-meter.ts"), "utf8");
  expect(`${page?.text}\n`).toBe(demo);
});

test("a breakpoint in the model stops there, as the launch configuration starts it", async () => {
  const launch = FENCES.find(({ path }) => path === ".vscode/launch.json");
  const [configuration] = (JSON.parse(launch?.text ?? "") as { configurations: LaunchFields[] })
    .configurations;
  const inFolder = (path = ""): string => path.replace("${workspaceFolder}", project.directory);
  const node = inFolder(configuration?.runtimeExecutable);
  const program = inFolder(configuration?.program);
  expect([node, program].map(existsSync)).toEqual([true, true]);

  const model = readFileSync(join(project.directory, "models/my-meter/gas-meter.ts"), "utf8");
  const line = model.split("\n").findIndex((text) => text.includes("this.limitExceeded = true;"));
  await using run = await BreakpointRun.start(node, program);
  await run.breakAt("my-meter/gas-meter\\.ts$", line);
  expect(await run.untilPaused()).toBe(line);
  expect(await run.evaluate("this.lastPPMReading")).toBe(61);
});

interface LaunchFields {
  readonly runtimeExecutable: string;
  readonly program: string;
}

/** Runs a command of the page in the project's copy, and answers what it prints. */
async function carryOut({ command, shown }: Step): Promise<string | undefined> {
  // The copy has the installed packages already.
  if (command === "npm ci") return undefined;
  if (command === "npm start -- --demo none") {
    server = await startServer({ project: project.directory });
    const running = server;
    const isSaid = (line: string): boolean =>
      running.output().includes(line.replace(URL_ON_PAGE, running.url));
    await expect.poll(() => shown?.text.split("\n").every(isSaid), { timeout: 10_000 }).toBe(true);
    return shown?.text;
  }
  const to = command.startsWith("npm run ") ? ` --to ${server?.url}` : "";
  const words = `${command.replace(URL_ON_PAGE, server?.url ?? URL_ON_PAGE)}${to}`;
  const startedAtMs = performance.now();
  for (;;) {
    const output = await run(words);
    if (shown === undefined) return undefined;
    // An alert is on its way for a moment after the answer; what changes something is never done twice.
    const isFinal = !command.startsWith("curl http") || performance.now() - startedAtMs > 10_000;
    if (isFinal || isDeepStrictEqual(comparable(output, shown), comparable(shown.text, shown)))
      return output;
  }
}

function run(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      "/bin/sh",
      ["-ec", command],
      { cwd: project.directory, timeout: COMMAND_MS_MAX },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trimEnd());
        else reject(new Error(`${command}\n${stdout}${stderr}`, { cause: error }));
      },
    );
  });
}

/** What nobody can know before. */
const CHANCE = new Set(["elapsedMs", "alertId", "commandId", "commandIds"]);

/** What is compared of an output: JSON as a value, in which all times and ids that were drawn are alike. */
function comparable(text: string | undefined, shown: Fence | undefined): unknown {
  if (text === undefined || shown?.language !== "json") return text;
  return JSON.parse(text, (key, value: unknown) => {
    if (CHANCE.has(key)) return "chance";
    const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
    return isTime ? "a time" : value;
  });
}
