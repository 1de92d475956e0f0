/** A model's log as live connections watch it: each look asks all cells of the model for their newest entries. */
import type { LogEntry } from "../core/cell/log.ts";
import { cellKey } from "../core/ids.ts";
import { LIVE_LOG_ENTRIES_MAX, PULL_TIMEOUT_MS } from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";
import type { Env } from "../env.ts";
import { TIMED_OUT, withTimeout } from "../routing/with-timeout.ts";
import { newestEntries } from "../wire/log-v1.ts";
import { outcomeOfLog } from "./live-topic.ts";
import type { Outcome, Watch } from "./live-topic.ts";

type LogWatch = Extract<Watch, { kind: "log" }>;

export class LogFeed {
  /** Object requests made. */
  requests = 0;
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  /** The newest entries now, of the cells that answer. Refuses with `query/unavailable` when none does. */
  async look({ model, filter }: LogWatch): Promise<Result<Outcome>> {
    const { name, placement } = model;
    this.requests += placement.cells;
    const asked = Array.from({ length: placement.cells }, (_, cell) =>
      withTimeout(
        this.#env.TWIN.getByName(cellKey(name, cell)).log(LIVE_LOG_ENTRIES_MAX, filter),
        PULL_TIMEOUT_MS,
      ),
    );
    const logs: (readonly LogEntry[])[] = [];
    for (const answer of await Promise.allSettled(asked)) {
      if (answer.status === "fulfilled" && answer.value !== TIMED_OUT) logs.push(answer.value);
    }
    if (logs.length === 0)
      return refuse("query/unavailable", `The log of "${name}" can't be read at the moment.`);
    return ok(outcomeOfLog(name, newestEntries(logs, LIVE_LOG_ENTRIES_MAX)));
  }
}
