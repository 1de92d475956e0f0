/** The supervisor with programs that misbehave in ways workerd can't be made to on demand. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { claimPort } from "../../tools/serve/address.ts";
import type { ListenAddress } from "../../tools/serve/address.ts";
import { Silence } from "../../tools/serve/silence.ts";
import { supervise } from "../../tools/serve/supervisor.ts";
import { TIMINGS } from "../../tools/serve/timings.ts";
import type { SupervisorTimings } from "../../tools/serve/timings.ts";

const QUICK = {
  ...TIMINGS,
  backOffMsMin: 10,
  healthIntervalMs: 10,
  healthTimeoutMs: 100,
  hangMsMax: 300,
};

/**
 * A server in a line of Node, ready at once and always well by its public address; `answer` handles what comes over
 * the supervisor's socket, with `request`, `response`, and `n`, the number of the health check.
 */
function program(listen: ListenAddress, answer: string): string[] {
  const serve = 'const serve = require("node:http").createServer;';
  const outside = `serve((request, response) => response.end()).listen(${listen.port}, "127.0.0.1");`;
  const inside = `let n = 0; serve((request, response) => {
    if (request.url === "/scheduled") return response.end();
    n++; ${answer}
  }).listen(${JSON.stringify(socketOf(listen))});`;
  // The socket comes first: whoever finds the server ready may ask there.
  return ["-e", `${serve} ${inside} ${outside}`];
}

function socketOf(listen: ListenAddress): string {
  return join(directory, `${listen.port}`);
}

interface Observed {
  readonly lines: string[];
  readonly pids: number[];
}

