/** A look-up table in memory: the mock environment's. */
import { TABLE_FIND_SCAN_MAX } from "../limits.ts";
import { ok } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { matches, planFind, tooWide } from "./table.ts";
import type { StoredTableRow, TableDefinition, TableRow } from "./table.ts";

export class MemoryTable {
  readonly definition: TableDefinition;
  readonly #rows = new Map<string, StoredTableRow>();

  constructor(definition: TableDefinition, rows: Iterable<StoredTableRow>) {
    this.definition = definition;
    for (const row of rows) this.#rows.set(row.key, row);
  }

  /** A row, or null. */
  get(key: string): TableRow | null {
    const row = this.#rows.get(key);
    return row === undefined ? null : (JSON.parse(row.text) as TableRow);
  }

  /** Rows by key, ascending. Refuses as `planFind`, and with `table/too-wide`. */
  find(where: TableRow, limit?: number): Result<readonly TableRow[]> {
    const plan = planFind(this.definition, where, limit);
    if (!plan.ok) return plan;
    const { index, text } = plan.value;
    const behind = [...this.#rows.values()]
      .filter((row) => (index === "key" ? row.key : row.indexed[index]) === text)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const found: TableRow[] = [];
    for (const [scanned, row] of behind.entries()) {
      if (scanned === TABLE_FIND_SCAN_MAX)
        return { ok: false, refusal: tooWide(this.definition.name, TABLE_FIND_SCAN_MAX) };
      const columns = JSON.parse(row.text) as TableRow;
      if (matches(columns, where)) found.push(columns);
      if (found.length === plan.value.limit) break;
    }
    return ok(found);
  }
}
