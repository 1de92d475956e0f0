/** Load for tests that kill the server: batches that are sent again, under the same ids, until they are taken. */

/** A message of a batch, as `POST /v1/models/{model}/messages` takes it. */
export interface LoadMessage {
  readonly id: string;
  readonly message: unknown;
  readonly messageId: string;
}

export interface Rejected {
  readonly retry?: boolean;
  readonly code: string;
  readonly detail: string;
}

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly Rejected[];
}

/** Long enough that a server which refuses at once does not make the loop spin. */
const RETRY_MS = 20;
const LOOK_MS = 100;

/**
 * Sends a batch until all of it is acknowledged. Throws when a part is refused for good: what may be sent again, and
 * what `mayPass` says of beside that, is sent again.
 */
export async function sendUntilTaken(
  url: string,
  model: string,
  batch: readonly LoadMessage[],
  mayPass: (rejected: Rejected) => boolean = () => false,
): Promise<void> {
  for (;;) {
    const answer = await post(url, model, batch);
    if (answer !== undefined) {
      const refused = answer.rejected.filter((each) => each.retry !== true && !mayPass(each));
      if (refused.length > 0) throw new Error(`refused for good: ${JSON.stringify(refused)}`);
      if (answer.accepted + answer.duplicates === batch.length) return;
    }
    await new Promise((resume) => setTimeout(resume, RETRY_MS));
  }
}

/** Resolves when nothing of these models is on its way to other twins or to services; twice, for what is sent on. */
export async function untilDelivered(url: string, models: readonly string[]): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const isQuiet = models.every((model) =>
      metrics.includes(`livetwin_outbox_messages{model="${model}"} 0\n`),
    );
    quiet = isQuiet ? quiet + 1 : 0;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
}

/** Undefined when the connection broke or the server was not ready: whether it has the batch is not known then. */
async function post(
  url: string,
  model: string,
  batch: readonly LoadMessage[],
): Promise<Answer | undefined> {
  try {
    const body = JSON.stringify(batch);
    const response = await fetch(`${url}/v1/models/${model}/messages`, { method: "POST", body });
    return response.status === 503 ? undefined : ((await response.json()) as Answer);
  } catch {
    return undefined;
  }
}
