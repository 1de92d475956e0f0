/** The counters of a model's archiver. */
import type { Env } from "../env.ts";
import type { CellCounters } from "../wire/internal-rpc.ts";

/** Empty where there is no archive, or where the archiver does not answer. */
export async function archiveCounters(env: Env, model: string): Promise<CellCounters> {
  if (env.ARCHIVE === undefined && env.ARCHIVE_FOLDER === undefined) return {};
  try {
    return await env.ARCHIVER.getByName(model).counters();
  } catch (error) {
    console.error(`The archiver of ${model} did not answer:`, error);
    return {};
  }
}
