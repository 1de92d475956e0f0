/**
 * What the twins of a cell have told their parents. A report leaves in the commit that changes what it says, once
 * for each twin and commit. Whom a twin reported to is remembered; what it said then is what its committed state
 * says, as long as its model reports the same fields. After a deployment that changes the fields, the parent's model
 * or the way to its id, the twins to which that makes a difference report anew, some in each commit.
 *
 * Records: "fields" that were reported last, as JSON | [child] reports to nobody | [child,model,parent]
 */
import { OUTBOX_MAX, REPORTS_ANEW_PER_COMMIT_MAX } from "../limits.ts";
import { reportedValues } from "../hierarchy/report.ts";
import { isTwinId } from "../ids.ts";
import type { TwinRef } from "../hierarchy/declaration.ts";
import type { Twin } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { decodeState } from "../state-codec.ts";
import type { Cell } from "./cell.ts";
import type { ReportMessage } from "./children.ts";
import { failureOf, logFailure } from "./model-failure.ts";
import type { CellPart } from "./part.ts";
import { storedText } from "./stored-state.ts";

type StoredReporting =
  | string
  | readonly [child: string]
  | readonly [child: string, model: string, parent: string];

/** What a twin says: its parent, and the values; null when it has no parent. */
export interface Report {
  readonly parent: TwinRef | null;
  readonly values: ReportMessage[2];
  /** The values as JSON. */
  readonly text: string;
}

const NOTHING: Report = Object.freeze({ parent: null, values: null, text: "" });

interface Told {
  readonly parent: TwinRef;
  /** Empty when it is not known. */
  text: string;
}

/** Characters of a record beside its names. */
const RECORD_CHARS = 10;

export class Reporting implements CellPart {
  readonly name = "reporting";
  readonly #cell: Cell;
  readonly #told = new Map<string, Told>();
  /** What the commit that is being built changes. */
  readonly #changed = new Map<string, Report>();
  /** Twins that report anew. */
  readonly #backlog = new Set<string>();
  readonly #fields: string;
  #fieldsTold = "";
  #chars = 0;

  constructor(cell: Cell) {
    this.#cell = cell;
    this.#fields = JSON.stringify(cell.model.parent?.report ?? []);
  }

  /** Whether twins have a parent, or had one. */
  get isActive(): boolean {
    return this.#cell.model.parent !== null || this.#told.size > 0;
  }

  get chars(): number {
    return this.#chars;
  }

  /** Whether `runBacklog` has something to do. It waits while the outbox is full. */
  get hasBacklog(): boolean {
    return this.#backlog.size > 0 && this.#cell.outbox.sizeWithoutArchive < OUTBOX_MAX / 2;
  }

  /** The parent that a twin reports to. */
  toldOf(id: string): TwinRef | null {
    return this.#told.get(id)?.parent ?? null;
  }

  /** A twin's parent as its fields have it; null for one without, and for an id that is none. */
  parentOf(id: string, twin: Twin): TwinRef | null {
    const parent = this.#parentOf(id, twin);
    return parent.ok ? parent.value : null;
  }