/** Supervises a program until a printed line satisfies `enough`. */
async function observe(
  listen: ListenAddress,
  args: string[],
  enough: (lines: string[], pid: number) => boolean,
  timings: SupervisorTimings = QUICK,
): Promise<Observed> {
  const stop = new AbortController();
  const lines: string[] = [];
  const pids: number[] = [];
  await supervise(
    {
      program: process.execPath,
      args,
      listen,
      supervisionSocket: socketOf(listen),
      print: (line) => {
        lines.push(line);
        if (enough(lines, pids.at(-1) ?? 0)) stop.abort();
      },
      onStarted: async (pid) => void pids.push(pid),
      onReady: () => undefined,
      timings,
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
  test("kills a server that no longer answers, says for how long, and starts it again", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const { lines, pids } = await observe(
      listen,
      program(listen, "if (n < 3) response.end()"),
      (printed) => printed.some((line) => line.startsWith("Livetwin is ready again")),
    );
    expect(lines.filter((line) => line.startsWith("workerd"))).toEqual([
      expect.stringMatching(
        /^workerd was killed for it had not answered for 0\.[34] s: .* \(hang 1 of this run\); restarting in 0\.0 s$/,
      ),
    ]);
    expect(new Set(pids).size).toBe(2);
  });

  test("counts the hangs, and pauses longer from one to the next though each took long to be certain", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    // A life is steady by its length alone if the hang's own time counts, and it must not.
    const timings = {
      ...QUICK,
      hangMsMax: 1_500,
      steadyMs: 1_500,
      backOffMsMin: 100,
      backOffMsMax: 200,
    };
    const { lines } = await observe(
      listen,
      program(listen, "while (true);"),
      (printed) => printed.filter((line) => line.startsWith("workerd")).length === 3,
      timings,
    );
    const told = lines.map((line) => /\((hang \d) of this run\); restarting in (.*)$/.exec(line));
    expect(told.flatMap((match) => (match === null ? [] : [match.slice(1)]))).toEqual([
      ["hang 1", "0.1 s"],
      ["hang 2", "0.2 s"],
      ["hang 3", "0.2 s"],
    ]);
  });

  test("lets a server live that misses one check and then answers", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    // Five rounds of a silent check and an answer, longer together than a hang; then it says so by its end.
    const { lines } = await observe(
      listen,
      program(listen, "if (n % 2 === 0) response.end(() => n > 9 && process.exit(7))"),
      (printed) => printed.some((line) => line.startsWith("workerd ended")),
    );
    expect(lines.filter((line) => line.startsWith("workerd"))).toEqual([
      "workerd ended with exit code 7; restarting",
    ]);
  });

  test("never looks for a hang when it is told so", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    // Deaf for twice the time of a hang; then it ends by itself, unless somebody had asked.
    const turn = `setTimeout(() => {
      const deafUntil = performance.now() + ${2 * QUICK.hangMsMax};
      while (performance.now() < deafUntil);
      process.exit(n === 0 ? 7 : 8);
    }, 50);`;
    const [flag = "", code = ""] = program(listen, "response.end()");
    const { lines } = await observe(
      listen,
      [flag, code + turn],
      (printed) => printed.some((line) => line.startsWith("workerd ended")),
      { ...QUICK, hangMsMax: Number.POSITIVE_INFINITY },
    );
    expect(lines).toContain("workerd ended with exit code 7; restarting");
  });

  test("does not kill a server that somebody has stopped, and finds it well when it goes on", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const { lines } = await observe(
      listen,
      program(
        listen,
        'response.end(); if (n === 2) process.kill(process.pid, "SIGSTOP"); if (n === 9) process.exit(7);',
      ),
      (printed, pid) => {
        if (printed.at(-1)?.startsWith("workerd is stopped")) process.kill(pid, "SIGCONT");
        return printed.some((line) => line.startsWith("workerd ended"));
      },
    );
    expect(lines.filter((line) => line.startsWith("workerd"))).toEqual([
      "workerd is stopped, by SIGSTOP or a debugger: it is left alone",
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

  test("says what the code threw when it was loaded, and not what follows from that", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const output = [
      'service main: Uncaught TypeError: Two models have the name "Pump"; one of them must change.',
      "  at worker.js:23867:13 in modelsByName",
      'workerd/server/server/worker.rs:448: warning: A DurableObjectNamespace in the config referenced the class "TwinObject", but no such Durable Object class is exported from the worker.',
      'Socket "supervision" refers to service "main" with a named entrypoint "Supervision", but "main" has no such named entrypoint.',
    ];
    const args = ["-e", `console.error(${JSON.stringify(output.join("\n"))}); process.exit(1)`];
    const shown: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      shown.push(String(text));
      return true;
    });
    try {
      await expect(observe(listen, args, () => false)).rejects.toThrow(
        'before it was ready: the code threw when it was loaded: TypeError: Two models have the name "Pump"; one of them must change.',
      );
    } finally {
      write.mockRestore();
    }
    expect(shown).toEqual(output.slice(0, 2).map((line) => `workerd: ${line}\n`));
  });

  test("says so when the first start hangs", async () => {
    const listen = await claimPort("127.0.0.1", "127.0.0.1", 0);
    const args = ["-e", 'console.error("still at it"); setInterval(() => {}, 1_000)'];
    const timings = { ...QUICK, readyMsMax: 1_000 };
    await expect(observe(listen, args, () => false, timings)).rejects.toThrow(
      "workerd was not ready within 1.0 s: still at it",
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
    const [flag = "", code = ""] = program(listen, "response.end()");
    const failing = code.replace("return response.end()", 'response.writeHead(500).end("full")');
    const { lines } = await observe(listen, [flag, failing], (printed) =>
      printed.some((line) => line.startsWith("The scheduled run failed")),
    );
    expect(lines).toContain(
      "The scheduled run failed: status 500 full. The next is due in a minute",
    );
  });
});

describe("the silence of a server", () => {
  test("is what passed since it was last heard", () => {
    const silence = new Silence(1_000, 50);
    expect(silence.look(1_020)).toBe(20);
    expect(silence.look(1_070)).toBe(70);
    silence.end(1_080);
    expect(silence.look(1_090)).toBe(10);
  });

  test("does not contain the hours that a machine slept, for nobody could have heard it", () => {
    const silence = new Silence(0, 2_000);
    for (let nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) silence.look(nowMs);
    expect(silence.look(10_000 + 8 * 3_600_000)).toBe(12_000);
  });
});
