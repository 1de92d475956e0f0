/** The counters of all cells of a model, summed. */
import { cellKey } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { callCell } from "./cell-calls.ts";

export interface CounterTotals {
  readonly totals: Readonly<Record<string, number>>;
  /** Cells that did not answer. */
  readonly missing: number;
}

export async function cellCounters(env: Env, model: string, cells: number): Promise<CounterTotals> {
  const totals: Record<string, number> = {};
  let missing = 0;
  await Promise.all(
    Array.from({ length: cells }, async (_, cell) => {
      const counters = await callCell(env, cellKey(model, cell), (stub) => stub.counters());
      if (typeof counters["code"] === "string") {
        missing++;
        return;
      }
      for (const [name, value] of Object.entries(counters as Record<string, number>))
        totals[name] = (totals[name] ?? 0) + value;
    }),
  );
  return { totals, missing };
}
