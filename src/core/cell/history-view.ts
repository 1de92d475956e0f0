/** What a cell shows of a twin's history. */
import type { Cell } from "./cell.ts";
import type { HistoryQuery, HistoryView } from "./history.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { unknownTwin } from "./view.ts";

/** A twin's newest changes. Refuses with `history/off` where the model keeps none, and `twin/unknown`. */
export function readHistory(
  cell: Cell,
  id: string,
  query: HistoryQuery,
  nowMs: number,
): Result<HistoryView> {
  const { history, model } = cell;
  if (history === undefined)
    return refuse(
      "history/off",
      `Model ${model.name} keeps no history of its twins; its option "history" turns it on.`,
    );
  const slot = cell.slotOf(id);
  if (slot === undefined) return { ok: false, refusal: unknownTwin(cell, id) };
  return ok(history.read(slot, id, query, nowMs));
}
