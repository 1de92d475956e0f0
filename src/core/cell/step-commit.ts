/** From a step's outcome to the commit. */
import type { Cell } from "./cell.ts";
import { TIMERS_PER_TWIN_MAX } from "../limits.ts";
import { markFromNumber } from "./message-marks.ts";
import { sendCommands } from "./send-commands.ts";
import type { RecordExtra } from "./records.ts";
import type { Report } from "./reporting.ts";
import type { Refusal } from "../refusal.ts";
import type { Entrant } from "./requests.ts";
import { encodeState } from "../state-codec.ts";
import { messageOf } from "../shared-data/change.ts";
import type { StepEffects, StepOutcome, TimerChange } from "../step.ts";
import { archiveStep } from "./step-archive.ts";
import { addToHistory, fieldsBefore } from "./step-history.ts";
import { restoreTwin } from "./stored-state.ts";
import { nextDue } from "./timer-queue.ts";
import type { Timer } from "./timer-queue.ts";
import { abandonTwin, buryTwin, newTwin, removeTwin } from "./twin-life.ts";

/** What a change came from. */
export interface Cause {
  readonly isNew: boolean;
  readonly fromMessage: boolean;
  /** Children reported. */
  readonly fromReport?: true;
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
    carryOut(cell, slot, cause, outcome.effects);
    archiveStep(cell, slot, cause.entrants, outcome.effects);
    if (cause.isNew) {
      const id = cell.table.ids[slot]!;
      buryTwin(cell, id, cause.entrants, undefined);
      cell.mailbox.removed(id);
      cell.alertKeys.removed(id);
      abandonTwin(cell, slot, true);
    } else removeTwin(cell, slot, cause.entrants);
    return undefined;
  }
  const { table } = cell;
  const effects = outcome?.effects;
  const timers = timersAfter(cell, slot, cause, effects?.timers);
  if (timers !== undefined && "code" in timers) return timers;
  let text: string | null = null;
  let dated = false;
  let report: Report | undefined;
  const unchanged = outcome?.result === "no-update";
  // A twin that is new comes to be, even when its first step wants nothing written.
  if (unchanged && cause.isNew) {
    const untouched = newTwin(cell, table.ids[slot]!);
    if (!untouched.ok) return untouched.refusal;
    table.twins[slot] = untouched.value;
  }
  if (!unchanged || cause.isNew) {
    const twin = table.twins[slot]!;
    // Roll-ups are the engine's: what code wrote there does not count.
    if (cell.children.isActive) cell.children.assign(table.ids[slot]!, twin);
    const encoded = encodeState(twin, cell.model.stateBytesMax);
    if (!encoded.ok) return encoded.refusal;
    ({ text, dated } = encoded.value);
    if (cell.reporting.isActive) {
      const read = cell.reporting.read(table.ids[slot]!, twin);
      if (!read.ok) return read.refusal;
      report = read.value;
    }
  }
  const before = text === null ? undefined : fieldsBefore(cell, slot, cause.isNew);
  const commandIds = effects === undefined ? NO_IDS : carryOut(cell, slot, cause, effects);
  if (report !== undefined) cell.reporting.changed(table.ids[slot]!, report);
  if (text === null) restoreTwin(cell, slot);
  else setState(cell, slot, text, dated);
  addToHistory(cell, slot, cause, before, effects, commandIds);
  archiveStep(cell, slot, cause.entrants, effects);
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

const NO_IDS: readonly string[] = Object.freeze([]);

function setState(cell: Cell, slot: number, text: string, dated: boolean): void {
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

/** Answers the ids of the commands that wait for their device now. */
function carryOut(cell: Cell, slot: number, cause: Cause, effects: StepEffects): readonly string[] {
  const id = cell.table.ids[slot]!;
  const { commands } = effects;
  const commandIds =
    commands === undefined ? NO_IDS : sendCommands(cell, id, cause.entrants, commands);
  for (const send of effects.sends ?? []) {
    const isTold = cell.world.models.get(send.model)?.history !== undefined;
    cell.sendOut({ lane: "twin", ...send, ...(isTold && { from: id }) });
  }
  for (const effect of effects.shared ?? [])
    cell.sendOut({ lane: "shared", model: cell.model.name, id, message: messageOf(effect) });
  for (const { severity, text } of effects.logs ?? [])
    cell.log.add(cell.nowMs, severity, "log", id, text);
  // What is no news is dropped here: the history does not have it either.
  if (effects.alerts !== undefined)
    effects.alerts = effects.alerts.filter((ask) => cell.alertKeys.ask(id, ask));
  return commandIds;
}
