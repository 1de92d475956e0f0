/** A twin as HTTP and live connections show it. */
import type { TwinView } from "../core/cell/view.ts";
import type { ChildReport, TwinRef } from "../core/hierarchy/declaration.ts";
import type { Json } from "../core/model.ts";
import { isoOf } from "../core/query/time-text.ts";

/** The shape of `GET /v1/models/{model}/twins/{id}`. Times are ISO 8601. */
export interface TwinJson {
  readonly model: string;
  readonly id: string;
  readonly state: { readonly [field: string]: Json };
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Null before the first message. */
  readonly lastMessageAt: string | null;
  readonly timers: readonly {
    readonly name: string;
    readonly dueAt: string;
    readonly everyMs: number | null;
  }[];
  /** Commands that the device has not acknowledged. */
  readonly pendingCommands: number;
  /** Of a model that declares one. */
  readonly parent?: TwinRef | null;
  /** Of a model whose twins have children: how many, and the first 100 by model and id. */
  readonly childCount?: number;
  readonly children?: readonly ChildReport[];
}

/** The shape of `GET /v1/models/{model}/twins/{id}/children`. */
export interface ChildrenJson {
  readonly children: readonly ChildReport[];
  /** What gets the next page; null on the last one. */
  readonly cursor: string | null;
}

/** The JSON text of a twin. Its state is JSON text already and joins as it is, parsed by nobody. */
export function twinJson(model: string, view: TwinView): string {
  const { id, state, version, createdAtMs, updatedAtMs, lastMessageAtMs, timers } = view;
  const { parent, childCount, children } = view;
  const head = JSON.stringify({ model, id });
  const tail = JSON.stringify({
    version,
    createdAt: isoOf(createdAtMs),
    updatedAt: isoOf(updatedAtMs),
    lastMessageAt: lastMessageAtMs === null ? null : isoOf(lastMessageAtMs),
    timers: timers.map(({ name, dueAtMs, everyMs }) => ({ name, dueAt: isoOf(dueAtMs), everyMs })),
    pendingCommands: view.pendingCommands,
    parent,
    childCount,
    children,
  });
  return `${head.slice(0, -1)},"state":${state},${tail.slice(1)}`;
}
