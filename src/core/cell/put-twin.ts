/** A twin's fields set from outside. */
import type { Cell } from "./cell.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { stateOver } from "../state-fields.ts";
import { applyStep } from "./step-commit.ts";
import { keepState } from "./step-history.ts";
import { abandonTwin, claimSlot } from "./twin-life.ts";

/** Creates a twin or replaces fields of its state, in the commit that is being built. Refuses as `Cell.put` does. */
export function putTwin(
  cell: Cell,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): Result<{ created: boolean }> {
  const checked = stateOver(cell.model, fields);
  if (!checked.ok) return checked;
  const found = cell.table.slotOf(id);
  if (found !== undefined && cell.isBusy(found)) return refuseBusy(id);
  const isNew = found === undefined;
  const claimed = found === undefined ? claimSlot(cell, id) : ok(found);
  if (!claimed.ok) return claimed;
  const slot = claimed.value;
  keepState(cell, slot);
  Object.assign(cell.table.twins[slot]!, checked.value);
  const refusal = applyStep(cell, slot, { isNew, fromMessage: false, entrants: [] }, undefined);
  if (refusal === undefined) return { ok: true, value: { created: isNew } };
  abandonTwin(cell, slot, isNew);
  return { ok: false, refusal };
}

export function refuseBusy(id: string): Result<never> {
  return refuse("cell/unavailable", `Twin "${id}" is in the middle of an asynchronous step.`);
}
