/** Comparisons of a cell with the reference. */
import { readHistory } from "../../src/core/cell/history-view.ts";
import { listIds, viewOf } from "../../src/core/cell/view.ts";
import type { Cell } from "../../src/core/cell/cell.ts";
import { markOf } from "../../src/core/cell/message-marks.ts";
import { TWIN_HISTORY_VALUE_CHARS_MAX } from "../../src/core/limits.ts";
import type { Settlement } from "../../src/core/cell/requests.ts";
import type { ColumnTable } from "../../src/core/columns/table.ts";
import { rowsOf } from "../core/cell-double.ts";
import { IDS } from "./cell-messages.ts";
import type { Reference, Request, Sending } from "./cell-reference.ts";

/** A message of a request: one that the reference knows, or one that can't be taken. */
export type Sent = Sending | "invalid" | "bad-id" | "refused";

const CODE_OF_ODD = {
  invalid: "message/invalid",
  "bad-id": "message/bad-message-id",
  refused: "message/malformed",
};

const CODE_OF_BAD = {
  throw: "model/failed",
  oversize: "twin/state-too-large",
  unstorable: "twin/unstorable",
};

/** Throws where two values differ, with both. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [textOf(actual), textOf(expected)];
  if (left !== right) throw new Error(`${what}: got ${left}, expected ${right}`);
}

/** What a cell shows; of its outbox only what `isOut` lets through. */
export function compareCell(
  cell: Cell,
  reference: Reference,
  nowMs: number,
  isOut: (n: number) => boolean,
): void {
  const { twins } = reference;
  for (const [id, twin] of twins) {
    const { state, version, createdAtMs, updatedAtMs, lastMessageAtMs, timers } = twin;
    const view = viewOf(cell, id, nowMs);
    const pendingCommands = reference.pendingOf(id, nowMs).length;
    const shown = view && { ...view, state: JSON.parse(view.state) as unknown };
    const times = { createdAtMs, updatedAtMs, lastMessageAtMs };
    const expected = { id, state, version, ...times, timers, pendingCommands };
    same(shown, expected, `twin ${id}`);
  }
  for (const id of IDS) {
    const pending = cell.mailbox.pendingOf(id, nowMs);
    same(pending, reference.pendingOf(id, nowMs), `commands of ${id}`);
  }
  for (const id of IDS) if (!twins.has(id)) same(viewOf(cell, id), null, `absent twin ${id}`);
  const ids = [...twins.keys()].toSorted();
  same(listIds(cell, "", "", 1_000), ids, "ids");
  const noted = ids.filter((id) => id.startsWith("noted"));
  same(listIds(cell, "noted", "", 1_000), noted, "ids with a prefix");
  const page = ids.filter((id) => id > "b").slice(0, 2);
  same(listIds(cell, "", "b", 2), page, "ids of a page");
  same(new Map(cell.received), reference.received, "received");
  const outbox = [...cell.outbox.entries()].filter(({ n }) => isOut(n));
  const sent = [...reference.outbox].toSorted(([a], [b]) => a - b);
  same(
    outbox.map(({ n, lane: _lane, from: _from, ...send }) => [n, send]),
    sent,
    "outbox",
  );
}

/** What a cell knows and does not show, of the one that lives and of one that was recovered from its store. */
export function compareRecovery(live: Cell, recovered: Cell, reference: Reference): void {
  same(recovered.version, live.version, "version");
  const [mailbox, expected] = [recovered.mailbox, live.mailbox];
  same([...mailbox.records()], [...expected.records()], "all commands");
  same([mailbox.size, mailbox.chars], [expected.size, expected.chars], "the size of all commands");
  same(recovered.outbox.last, reference.outboxLast, "number of messages sent");
  for (const [id, { ids, timers, lastSeq }] of reference.twins) {
    for (const cell of [live, recovered]) {
      const slot = cell.slotOf(id)!;
      const forgotten = [...ids].filter((messageId) => !cell.marks.has(markOf(slot, messageId)));
      same(forgotten, [], `message ids of ${id} that are forgotten`);
      const seq = lastSeq === -Infinity ? Number.NaN : lastSeq;
      same(cell.table.lastSeq[slot], seq, `seq of ${id}`);
    }
    const dueAtMs = Math.min(...timers.map((timer) => timer.dueAtMs));
    const alarmAtMs = recovered.timers.nextDueAtMs() ?? Infinity;
    same(alarmAtMs <= dueAtMs, true, `the alarm is not later than a timer of ${id}`);
  }
}

