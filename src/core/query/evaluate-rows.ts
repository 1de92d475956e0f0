/** Picks the rows of a shard that can be in the answer: the best `offset + limit`. */
import { columnOf, idsOf, valueAt } from "./column-view.ts";
import { compareRows } from "./row-order.ts";
import { keepCompared } from "./where-numbers.ts";
import { TWINS_PER_CELL_MAX } from "../limits.ts";
import { ok } from "../refusal.ts";
import type { Scan } from "./scan.ts";
import type { RowPlace } from "./row-order.ts";
import type { ColumnView, RowPartial, RowPlan } from "./plan.ts";
import type { Result } from "../refusal.ts";

/**
 * The rows of a shard; without an order the first in storage (by cell and slot), so that the scan can stop early.
 * That is the same from one query to the next while no twin comes or goes: pages join on.
 */
export function evaluateRows(plan: RowPlan, scan: Scan): Result<RowPartial> {
  // Nothing is shown of no rows, however many are skipped.
  const wanted = plan.limit === 0 ? 0 : plan.offset + plan.limit;
  return ok(
    plan.orderBy.length === 0 || wanted === 0
      ? firstRows(plan, scan, wanted)
      : bestRows(plan, scan, wanted),
  );
}

function firstRows(plan: RowPlan, scan: Scan, wanted: number): RowPartial {
  const places: RowPlace[] = [];
  const positions: number[] = [];
  const rows = new Int32Array(scan.rowsMax);
  for (const block of scan.blocks) {
    if (places.length >= wanted) break;
    const views = scan.viewsOf(block);
    const count = Math.min(scan.select(block, rows), wanted - places.length);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      places.push({ views, row });
      positions.push(block.cell * TWINS_PER_CELL_MAX + row);
    }
  }
  return partialOf(plan, places, Float64Array.from(positions));
}

function bestRows(plan: RowPlan, scan: Scan, wanted: number): RowPartial {
  const best = new BestRows(plan, wanted);
  const rows = new Int32Array(scan.rowsMax);
  for (const block of scan.blocks) {
    const count = scan.select(block, rows);
    if (count > 0) best.offer(scan.viewsOf(block), rows, count);
  }
  return partialOf(plan, best.take(), null);
}

/**
 * The best rows so far. It collects up to twice as many as are wanted before it sorts and drops the worse half, and
 * from then on takes nothing that comes after the last one it kept.
 */
class BestRows {
  readonly #orderBy: RowPlan["orderBy"];
  readonly #wanted: number;
  #kept: RowPlace[] = [];
  #last: RowPlace | null = null;

  constructor(plan: RowPlan, wanted: number) {
    this.#orderBy = plan.orderBy;
    this.#wanted = wanted;
  }

  /** Takes the first `count` of `rows`, which it may reorder. */
  offer(views: readonly ColumnView[], rows: Int32Array, count: number): void {
    const candidates = this.#skipWorse(views, rows, count);
    for (let i = 0; i < candidates; i++) {
      const place = { views, row: rows[i]! };
      if (this.#last !== null && compareRows(this.#orderBy, place, this.#last) > 0) continue;
      this.#kept.push(place);
      if (this.#kept.length >= 2 * this.#wanted) this.#cut();
    }
  }

  /** The best rows, in order. */
  take(): readonly RowPlace[] {
    this.#cut();
    return this.#kept;
  }

  /** Where numbers come first, most rows are out by theirs: one quick pass spares them the whole comparison. */
  #skipWorse(views: readonly ColumnView[], rows: Int32Array, count: number): number {
    const { field, desc } = this.#orderBy[0]!;
    const view = views[field]!;
    if (this.#last === null || (view.type !== "number" && view.type !== "time")) return count;
    const bound = valueAt(this.#last.views[field]!, this.#last.row);
    if (bound === null) return count;
    return keepCompared(desc ? ">=" : "<=", bound as number, view.values, rows, count);
  }

  #cut(): void {
    this.#kept.sort((a, b) => compareRows(this.#orderBy, a, b));
    if (this.#kept.length < this.#wanted) return;
    this.#kept.length = this.#wanted;
    this.#last = this.#kept.at(-1)!;
  }
}

/** Copies the carried fields of some rows. */
function partialOf(
  plan: RowPlan,
  places: readonly RowPlace[],
  positions: Float64Array | null,
): RowPartial {
  const columns = plan.fields.slice(0, plan.carried).map(({ type }, field): ColumnView => {
    if (field === 0) {
      return { type: "id", ids: places.map(({ views, row }) => idsOf(views[0]!)[row]) };
    }
    return columnOf(
      type,
      places.map(({ views, row }) => valueAt(views[field]!, row)),
    );
  });
  return { kind: "rows", rows: places.length, columns, positions };
}
