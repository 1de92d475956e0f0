/** The supervisor with programs that misbehave in ways workerd can't be made to on demand. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimPort } from "../../tools/serve/address.ts";
import type { ListenAddress } from "../../tools/serve/address.ts";
import { supervise, TIMINGS } from "../../tools/serve/supervisor.ts";

const QUICK = { ...TIMINGS, backOffMsMin: 10, healthIntervalMs: 10, healthTimeoutMs: 100 };

/** A server in a line of Node; `answer` handles `request`, `response`, and `n`, the number of the request. */
function program(listen: ListenAddress, answer: string): string[] {
  const listening = `listen(${listen.port}, "127.0.0.1")`;
  return [
    "-e",
    `let n = 0; require("node:http").createServer((request, response) => { n++; ${answer} }).${listening}`,
  ];
}

interface Observed {
  readonly lines: string[];
  readonly pids: number[];
}

/** Supervises a program until a printed line satisfies `enough`. */
async function observe(
  listen: ListenAddress,
  args: string[],
  enough: (lines: string[]) => boolean,
): Promise<Observed> {
  const stop = new AbortController();
  const lines: string[] = [];
  const pids: number[] = [];
  await supervise(
    {
      program: process.execPath,
      args,
      listen,
      supervisionSocket: join(directory, `${listen.port}`),
      print: (line) => {
        lines.push(line);
        if (enough(lines)) stop.abort();
      },
      onStarted: async (pid) => void pids.push(pid),
      onReady: () => undefined,
      timings: QUICK,
    },
    stop.signal,
  );
  return { lines, pids };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "livetwin-test-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("the supervisor", { timeout: 30_000 }, () => {
  test("kills a server that no longer answers, and starts it again", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const { lines, pids } = await observe(
      listen,
      program(listen, "if (n < 3) response.end()"),
      (printed) => printed.some((line) => line.startsWith("Livetwin is ready again")),
    );
    expect(lines).toContain("workerd did not answer 3 health checks of 0.1 s in a row");
    expect(lines).toContain("workerd ended by signal SIGKILL; restarting");
    expect(new Set(pids).size).toBe(2);
  });

  test("lets a server live that misses two checks and then answers", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    // Three rounds of two silent checks and an answer; then it says so by its end.
    const { lines } = await observe(
      listen,
      program(listen, "if (n % 3 === 1) response.end(() => n > 9 && process.exit(7))"),
      (printed) => printed.some((line) => line.startsWith("workerd ended")),
    );
    expect(lines.filter((line) => line.startsWith("workerd"))).toEqual([
      "workerd ended with exit code 7; restarting",
    ]);
  });

  test("says why the first start failed, and does not try again", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const args = ["-e", 'console.error("config is wrong"); process.exit(3)'];
    await expect(observe(listen, args, () => false)).rejects.toThrow(
      "workerd ended with exit code 3 before it was ready: config is wrong",
    );
  });

  test("names the port when another program took it at the last moment", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const line = 'Socket "public": bind(): Address already in use (os error 98)';
    const args = ["-e", `console.error(${JSON.stringify(line)}); process.exit(1)`];
    await expect(observe(listen, args, () => false)).rejects.toThrow(
      `Port ${listen.port} on 127.0.0.1 is taken`,
    );
  });

  test("reports a scheduled run that failed, and goes on", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const { lines } = await observe(listen, program(listen, "response.end()"), (printed) =>
      printed.some((line) => line.startsWith("The scheduled run failed")),
    );
    expect(lines).toContain("The scheduled run failed: no answer. The next is due in a minute");
  });
});
