/**
 * What the twins of a cell know of their children: the last report of each, the roll-ups over them, and which
 * reports a model's `onReport` has not been told yet. A report is applied in the commit that notes it as received,
 * so a delivery that is repeated finds its number and does nothing; what follows from it for the parent (its fields,
 * `onReport`) may come in a later commit, and does so after a crash too: it is found by comparing.
 *
 * Records: [parent] its children are forgotten | [parent,0] all is told | [parent,model,id] a child left
 *   | [parent,model,id,values] a child | …,1] and not told yet | …,2] a child that left, not told yet
 */
import { CHILDREN_PER_CELL_MAX, CHILDREN_PER_PARENT_MAX } from "../limits.ts";
import { keyOf } from "../hierarchy/declaration.ts";
import type { ChildReport, TwinRef } from "../hierarchy/declaration.ts";
import { Family } from "../hierarchy/family.ts";
import { childModelsOf } from "../hierarchy/check.ts";
import type { Cell } from "./cell.ts";
import type { CellPart } from "./part.ts";

const UNTOLD = 1;
const LEFT_UNTOLD = 2;

type Values = ChildReport["values"];

type StoredChild =
  | readonly [parent: string]
  | readonly [parent: string, told: 0]
  | readonly [parent: string, model: string, id: string]
  | readonly [parent: string, model: string, id: string, values: Values]
  | readonly [parent: string, model: string, id: string, values: Values, flag: 1 | 2];

/** What a report carries: the child, and its values; null when it leaves. */
export type ReportMessage = readonly [model: string, id: string, values: Values | null];

const NO_CHILDREN: readonly ChildReport[] = Object.freeze([]);
/** Characters of a record as long as none has been written since the cell was loaded. */
const RECORD_CHARS_START = 100;

export class Children implements CellPart {
  readonly name = "children";
  /** Parents for which something follows from reports. */
  readonly due = new Set<string>();
  /** Whether twins of this model have children, as far as the deployed models say. */
  readonly isActive: boolean;
  readonly #cell: Cell;
  readonly #families = new Map<string, Family>();
  /** By parent and child, what `onReport` has not been told. */
  readonly #untold = new Map<string, Map<string, ChildReport>>();
  /** Due, and in an asynchronous step. */
  readonly #held = new Set<string>();
  /** Parents whose log says that they are full. */
  readonly #full = new Set<string>();
  readonly #empty: Family;
  #count = 0;
  #recordChars = RECORD_CHARS_START;

  constructor(cell: Cell) {
    const { model, world } = cell;
    this.#cell = cell;
    this.#empty = new Family(model.rollups);
    this.isActive =
      model.hearsReports ||
      Object.keys(model.rollups).length > 0 ||
      childModelsOf(model.name, world.models.values()).length > 0;
  }