/** A twin's history, newest first, from its state back: each change begins where the one before it ended. */
export function compareHistory(
  live: Cell,
  recovered: Cell,
  reference: Reference,
  nowMs: number,
): void {
  for (const [id, { state, version }] of reference.twins) {
    const view = readHistory(live, id, { limit: 1_000 }, nowMs);
    same(readHistory(recovered, id, { limit: 1_000 }, nowMs), view, `history of ${id}`);
    if (!view.ok) throw new Error(`no history of ${id}: ${view.refusal.detail}`);
    const { entries } = view.value;
    same((entries[0]?.version ?? 0) <= version, true, `${id} is as new as its history`);
    const fields: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(state)) fields[field] = cutAsHistory(value);
    for (const entry of entries) {
      for (const [field, { from, to }] of Object.entries(entry.changes)) {
        same(to, fields[field], `field ${field} of ${id} in version ${entry.version}`);
        fields[field] = from;
      }
    }
  }
}

/** A value as history shows it. */
function cutAsHistory(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (text === undefined || text.length <= TWIN_HISTORY_VALUE_CHARS_MAX) return value;
  return { cut: text.slice(0, TWIN_HISTORY_VALUE_CHARS_MAX), chars: text.length };
}

/** A reader's columns. */
export function compareColumns(reader: ColumnTable, reference: Reference): void {
  const rows = rowsOf(reader).map(({ id, values }) => [id, ...values]);
  const expected = [...reference.twins].map(([id, { state }]) => {
    const { total, note, active, at } = state;
    return [id, total, note, active, at === null ? null : Date.parse(at)];
  });
  same(rows.toSorted(byId), expected.toSorted(byId), "the reader's rows");
}

/** The answer to a request: one outcome for each message, and the right one. */
export function checkSettlement(
  { accepted, repeated, rejected, commands, commandIds = [] }: Settlement,
  sent: readonly Sent[],
  request: Request,
  reference: Reference,
): void {
  same(accepted + repeated.length + rejected.length, sent.length, "outcomes of messages");
  same(commands, request.wants === false ? undefined : request.commands, "commands answered");
  same(commandIds, request.commandIds, "ids of the commands answered");
  const refusals = new Map(rejected.map(([index, { code }]) => [index, code]));
  const order = [...refusals.keys()];
  same(
    order,
    order.toSorted((a, b) => a - b),
    "order of rejections",
  );
  for (const [index, sending] of sent.entries()) {
    const code = refusals.get(index);
    if (typeof sending === "string") {
      same(code, CODE_OF_ODD[sending], `message ${index}`);
      continue;
    }
    const { n, message, applied } = sending;
    if (code !== undefined) {
      same(code, message.bad && CODE_OF_BAD[message.bad], `message ${n}`);
      same(applied, false, `message ${n} is refused and applied`);
    } else if (repeated.includes(index)) {
      same([applied, reference.isRepeat(sending)], [false, true], `message ${n} is a repeat`);
    } else {
      same(applied, true, `message ${n} is accepted and applied`);
    }
  }
}

/** The end of a delivery: each message is applied, or can never be. */
export function checkDelivery(sendings: readonly Sending[], reference: Reference): void {
  for (const sending of sendings) {
    const { applied, isPast, message, messageId } = sending;
    const isDone = applied || isPast || message.bad !== undefined || reference.isRepeat(sending);
    if (!isDone) throw new Error(`${messageId} is settled and was never applied`);
  }
}

function byId(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

/** A value as text, for comparison and for the eye: keys in order, NaN and maps told apart from others. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) return String(inner);
    if (inner instanceof Map)
      return ["Map", ...[...inner].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))];
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner ?? null;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
