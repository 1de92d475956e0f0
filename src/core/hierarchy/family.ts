/**
 * One parent's children, and its roll-ups over them. A change costs the same whatever the number of children,
 * but when the only child that had the smallest (or largest) value lets go of it: then all are looked at once.
 */
import { byName, keyOf, modelsOver } from "./declaration.ts";
import type { ChildReport, Rollup, Rollups, TwinRef } from "./declaration.ts";
import { makeTally } from "./tally.ts";
import type { Tally, Value } from "./tally.ts";

interface Kept {
  readonly name: string;
  readonly rollup: Rollup;
  readonly models: readonly string[] | undefined;
  tally: Tally;
}

export type RolledUp = Readonly<Record<string, number | string | null>>;

export class Family {
  readonly #members = new Map<string, ChildReport>();
  readonly #kept: readonly Kept[];
  #sorted: readonly ChildReport[] | undefined;
  #values: RolledUp | undefined;

  constructor(rollups: Rollups) {
    this.#kept = Object.entries(rollups).map(([name, rollup]) => ({
      name,
      rollup,
      models: modelsOver(rollup),
      tally: makeTally(rollup),
    }));
  }

  get size(): number {
    return this.#members.size;
  }

  get(child: TwinRef): ChildReport | undefined {
    return this.#members.get(keyOf(child));
  }

  /** All children, ordered by model and id. Kept until one changes. */
  sorted(): readonly ChildReport[] {
    return (this.#sorted ??= Object.freeze([...this.#members.values()].toSorted(byName)));
  }

  members(): IterableIterator<ChildReport> {
    return this.#members.values();
  }

  /** Adds a child, or has its new values. */
  set(report: ChildReport): void {
    const key = keyOf(report);
    const before = this.#members.get(key);
    if (before !== undefined) this.#count(before, "remove");
    this.#members.set(key, report);
    this.#count(report, "add");
    this.#changed();
  }

  delete(child: TwinRef): void {
    const key = keyOf(child);
    const before = this.#members.get(key);
    if (before === undefined) return;
    this.#members.delete(key);
    this.#count(before, "remove");
    this.#changed();
  }

  /** The roll-ups now, by the parent's field. */
  rollups(): RolledUp {
    if (this.#values !== undefined) return this.#values;
    const values: Record<string, number | string | null> = {};
    for (const kept of this.#kept) {
      if (kept.tally.isStale) kept.tally = this.#made(kept);
      values[kept.name] = kept.tally.value();
    }
    return (this.#values = values);
  }

  #count(report: ChildReport, change: "add" | "remove"): void {
    for (const { rollup, models, tally } of this.#kept) {
      if (models === undefined || models.includes(report.model))
        tally[change](valueFor(rollup, report));
    }
  }

  #made({ rollup, models }: Kept): Tally {
    const tally = makeTally(rollup);
    for (const report of this.#members.values()) {
      if (models === undefined || models.includes(report.model))
        tally.add(valueFor(rollup, report));
    }
    return tally;
  }

  #changed(): void {
    this.#sorted = undefined;
    this.#values = undefined;
  }
}

function valueFor({ field }: Rollup, { values }: ChildReport): Value {
  return field === undefined ? undefined : values[field];
}