  get chars(): number {
    return Math.round(this.#count * this.#recordChars);
  }

  /** Children of all parents here. */
  get count(): number {
    return this.#count;
  }

  countOf(parent: string): number {
    return this.#families.get(parent)?.size ?? 0;
  }

  /** A parent's children by model and id. */
  of(parent: string): readonly ChildReport[] {
    return this.#families.get(parent)?.sorted() ?? NO_CHILDREN;
  }

  /** Applies one report, and puts it into the commit. */
  apply(parent: string, [model, id, values]: ReportMessage): void {
    const known = this.#families.get(parent)?.get({ model, id });
    if (values === null) {
      if (known !== undefined) this.#leave(parent, known);
      return;
    }
    if (known !== undefined && areSame(known.values, values)) return;
    if (known === undefined && !this.#hasRoom(parent, { model, id })) return;
    const stored: StoredChild = this.#cell.model.hearsReports
      ? [parent, model, id, values, UNTOLD]
      : [parent, model, id, values];
    this.restore(stored);
    this.#write(stored);
    this.due.add(parent);
  }

  /** Sets a twin's roll-up fields; answers whether one was different. */
  assign(parent: string, twin: object): boolean {
    const { rollups } = this.#cell.model;
    const fields = twin as Record<string, unknown>;
    const values = (this.#families.get(parent) ?? this.#empty).rollups();
    let differs = false;
    for (const name in rollups) {
      if (fields[name] === values[name]) continue;
      fields[name] = values[name];
      differs = true;
    }
    return differs;
  }

  /** What `onReport` is to be told of a parent's children, which counts as told in this commit. */
  takeUntold(parent: string): readonly ChildReport[] {
    const untold = this.#untold.get(parent);
    if (untold === undefined) return NO_CHILDREN;
    this.#untold.delete(parent);
    this.#write([parent, 0]);
    return [...untold.values()];
  }

  /** A parent is in an asynchronous step: it is due again when that has ended. */
  hold(parent: string): void {
    this.due.delete(parent);
    this.#held.add(parent);
  }

  /** A twin's asynchronous step has ended. */
  release(parent: string): void {
    if (this.#held.delete(parent)) this.due.add(parent);
  }

  /** What followed from reports and was not committed before the cell was loaded is due. */
  loaded(): void {
    const { table, model } = this.#cell;
    if (Object.keys(model.rollups).length > 0) {
      for (const [slot, id] of table.ids.entries()) {
        // On a copy: the twin is as it was committed until its turn comes.
        if (id !== undefined && this.assign(id, { ...table.twins[slot] })) this.due.add(id);
      }
    }
    for (const parent of this.#families.keys())
      if (table.slotOf(parent) === undefined) this.due.add(parent);
    for (const parent of this.#untold.keys()) this.due.add(parent);
  }

  restore(record: unknown): void {
    const stored = record as StoredChild;
    const parent = stored[0];
    if (stored.length === 1) {
      this.#forget(parent);
      return;
    }
    if (stored.length === 2) {
      this.#untold.delete(parent);
      return;
    }
    const [, model, id, values, flag] = stored;
    const family = this.#familyOf(parent);
    const before = family.size;
    if (values !== undefined && flag !== LEFT_UNTOLD)
      family.set(Object.freeze({ model, id, values: Object.freeze(values) }));
    else family.delete({ model, id });
    this.#count += family.size - before;
    if (family.size === 0) this.#families.delete(parent);
    if (flag !== undefined) this.#remember(parent, model, id, values!, flag);
  }

  *records(): Iterable<string> {
    for (const [parent, family] of this.#families) {
      const untold = this.#untold.get(parent);
      for (const report of family.members()) {
        const { model, id, values } = report;
        const isUntold = untold?.has(keyOf(report)) === true;
        yield JSON.stringify(
          isUntold ? [parent, model, id, values, UNTOLD] : [parent, model, id, values],
        );
      }
    }
    for (const [parent, untold] of this.#untold) {
      for (const { model, id, values, left } of untold.values())
        if (left === true) yield JSON.stringify([parent, model, id, values, LEFT_UNTOLD]);
    }
  }

  removed(id: string): void {
    this.due.delete(id);
    this.#held.delete(id);
    if (this.#families.has(id) || this.#untold.has(id)) this.#write([id]);
    this.#forget(id);
  }

  #leave(parent: string, { model, id, values }: ChildReport): void {
    const stored: StoredChild = this.#cell.model.hearsReports
      ? [parent, model, id, values, LEFT_UNTOLD]
      : [parent, model, id];
    this.restore(stored);
    this.#write(stored);
    this.#full.delete(parent);
    this.due.add(parent);
  }

  #remember(parent: string, model: string, id: string, values: Values, flag: 1 | 2): void {
    let untold = this.#untold.get(parent);
    if (untold === undefined) this.#untold.set(parent, (untold = new Map<string, ChildReport>()));
    const key = keyOf({ model, id });
    // At the end, where the newest are.
    untold.delete(key);
    const report = { model, id, values };
    untold.set(key, Object.freeze(flag === LEFT_UNTOLD ? { ...report, left: true } : report));
  }

  #forget(parent: string): void {
    this.#count -= this.countOf(parent);
    this.#families.delete(parent);
    this.#untold.delete(parent);
    this.#full.delete(parent);
  }

  #familyOf(parent: string): Family {
    let family = this.#families.get(parent);
    if (family === undefined) {
      family = new Family(this.#cell.model.rollups);
      this.#families.set(parent, family);
    }
    return family;
  }

  #hasRoom(parent: string, child: TwinRef): boolean {
    const size = this.countOf(parent);
    const bound =
      size >= CHILDREN_PER_PARENT_MAX
        ? `It has ${size} children, which is the limit`
        : this.#count >= CHILDREN_PER_CELL_MAX
          ? `Its cell has ${this.#count} children of all twins, which is the limit`
          : undefined;
    if (bound === undefined) return true;
    if (!this.#full.has(parent)) {
      const text = `${bound}: the report of ${keyOf(child)} is not taken, nor are others until a child leaves.`;
      this.#cell.log.add(this.#cell.nowMs, "error", "failure", parent, text);
      this.#full.add(parent);
    }
    return false;
  }

  #write(stored: StoredChild): void {
    const record = JSON.stringify(stored);
    if (stored.length > 3) this.#recordChars += (record.length - this.#recordChars) / 64;
    this.#cell.rows.part(this.name, record);
  }
}

function areSame(a: Values, b: Values): boolean {
  for (const field in a) if (a[field] !== b[field]) return false;
  for (const field in b) if (!Object.hasOwn(a, field)) return false;
  return true;
}
