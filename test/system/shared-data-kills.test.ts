/**
 * Counters of shared data under load, with SIGKILL at random moments: what the twins' accepted messages have added is
 * in them exactly once each, whether it left with the commit or was added at once under the message's id.
 */
import { expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import { copyProject } from "./project-copy.ts";
import { sendUntilTaken, untilDelivered } from "./load.ts";
import type { Rejected } from "./load.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env["KILL_SEED"] ?? 20261123);
const ROUNDS = 8;
const CLIENTS = 4;
const TWINS = 20;
const BATCH = 40;

interface Sent {
  readonly id: string;
  readonly message: { readonly do: string; readonly key: string; readonly by: number };
  readonly messageId: string;
}

test(`after ${ROUNDS} kills under load, shared counters have each accepted message once (seed ${SEED})`, async () => {
  await using project = await copyProject();
  await using server = await startServer({ project: project.directory });
  const random = seededRandom(SEED);
  const load = { stop: false };
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    sendUntilStopped(server.url, i, seededRandom(SEED + i + 1), load),
  );
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resume) => setTimeout(resume, 50 + random() * 500));
    await server.killWorkerd();
  }
  load.stop = true;
  const sent = (await Promise.all(clients)).flat();
  await untilDelivered(server.url, ["Looker"]);

  for (const kind of ["add", "add-and-get"]) {
    const messages = sent.filter(({ message }) => message.do === kind);
    const expected = messages.reduce((sum, { message }) => sum + message.by, 0);
    const response = await fetch(`${server.url}/v1/shared/Looker/${kind}`);
    expect(await response.json()).toMatchObject({ value: expected });
    expect(messages.length).toBeGreaterThan(ROUNDS * TWINS);
  }
});

/**
 * Sends batches, each until it is acknowledged. A twin gets one message of a batch: so each is a step of its own, and
 * the same one when it is sent again.
 */
async function sendUntilStopped(
  url: string,
  client: number,
  random: () => number,
  load: { stop: boolean },
): Promise<Sent[]> {
  const sent: Sent[] = [];
  while (!load.stop) {
    const batch: Sent[] = [];
    for (let i = 0; i < BATCH; i++) {
      const kind = i % 2 === 0 ? "add" : "add-and-get";
      batch.push({
        id: `c${client}-${kind}-${Math.floor(i / 2)}`,
        message: { do: kind, key: kind, by: 1 + Math.floor(random() * 5) },
        messageId: `${client}-${sent.length + i}`,
      });
    }
    await sendUntilTaken(url, "Looker", batch, isLookUpOfKilled);
    sent.push(...batch);
  }
  return sent;
}

/** A look-up fails where the object of shared data went down with the server. */
function isLookUpOfKilled({ detail }: Rejected): boolean {
  return detail.includes("shared.model.addAndGet");
}
