/** What the object of shared data and tables has counted, for Prometheus. */
import type { Env } from "../env.ts";
import { callShared } from "./shared-calls.ts";

const METRICS: Readonly<
  Record<string, readonly [name: string, type: "counter" | "gauge", help: string]>
> = {
  sharedChanges: ["shared_changes_total", "counter", "Changes that came with twins' commits."],
  sharedDropped: ["shared_changes_dropped_total", "counter", "Those that could not be made."],
  lookups: ["shared_lookups_total", "counter", "Look-ups in shared data and tables."],
  sharedKeys: ["shared_keys", "gauge", "Keys of shared data."],
  tables: ["tables", "gauge", "Look-up tables."],
  tableRows: ["table_rows", "gauge", "Rows of look-up tables."],
  databaseBytes: ["shared_database_bytes", "gauge", "Bytes of shared data and tables."],
};

/** Lines of the exposition; none when the object does not answer. */
export async function sharedMetrics(env: Env): Promise<readonly string[]> {
  const counters = await callShared(env, (stub) => stub.counters());
  if (typeof counters["code"] === "string") return [];
  const counted = counters as Readonly<Record<string, number>>;
  return Object.entries(METRICS).flatMap(([counter, [name, type, help]]) => [
    `# HELP livetwin_${name} ${help}`,
    `# TYPE livetwin_${name} ${type}`,
    `livetwin_${name} ${counted[counter] ?? 0}`,
  ]);
}
