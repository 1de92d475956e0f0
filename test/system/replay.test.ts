/** All flights of a quarter year, at full speed: what SQL says of the file, the twins say too, to the last digit. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "./server.ts";

const REPLAY = join(dirname(dirname(import.meta.dirname)), "tools", "replay.ts");
const MESSAGES = 40_000;

test("20,000 flights replayed at full speed count exactly as SQL over the file says", async () => {
  await using server = await startServer();
  const replay = run(["airports", "--speed", "max", "--quiet", "--to", server.url]);
  expect(await replay.ended).toBe(0);
  await expectVerified(server.url);
});

test("the same with the server killed twice on the way, and again when all is sent a second time", async () => {
  await using server = await startServer();
  // Small batches make the replay last long enough to be hit in its middle.
  const replay = run([
    "airports",
    "--speed",
    "max",
    "--batch",
    "50",
    "--quiet",
    "--to",
    server.url,
  ]);
  await untilAccepted(server.url, MESSAGES * 0.1);
  await server.killWorkerd();
  await untilAccepted(server.url, MESSAGES * 0.1);
  await server.killWorkerd();
  expect(await replay.ended).toBe(0);
  await expectVerified(server.url);

  const again = run(["airports", "--speed", "max", "--quiet", "--to", server.url]);
  expect(await again.ended).toBe(0);
  await expectVerified(server.url);
});

interface Running {
  readonly child: ChildProcess;
  /** The exit code; the output goes to the test's when it is not 0. */
  readonly ended: Promise<number | null>;
}

function run(args: readonly string[]): Running {
  const child = spawn(process.execPath, [REPLAY, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      if (code !== 0) console.error(`replay ${args.join(" ")} ended with ${code}:\n${output}`);
      resolve(code);
    });
  });
  return { child, ended };
}

async function expectVerified(url: string): Promise<void> {
  expect(await run(["verify", "airports", "--to", url]).ended).toBe(0);
}

/** Waits until the cells have accepted this many since they woke. */
async function untilAccepted(url: string, count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const accepted = /^livetwin_messages_accepted_total\{model="Airport"\} (\d+)$/m.exec(
      metrics,
    )?.[1];
    if (Number(accepted) >= count) return;
    await new Promise((resume) => setTimeout(resume, 5));
  }
}
