/** What a cell shows of its twins. */
import type { Cell } from "./cell.ts";
import type { ChildReport, TwinRef } from "../hierarchy/declaration.ts";
import { byName } from "../hierarchy/declaration.ts";
import { CHILDREN_SHOWN_MAX } from "../limits.ts";
import type { Refusal } from "../refusal.ts";
import type { Timer } from "./timer-queue.ts";
import { decodeState } from "../state-codec.ts";
import { storedText } from "./stored-state.ts";

/** A twin as it is shown. Times are epoch milliseconds. */
export interface TwinView {
  readonly id: string;
  /** The state as JSON text, dates as ISO 8601: parsed by nobody on the way. */
  readonly state: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The time of the last message that left something to store; null before the first. */
  readonly lastMessageAtMs: number | null;
  readonly timers: readonly Timer[];
  /** Commands that the device has not acknowledged. */
  readonly pendingCommands: number;
  /** Of a model that declares one. */
  readonly parent?: TwinRef | null;
  /** Of a model whose twins have children: how many, and the first by model and id. */
  readonly childCount?: number;
  readonly children?: readonly ChildReport[];
}

/** A twin, or null when there is none. `nowMs` tells which commands have waited too long: default the last commit's time. */
export function viewOf(cell: Cell, id: string, nowMs = cell.nowMs): TwinView | null {
  const slot = cell.slotOf(id);
  if (slot === undefined) return null;
  const { table } = cell;
  const lastMessageAtMs = table.lastMessageAtMs[slot]!;
  return {
    id,
    state: JSON.stringify(
      cell.isBusy(slot)
        ? decodeState(storedText(cell, slot), table.dated.has(slot))
        : table.twins[slot],
    ),
    version: table.version[slot]!,
    createdAtMs: table.createdAtMs[slot]!,
    updatedAtMs: table.updatedAtMs[slot]!,
    lastMessageAtMs: Number.isNaN(lastMessageAtMs) ? null : lastMessageAtMs,
    timers: cell.timers.of(slot),
    pendingCommands: cell.mailbox.countOf(id, nowMs),
    ...(cell.model.parent === null ? {} : { parent: cell.reporting.toldOf(id) }),
    ...(cell.children.isActive ? childrenView(cell, id) : {}),
  };
}

function childrenView(cell: Cell, id: string): Pick<TwinView, "childCount" | "children"> {
  const children = cell.children.of(id);
  return { childCount: children.length, children: children.slice(0, CHILDREN_SHOWN_MAX) };
}

/** Children of a twin by model and id, those of one model or of all, that come after `after`; null for no twin. */
export function listChildren(
  cell: Cell,
  id: string,
  { model, after, limit }: ChildrenPage,
): readonly ChildReport[] | null {
  if (cell.slotOf(id) === undefined) return null;
  const page: ChildReport[] = [];
  for (const child of cell.children.of(id)) {
    if (after !== null && byName(child, after) <= 0) continue;
    if (model !== null && child.model !== model) continue;
    page.push(child);
    if (page.length === limit) break;
  }
  return page;
}

export interface ChildrenPage {
  readonly model: string | null;
  readonly after: TwinRef | null;
  readonly limit: number;
}

/** What is said of a twin that there is not. */
export function unknownTwin(cell: Cell, id: string): Refusal {
  return { code: "twin/unknown", detail: `There is no twin "${id}" of model ${cell.model.name}.` };
}

/** Ids that start with `prefix` and come after `after`, ascending by UTF-16 unit, `limit` at most. */
export function listIds(
  cell: Cell,
  prefix: string,
  after: string,
  limit: number,
): readonly string[] {
  const ids: string[] = [];
  for (const id of cell.table.ids) {
    if (id !== undefined && id > after && id.startsWith(prefix) && cell.slotOf(id) !== undefined)
      ids.push(id);
  }
  return ids.toSorted().slice(0, limit);
}
