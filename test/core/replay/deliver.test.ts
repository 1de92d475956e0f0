import { describe, expect, test } from "vitest";
import type { BatchAnswer } from "../../../tools/replay/batch-answer.ts";
import { backoffMs, deliver } from "../../../tools/replay/deliver.ts";
import type { DeliveryHost } from "../../../tools/replay/deliver.ts";
import type { Outgoing } from "../../../tools/replay/outgoing.ts";
import { Tally } from "../../../tools/replay/tally.ts";

const BATCH: readonly Outgoing[] = [0, 1, 2].map((i) => ({
  id: `t${i}`,
  message: { i },
  messageId: `m${i}`,
}));

const LOST: BatchAnswer = { kind: "unavailable", reason: "ECONNREFUSED", retryAfterMs: undefined };

function taken(
  accepted: number,
  duplicates = 0,
  retryIndexes: readonly number[] = [],
): BatchAnswer {
  const rejected = retryIndexes.map((index) => ({
    index,
    code: "cell/overloaded",
    detail: "Later.",
    retry: true,
  }));
  return { kind: "taken", accepted, duplicates, rejected };
}

/** A host that gives prepared answers, the last one for ever, and whose time passes only while waiting. */
class ScriptedHost implements DeliveryHost {
  readonly posts: (readonly string[])[] = [];
  readonly waitsMs: number[] = [];
  readonly troubles: (string | undefined)[] = [];
  readonly stopping = new AbortController();
  readonly stop = this.stopping.signal;
  readonly #answers: BatchAnswer[];
  #nowMs = 0;

  constructor(...answers: BatchAnswer[]) {
    this.#answers = answers;
  }

  post(batch: readonly Outgoing[]): Promise<BatchAnswer> {
    this.posts.push(batch.map(({ messageId }) => messageId));
    this.#nowMs += 10;
    return Promise.resolve(this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!);
  }

  wait(ms: number): Promise<void> {
    this.waitsMs.push(ms);
    this.#nowMs += ms;
    return Promise.resolve();
  }

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 1;
  }

  onAnswer(trouble: string | undefined): void {
    this.troubles.push(trouble);
  }
}

function run(
  host: ScriptedHost,
  tally = new Tally(),
  giveUpMs = 60_000,
): ReturnType<typeof deliver> {
  return deliver(BATCH, tally, host, { giveUpMs });
}

describe("a batch", () => {
  test("that is taken at once is sent once", async () => {
    const host = new ScriptedHost(taken(3));
    const tally = new Tally();
    expect(await run(host, tally)).toEqual({ isRepeat: false });
    expect(host.posts).toEqual([["m0", "m1", "m2"]]);
    expect(tally).toMatchObject({
      sent: 3,
      resent: 0,
      accepted: 3,
      duplicates: 0,
      rejected: 0,
      settled: 3,
    });
    expect(Math.round(tally.latency.percentileMs(0.5))).toBe(10);
  });

  test("that is lost is sent again, whole and with the same ids", async () => {
    const host = new ScriptedHost(LOST, LOST, taken(1, 2));
    const tally = new Tally();
    await run(host, tally);
    expect(host.posts).toEqual([
      ["m0", "m1", "m2"],
      ["m0", "m1", "m2"],
      ["m0", "m1", "m2"],
    ]);
    expect(host.waitsMs).toEqual([100, 200]);
    expect(host.troubles).toEqual(["ECONNREFUSED", "ECONNREFUSED", undefined]);
    expect(tally).toMatchObject({ sent: 3, resent: 6, accepted: 1, duplicates: 2 });
  });

  test("of which some may be sent again has just those sent again", async () => {
    const host = new ScriptedHost(taken(1, 0, [0, 2]), taken(1, 0, [1]), taken(1));
    const tally = new Tally();
    await run(host, tally);
    expect(host.posts).toEqual([["m0", "m1", "m2"], ["m0", "m2"], ["m2"]]);
    // Each time something got through, so patience starts afresh.
    expect(host.waitsMs).toEqual([100, 100]);
    expect(tally).toMatchObject({ sent: 3, resent: 3, accepted: 3, settled: 3 });
  });

  test("waits as long as the server wants", async () => {
    const host = new ScriptedHost(
      { kind: "unavailable", reason: "cell/overloaded", retryAfterMs: 7_000 },
      taken(3),
    );
    await run(host);
    expect(host.waitsMs).toEqual([7_000]);
  });

  test("that is refused for good is counted with an example of each code, and not sent again", async () => {
    const host = new ScriptedHost({ kind: "refused", code: "body/malformed", detail: "No JSON." });
    const tally = new Tally();
    await run(host, tally);
    expect(host.posts).toHaveLength(1);
    expect(tally).toMatchObject({ rejected: 3, settled: 3 });
    expect([...tally.examples]).toEqual([["body/malformed", "t0: No JSON."]]);
  });
});

describe("a batch is a repeat", () => {
  test("when the server knew all of it", async () => {
    expect(await run(new ScriptedHost(taken(0, 3)))).toEqual({ isRepeat: true });
  });

  test("not when it knew a part", async () => {
    expect(await run(new ScriptedHost(taken(1, 2)))).toEqual({ isRepeat: false });
  });

  test("not when a lost request may have brought it there", async () => {
    expect(await run(new ScriptedHost(LOST, taken(0, 3)))).toEqual({ isRepeat: false });
  });
});

describe("without progress", () => {
  test("a batch is given up when the next try would be too late, with the reason", async () => {
    const host = new ScriptedHost(LOST);
    await expect(run(host, new Tally(), 10_000)).rejects.toThrow(
      "Gave up after 10 s without progress: ECONNREFUSED",
    );
    expect(host.waitsMs).toEqual([100, 200, 400, 800, 1_600, 3_200]);
    expect(host.nowMs()).toBeLessThanOrEqual(10_000);
  });

  test("that began with the last message that got through", async () => {
    const answers = [LOST, LOST, LOST, LOST, taken(2, 0, [0]), LOST, LOST, LOST, LOST, taken(1)];
    const host = new ScriptedHost(...answers);
    const tally = new Tally();
    await run(host, tally, 4_000);
    expect(host.nowMs()).toBeGreaterThan(4_000);
    expect(tally).toMatchObject({ accepted: 3 });
  });
});

test("a replay that is to stop sends nothing again", async () => {
  const host = new ScriptedHost(LOST, taken(3));
  host.stopping.abort();
  const tally = new Tally();
  expect(await run(host, tally)).toEqual({ isRepeat: false });
  expect(host.posts).toHaveLength(1);
  expect(tally).toMatchObject({ sent: 3, settled: 0 });
});

test("pauses double from 50 to 100 ms up to 5 seconds, by chance between half and all of it", () => {
  expect([0, 1, 2, 5, 6, 100].map((failures) => backoffMs(failures, 1))).toEqual([
    100, 200, 400, 3_200, 5_000, 5_000,
  ]);
  expect([0, 6].map((failures) => backoffMs(failures, 0))).toEqual([50, 2_500]);
});
