/** Model code that takes long, or for ever, on a real server: it is named, or ended, and nobody else loses anything. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const TWINS = 50;
const HANG_S = 5;

/** Adds up, and beforehand keeps the processor busy for as long as it is told. */
const MODEL = `
import { DigitalTwin, model } from "livetwin";
import * as v from "valibot";

const Toil = v.object({ add: v.optional(v.number()), busyMs: v.optional(v.number()) });

class Toiler extends DigitalTwin {
  total = 0;

  processMessages(context, messages) {
    for (const { add = 0, busyMs = 0 } of messages) {
      for (const untilMs = Date.now() + busyMs; Date.now() < untilMs;);
      this.total += add;
    }
  }
}

export const MODELS = [model(Toiler, { name: "Toiler", message: Toil })];
`;

const FOR_EVER_MS = 1e12;
const TOOK = /took (\d+) ms; the limit is 1000 ms/;

let server: RunningServer;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const project = await copyProject();
  ended.unshift(async () => project[Symbol.asyncDispose]());
  await writeFile(join(project.directory, "models", "index.ts"), MODEL);
  server = await startServer({ project: project.directory, words: ["--hang", String(HANG_S)] });
  ended.unshift(() => server.stop());
});

afterAll(async () => {
  for (const end of ended) await end();
});

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly { readonly code: string; readonly detail: string }[];
}

async function send(messages: readonly object[]): Promise<Answer> {
  const response = await fetch(`${server.url}/v1/models/Toiler/messages`, {
    method: "POST",
    body: JSON.stringify(messages),
  });
  return (await response.json()) as Answer;
}

async function totalOf(id: string): Promise<number> {
  const response = await fetch(`${server.url}/v1/models/Toiler/twins/${id}`);
  return ((await response.json()) as { state: { total: number } }).state.total;
}

async function totals(): Promise<number[]> {
  const ids = Array.from({ length: TWINS }, (_, i) => `T${i}`);
  return Promise.all(ids.map(totalOf));
}

function hangLines(): string[] {
  return server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("workerd"));
}

describe("model code on a real server", () => {
  test("that takes 0.2 s is taken, and that takes 1.5 s is refused by name with its time", async () => {
    const slow = (add: number, busyMs: number): object => ({
      id: "slow",
      message: { add, busyMs },
    });
    expect(await send([slow(1, 200)])).toMatchObject({ accepted: 1, rejected: [] });
    const { accepted, rejected } = await send([slow(10, 1_500)]);
    expect(accepted).toBe(0);
    expect(rejected).toMatchObject([{ code: "model/failed" }]);
    const [, tookMs] = TOOK.exec(rejected[0]?.detail ?? "") ?? [];
    expect(Number(tookMs)).toBeGreaterThanOrEqual(1_500);
    expect(rejected[0]?.detail).toContain("slow");
    expect(await totalOf("slow")).toBe(1);

    const log = await fetch(`${server.url}/v1/models/Toiler/log`);
    expect(TOOK.exec(await log.text())?.[1]).toBe(tookMs);
  });

  test("that never returns is ended with its process: what was acknowledged is there, the message was not", async () => {
    const messages = Array.from({ length: TWINS }, (_, i) => ({
      id: `T${i}`,
      message: { add: i + 1 },
      messageId: `first-${i}`,
    }));
    expect(await send(messages)).toMatchObject({ accepted: TWINS, duplicates: 0 });

    const poison = { id: "T7", message: { add: 1_000, busyMs: FOR_EVER_MS }, messageId: "poison" };
    let outcome: unknown = "pending";
    await server.restartedBy(async () => {
      outcome = await send([poison]).catch(() => "cut off");
    });
    expect(outcome).toBe("cut off");
    expect(hangLines()).toEqual([
      expect.stringMatching(
        /^workerd was killed for it had not answered for [56]\.\d s: .*\(hang 1 /,
      ),
    ]);

    expect(await totals()).toEqual(messages.map(({ message }) => message.add));
    expect(await send(messages)).toMatchObject({ accepted: 0, duplicates: TWINS });
    // What was not acknowledged left no mark: its sender may send it again, better.
    const again = await send([{ ...poison, message: { add: 1_000 } }]);
    expect(again).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await totalOf("T7")).toBe(1_008);
  });

  test("that never returns again is ended again, and the line counts it", async () => {
    const before = await totals();
    await server.restartedBy(() =>
      send([{ id: "T8", message: { busyMs: FOR_EVER_MS } }]).catch(() => "cut off"),
    );
    expect(hangLines().at(-1)).toContain("(hang 2 of this run)");
    expect(await totals()).toEqual(before);
  });
});
