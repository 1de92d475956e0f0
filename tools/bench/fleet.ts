/** What is asked of many twins: the load on them, and the query that groups them. */
import { setTimeout as delay } from "node:timers/promises";
import { BenchFailure } from "./bench-failure.ts";
import { acceptedAnswer, countedSample } from "./contenders.ts";
import { closedLoop } from "./load/http-load.ts";
import { batches } from "./messages.ts";
import { SITES } from "./models.ts";
import type { QueryClient } from "./query.ts";
import type { Sample } from "./rounds.ts";
import type { WorkerdServer } from "./workerd-server.ts";

/** The model that is read, and the one that is not. */
export const READ = "Fleet";
export const UNREAD = "UnreadFleet";

export const FLEET_CONNECTIONS = 12;

/** After the last commit a cell publishes once more: that belongs to the load that caused it. */
const PUBLISHED_AFTER_MS = 700;

/** Groups all twins by site, and checks that all are there: the condition holds for every one of them. */
export async function groupBySite(
  client: QueryClient,
  twins: number,
  variation: number,
): Promise<void> {
  const rows = await client.rows({
    model: READ,
    groupBy: ["site"],
    aggregates: [
      { op: "count", as: "n" },
      { op: "sum", field: "temp", as: "sum" },
      { op: "min", field: "temp", as: "least" },
      { op: "max", field: "temp", as: "most" },
    ],
    where: { field: "lastTs", op: ">=", value: variation },
  });
  const wrong = rows.find((row) => row[1] !== twins / SITES);
  if (rows.length === SITES && wrong === undefined) return;
  throw new BenchFailure(
    `${twins} twins of ${SITES} sites are grouped into ${rows.length} groups, one of them ${JSON.stringify(wrong)}.`,
  );
}

/** Batches of 1,000 to random twins, with the CPU of what they cause right afterwards. */
export function loadFleet(
  server: WorkerdServer,
  model: string,
  windowMs: number,
  twins: number,
): Promise<Sample> {
  const target = { port: server.port, load: batches(model, 1_000, twins) };
  const answer = acceptedAnswer(target.load);
  return countedSample(server, model, (metered) =>
    closedLoop({ ...target, answer }, FLEET_CONNECTIONS, windowMs, (run) =>
      metered(async () => {
        const result = await run();
        await delay(PUBLISHED_AFTER_MS);
        return result;
      }),
    ),
  );
}