  /** What a twin says. Refuses with `twin/bad-parent`, and `model/failed` when the model's function throws. */
  read(id: string, twin: Twin): Result<Report> {
    const parent = this.#parentOf(id, twin);
    if (!parent.ok) return parent;
    if (parent.value === null) return ok(NOTHING);
    const values = reportedValues(this.#cell.model.parent?.report ?? [], twin);
    return ok({ parent: parent.value, values, text: JSON.stringify(values) });
  }

  /** A twin's committed state changed: what it says goes out at the end of the commit. */
  changed(id: string, report: Report): void {
    this.#changed.set(id, report);
  }

  /** Puts what is to be reported into the outbox, and into the commit. */
  flush(): void {
    for (const [id, { parent, values, text }] of this.#changed) {
      const told = this.#told.get(id);
      if (told === undefined && parent === null) continue;
      const isSame =
        told !== undefined &&
        parent !== null &&
        told.parent.id === parent.id &&
        told.parent.model === parent.model;
      if (isSame && told.text === text) continue;
      if (told !== undefined && !isSame) this.#leave(told.parent, id);
      if (parent !== null) this.#send(parent, [this.#cell.model.name, id, values]);
      if (isSame) told.text = text;
      else this.#write(parent === null ? [id] : [id, parent.model, parent.id], text);
    }
    this.#changed.clear();
    if (this.#backlog.size === 0 && this.#fieldsTold !== this.#fields && this.#told.size > 0)
      this.#write(this.#fields);
  }

  /** Has some of those report anew that have to. */
  runBacklog(): void {
    const { table, model } = this.#cell;
    let left = REPORTS_ANEW_PER_COMMIT_MAX;
    for (const id of this.#backlog) {
      if (left-- === 0) return;
      this.#backlog.delete(id);
      const slot = table.slotOf(id)!;
      const state = decodeState(storedText(this.#cell, slot), table.dated.has(slot));
      const report = this.read(id, Object.assign(model.blank(), state));
      if (report.ok) this.changed(id, report.value);
      else {
        logFailure(this.#cell, id, report.refusal.detail);
        this.changed(id, NOTHING);
      }
    }
  }

  /** Finds out who has to report anew. */
  loaded(): void {
    if (!this.isActive) return;
    const { table } = this.#cell;
    for (const [slot, id] of table.ids.entries()) {
      if (id === undefined) continue;
      const told = this.#told.get(id);
      const report = this.read(id, table.twins[slot]!);
      const { parent, text } = report.ok ? report.value : NOTHING;
      if (told === undefined && parent === null) continue;
      const isSame =
        told !== undefined &&
        told.parent.id === parent?.id &&
        told.parent.model === parent.model &&
        this.#fieldsTold === this.#fields;
      if (isSame) told.text = text;
      else this.#backlog.add(id);
    }
  }

  restore(record: unknown): void {
    const stored = record as StoredReporting;
    if (typeof stored === "string") {
      this.#fieldsTold = stored;
      return;
    }
    const [id, model, parent] = stored;
    this.#forget(id);
    if (model === undefined) return;
    this.#told.set(id, { parent: { model, id: parent! }, text: "" });
    this.#chars += id.length + model.length + parent!.length + RECORD_CHARS;
  }

  *records(): Iterable<string> {
    if (this.#fieldsTold !== "") yield JSON.stringify(this.#fieldsTold);
    for (const [id, { parent }] of this.#told) yield JSON.stringify([id, parent.model, parent.id]);
  }

  removed(id: string): void {
    this.#changed.delete(id);
    this.#backlog.delete(id);
    const told = this.#told.get(id);
    if (told === undefined) return;
    this.#leave(told.parent, id);
    this.#write([id]);
  }

  #parentOf(id: string, twin: Twin): Result<TwinRef | null> {
    const { model } = this.#cell;
    if (model.parent === null) return ok(null);
    const { model: parentModel, id: source } = model.parent;
    let parent: unknown;
    try {
      parent =
        typeof source === "string"
          ? (twin as unknown as Record<string, unknown>)[source]
          : source(twin, id);
    } catch (error) {
      return { ok: false, refusal: failureOf(this.#cell, id, error) };
    }
    if (parent === null || parent === undefined || parent === "") return ok(null);
    if (typeof parent === "string" && isTwinId(parent))
      return ok({ model: parentModel, id: parent });
    const where = typeof source === "string" ? `Field "${source}"` : "What gives the parent's id";
    return refuse(
      "twin/bad-parent",
      `${where} of twin "${id}" of model ${model.name} says ${shown(parent)}, which is no twin id.`,
    );
  }

  /** A model that is not deployed any more keeps nothing that a child could leave. */
  #leave(parent: TwinRef, id: string): void {
    if (this.#cell.world.models.has(parent.model))
      this.#send(parent, [this.#cell.model.name, id, null]);
  }

  #send({ model, id }: TwinRef, message: ReportMessage): void {
    this.#cell.sendOut({ lane: "parent", model, id, message });
  }

  #write(stored: StoredReporting, text = ""): void {
    this.restore(stored);
    const told = typeof stored === "string" ? undefined : this.#told.get(stored[0]);
    if (told !== undefined) told.text = text;
    this.#cell.rows.part(this.name, JSON.stringify(stored));
  }

  #forget(id: string): void {
    const told = this.#told.get(id);
    if (told === undefined) return;
    this.#told.delete(id);
    this.#chars -= id.length + told.parent.model.length + told.parent.id.length + RECORD_CHARS;
  }
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 200) ?? typeof value;
}
