/** Runs a model's code on a twin of a cell. */
import type { Cell } from "./cell.ts";
import type { ChildReport, TwinRef } from "../hierarchy/declaration.ts";
import { keepState } from "./step-history.ts";
import { StepContext } from "../step-context.ts";
import type { StepKin } from "../step-context.ts";
import type { StepOrigin } from "../step-lookups.ts";
import { runStep } from "../step.ts";
import type { StepInput, StepOutcome } from "../step.ts";

export function stepTwin(
  cell: Cell,
  slot: number,
  input: StepInput,
  origin?: StepOrigin,
): StepOutcome | Promise<StepOutcome> {
  const { table, model, nowMs, world, counts } = cell;
  counts.steps++;
  keepState(cell, slot);
  const id = table.ids[slot]!;
  const context = new StepContext(model, id, table.version[slot]!, nowMs, world, kinOf(cell, slot));
  context.origin = origin;
  return runStep(table.twins[slot]!, input, context);
}

/** Undefined for a model without relatives: most have none, and a step makes enough objects as it is. */
function kinOf(cell: Cell, slot: number): StepKin | undefined {
  const { children, reporting } = cell;
  if (!children.isActive && !reporting.isActive) return undefined;
  return new Kin(cell, slot);
}

class Kin implements StepKin {
  readonly #cell: Cell;
  readonly #id: string;
  readonly #slot: number;

  constructor(cell: Cell, slot: number) {
    this.#cell = cell;
    this.#id = cell.table.ids[slot]!;
    this.#slot = slot;
  }

  get parent(): TwinRef | null {
    return this.#cell.reporting.parentOf(this.#id, this.#cell.table.twins[this.#slot]!);
  }

  get children(): readonly ChildReport[] {
    return this.#cell.children.of(this.#id);
  }
}
