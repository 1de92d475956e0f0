/**
 * What a step sends to the archive: what its model's code put there, and the messages that the model's filter wants.
 * Archiving never holds up anything else: what can't be delivered is kept up to a bound, beyond it the oldest is lost,
 * which is counted and logged.
 */
import type { Cell } from "./cell.ts";
import { ARCHIVE_LOG_MS, ARCHIVE_WAITING_CHARS_MAX, ARCHIVE_WAITING_MAX } from "../limits.ts";
import { logFailure } from "./model-failure.ts";
import type { ModelDefinition } from "../model.ts";
import type { Entrant } from "./requests.ts";
import type { StepEffects } from "../step.ts";

/** Sends what is for the archive, in the commit that is being built. The twin is as the step left it. */
export function archiveStep(
  cell: Cell,
  slot: number,
  entrants: readonly Entrant[],
  effects: StepEffects | undefined,
): void {
  const { archive } = cell.model;
  if (archive === undefined && effects?.archived === undefined) return;
  const archived = effects?.archived ?? [];
  const wanted =
    archive === undefined ? [] : entrants.filter((each) => isWanted(cell, slot, each, archive));
  if (archived.length + wanted.length === 0) return;
  if (cell.world.hasArchive === false) {
    noteAbsence(cell, slot);
    return;
  }
  const { name } = cell.model;
  const id = cell.table.ids[slot]!;
  const send = (text: string): void => {
    cell.counts.archived++;
    cell.sendOut({ lane: "archive", model: name, id, message: [cell.nowMs, text] });
  };
  for (const { ticket } of wanted) send(`{"kind":"message","message":${ticket.text ?? "null"}}`);
  for (const text of archived) send(text);
  dropOldest(cell);
}

/** A filter that fails keeps the message: what is archived too much can be left out later. */
function isWanted(
  cell: Cell,
  slot: number,
  { value }: Entrant,
  filter: NonNullable<ModelDefinition["archive"]>,
): boolean {
  try {
    return filter(value, cell.table.twins[slot]!);
  } catch (error) {
    logFailure(cell, cell.table.ids[slot]!, error);
    return true;
  }
}

function dropOldest(cell: Cell): void {
  const { outbox, counts } = cell;
  const before = counts.archiveDropped;
  while (
    outbox.archiveSize > ARCHIVE_WAITING_MAX ||
    outbox.archiveChars > ARCHIVE_WAITING_CHARS_MAX
  ) {
    outbox.dropArchived();
    counts.archiveDropped++;
  }
  if (counts.archiveDropped === before) return;
  const text = `The archive does not take what waits for it: ${counts.archiveDropped} records were lost since this cell was loaded.`;
  logSometimes(cell, "error", "", text);
}

function noteAbsence(cell: Cell, slot: number): void {
  const text =
    "This deployment has no archive: what model code and filter send there is dropped (docs/history.md says how to turn it on).";
  logSometimes(cell, "warning", cell.table.ids[slot]!, text);
}

/** The log is short: what may go on with every message is said once in a while. */
function logSometimes(cell: Cell, severity: "warning" | "error", id: string, text: string): void {
  if (cell.nowMs < cell.archiveLoggedAtMs + ARCHIVE_LOG_MS) return;
  cell.archiveLoggedAtMs = cell.nowMs;
  cell.log.add(cell.nowMs, severity, "log", id, text);
}
