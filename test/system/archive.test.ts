/**
 * The archive of a server at home: what twins archive is in files of the data directory, every record once, though the
 * server is killed while messages come in and while files are written.
 */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { copyProject } from "./project-copy.ts";
import { sendUntilTaken } from "./load.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const KILLS = 5;
const BATCHES_PER_KILL = 15;
const BATCH = 40;
const POLL = { timeout: 60_000, interval: 100 };

/** What takes minutes in a deployment takes a second or two in this one. */
const SHORTER: readonly (readonly [name: string, ms: number])[] = [
  ["ARCHIVE_AGE_MS_MAX", 400],
  ["ARCHIVE_LATE_MS", 300],
  ["ARCHIVE_SETTLE_MS", 1_500],
  ["ARCHIVE_RETRY_MS", 100],
];

interface Line {
  readonly model: string;
  readonly id: string;
  readonly at: string;
  readonly record: unknown;
}

async function shorten(directory: string): Promise<void> {
  const folder = join(directory, "src", "core", "limits");
  const missing = new Set(SHORTER.map(([name]) => name));
  for (const file of await readdir(folder)) {
    let text = await readFile(join(folder, file), "utf8");
    for (const [name, ms] of SHORTER) {
      const line = new RegExp(`(export const ${name} = )[^;]+;`);
      if (line.test(text)) missing.delete(name);
      text = text.replace(line, `$1${ms};`);
    }
    await writeFile(join(folder, file), text);
  }
  if (missing.size > 0) throw new Error(`there is no limit ${[...missing].join(", ")}`);
}

/** The archive's files by path, without those that a killed server left half-written. */
async function filesOf({ dataDirectory }: RunningServer): Promise<ReadonlyMap<string, Line[]>> {
  const root = join(dataDirectory, "archive");
  const files = new Map<string, Line[]>();
  for (const path of (await readdir(root, { recursive: true })).toSorted()) {
    if (!path.endsWith(".ndjson.gz")) continue;
    const lines = gunzipSync(await readFile(join(root, path))).toString();
    expect(lines.endsWith("\n")).toBe(true);
    files.set(
      path,
      lines
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Line),
    );
  }
  return files;
}

async function linesOf(server: RunningServer): Promise<readonly Line[]> {
  return [...(await filesOf(server)).values()].flat();
}

async function metricOf(server: RunningServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^livetwin_${name}\\{model="Recorded"\\} (\\d+)$`, "m").exec(text)?.[1]);
}

test(`after ${KILLS} kills under load, the folder has every record once`, async () => {
  await using project = await copyProject();
  await shorten(project.directory);
  await using server = await startServer({ project: project.directory });
  const sent: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const killed = new Promise((resume) => setTimeout(resume, 300 + kill * 150)).then(() =>
      server.killWorkerd(),
    );
    const state = { isReady: false };
    void killed.then(() => (state.isReady = true));
    for (let batch = 0; batch < BATCHES_PER_KILL || !state.isReady; batch++) {
      const messages = Array.from({ length: BATCH }, (_, i) => {
        const n = sent.length + i;
        const message =
          n % 2 === 0 ? { do: "archive", body: { n } } : { add: -0.001, body: { n }, do: "log" };
        return { id: `twin-${n % 30}`, message, messageId: String(n) };
      });
      await sendUntilTaken(server.url, "Recorded", messages);
      for (const { messageId } of messages) sent.push(messageId);
    }
    await killed;
  }
  await expect.poll(async () => (await linesOf(server)).length, POLL).toBe(sent.length);
  // The rows go when the files have lain long enough; what was lost in between would be written again.
  await expect.poll(() => metricOf(server, "archive_records_waiting"), POLL).toBe(0);
  const files = await filesOf(server);
  const numbers = [...files.values()].flat().map(({ model, id, at, record }) => {
    expect(model).toBe("Recorded");
    expect(new Date(at).toISOString()).toBe(at);
    const {
      kind,
      message,
      n = NaN,
    } = record as {
      kind?: string;
      n?: number;
      message?: { body: { n: number } };
    };
    const number = kind === "message" ? message!.body.n : n;
    expect(id).toBe(`twin-${number % 30}`);
    return number;
  });
  expect(numbers.toSorted((a, b) => a - b)).toEqual(sent.map(Number));
  expect(files.size).toBeGreaterThan(1);
  expect(sent.length).toBeGreaterThanOrEqual(KILLS * BATCHES_PER_KILL * BATCH);
  for (const path of files.keys()) {
    expect(path).toMatch(
      /^model=Recorded\/date=\d{4}-\d\d-\d\d\/hour=\d\d\/\d{12}-\d{12}-[0-9a-f]{8}\.ndjson\.gz$/,
    );
  }
  expect(await metricOf(server, "archive_records_lost_total")).toBe(0);
});
