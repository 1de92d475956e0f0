/** From a step's outcome to the commit, and back to the last committed state. */
import type { Cell } from "./cell.ts";
import { TIMERS_PER_TWIN_MAX, TWINS_PER_PAGE } from "../limits.ts";
import { markFromNumber } from "./message-marks.ts";
import type { StoredPageTwin, RecordExtra } from "./records.ts";
import type { Refusal } from "../refusal.ts";
import type { Entrant } from "./requests.ts";
import { decodeState, encodeState } from "../state-codec.ts";
import type { StepEffects, StepOutcome, TimerChange } from "../step.ts";
import { nextDue } from "./timer-queue.ts";
import type { Timer } from "./timer-queue.ts";

/** What a change came from. */
export interface Cause {
  readonly isNew: boolean;
  readonly fromMessage: boolean;
  readonly entrants: readonly Entrant[];
  /** The timer that fired, already taken from the queue. */
  readonly firedTimer?: Timer;
}

/**
 * Puts a twin's changed state and its step's effects into the commit. Answers a refusal, with nothing done,
 * when the state can't be stored. Without an outcome it is the state alone that changed.
 */
export function applyStep(
  cell: Cell,
  slot: number,
  cause: Cause,
  outcome: (StepOutcome & { ok: true }) | undefined,
): Refusal | undefined {
  if (outcome?.result === "remove") {
    carryOut(cell, slot, outcome.effects);
    if (cause.isNew) cell.abandon(slot, true);
    else cell.removeSlot(slot);
    return undefined;
  }
  const { table } = cell;
  const effects = outcome?.effects;
  const timers = timersAfter(cell, slot, cause, effects?.timers);
  if (timers !== undefined && "code" in timers) return timers;
  let text: string | null = null;
  let dated = false;
  const unchanged = outcome?.result === "no-update";
  // A twin that is new comes to be, even when its first step wants nothing written.
  if (unchanged && cause.isNew) {
    const untouched = cell.newTwin(table.ids[slot]!);
    if (!untouched.ok) return untouched.refusal;
    table.twins[slot] = untouched.value;
  }
  if (!unchanged || cause.isNew) {
    const encoded = encodeState(table.twins[slot]!, cell.model.stateBytesMax);
    if (!encoded.ok) return encoded.refusal;
    ({ text, dated } = encoded.value);
  }
  if (effects !== undefined) carryOut(cell, slot, effects);
  if (text === null) restoreTwin(cell, slot);
  else keepState(cell, slot, text, dated);
  const extra = extraOf(cell, slot, cause, text !== null && dated);
  if (timers !== undefined) {
    setTimers(cell, slot, timers);
    extra.timers = timers.map(({ name, dueAtMs, everyMs }) => [name, dueAtMs, everyMs]);
  }
  if (text === null && isEmpty(extra)) return undefined;
  if (cause.fromMessage) table.lastMessageAtMs[slot] = cell.nowMs;
  table.touch(slot);
  cell.rows.twin(slot, table.version[slot]!, text, isEmpty(extra) ? undefined : extra);
  return undefined;
}

function keepState(cell: Cell, slot: number, text: string, dated: boolean): void {
  const { table } = cell;
  table.texts[slot] = text;
  if (dated) table.dated.add(slot);
  else if (table.dated.size > 0) table.dated.delete(slot);
  table.sizeTo(slot, text.length);
  table.version[slot]! += 1;
  table.updatedAtMs[slot] = cell.nowMs;
  table.changedAt[slot] = cell.nextVersion;
}

function extraOf(cell: Cell, slot: number, cause: Cause, dated: boolean): RecordExtra {
  const { table } = cell;
  const extra: RecordExtra = {};
  if (cause.isNew) {
    extra.id = table.ids[slot]!;
    table.createdAtMs[slot] = cell.nowMs;
    table.bornAt[slot] = cell.nextVersion;
  }
  if (!cause.fromMessage) extra.put = 1;
  if (dated) extra.dated = 1;
  for (const { mark, seq } of cause.entrants) {
    if (seq !== undefined) extra.seq = table.lastSeq[slot] = seq;
    if (mark !== undefined) {
      cell.marks.add(markFromNumber(slot, mark));
      (extra.marks ??= []).push(mark);
    }
  }
  return extra;
}

/** A message that changed nothing and bears no id leaves no record: a row less to pay for. */
function isEmpty(extra: RecordExtra): boolean {
  for (const _key in extra) return false;
  return true;
}

/** The timers after a step, or undefined when they did not change. */
function timersAfter(
  cell: Cell,
  slot: number,
  cause: Cause,
  changes: readonly TimerChange[] | undefined,
): Timer[] | Refusal | undefined {
  const { firedTimer } = cause;
  if (changes === undefined && firedTimer === undefined) return undefined;
  const timers = new Map(cell.timers.of(slot).map((timer) => [timer.name, timer]));
  const dueAtMs = firedTimer === undefined ? null : nextDue(firedTimer, cell.nowMs);
  if (firedTimer !== undefined && dueAtMs !== null)
    timers.set(firedTimer.name, { ...firedTimer, dueAtMs });
  for (const change of changes ?? []) {
    timers.delete(change.name);
    if (change.kind === "start") {
      const { name, delayMs, recurring } = change;
      timers.set(name, {
        name,
        dueAtMs: cell.nowMs + delayMs,
        everyMs: recurring ? delayMs : null,
      });
    }
  }
  if (timers.size > TIMERS_PER_TWIN_MAX) {
    const detail = `Twin "${cell.table.ids[slot]}" would have ${timers.size} timers; the limit is ${TIMERS_PER_TWIN_MAX}.`;
    return { code: "model/failed", detail };
  }
  return [...timers.values()];
}

/** Makes these the timers of a slot. */
export function setTimers(cell: Cell, slot: number, timers: readonly Timer[]): void {
  cell.timers.clear(slot);
  for (const timer of timers) cell.timers.start(slot, timer);
}

function carryOut(cell: Cell, slot: number, effects: StepEffects): void {
  const id = cell.table.ids[slot]!;
  for (const send of effects.sends ?? []) cell.rows.send(cell.outbox.add(send).n, send);
  for (const { severity, text } of effects.logs ?? [])
    cell.log.add(cell.nowMs, severity, "log", id, text);
  for (const alert of effects.alerts ?? []) {
    const text = alert.detail === undefined ? alert.title : `${alert.title}: ${alert.detail}`;
    cell.log.add(cell.nowMs, alert.severity ?? "warning", "alert", id, text);
  }
}

/** The committed state of a slot as JSON: of the journal if it changed after the last checkpoint, else of its page. */
export function storedText(cell: Cell, slot: number): string {
  // Kept until the next checkpoint: who is put back once may be so with each message.
  return (cell.table.texts[slot] ??= JSON.stringify(storedPageTwin(cell, slot)[8]));
}

/** Puts a twin back to its committed state. */
export function restoreTwin(cell: Cell, slot: number): void {
  const { table, model } = cell;
  const state = decodeState(storedText(cell, slot), table.dated.has(slot));
  table.twins[slot] = Object.assign(model.blank(), state);
}

function storedPageTwin(cell: Cell, slot: number): Exclude<StoredPageTwin, 0> {
  const rows = cell.store.readPage(Math.floor(slot / TWINS_PER_PAGE));
  const twins = rows.flatMap((row) => JSON.parse(row) as StoredPageTwin[]);
  const twin = twins[slot % TWINS_PER_PAGE];
  if (twin === undefined || twin === 0)
    throw new Error(`Livetwin bug: slot ${slot} is in no page and in no journal row`);
  return twin;
}
