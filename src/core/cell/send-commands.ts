/** Where the commands of a step go: into the mailbox, and into the answer to one of the requests that it worked for. */
import type { Cell } from "./cell.ts";
import type { Json } from "../model.ts";
import type { Entrant, Pending } from "./requests.ts";

/**
 * Sends the commands of a twin's step. Where requests share the step, the answer to the last one that wants commands
 * has them, and no other: a device that acts on its answers acts once. An answer that takes them is their delivery;
 * all others go into the mailbox. Answers their ids there.
 */
export function sendCommands(
  cell: Cell,
  id: string,
  entrants: readonly Entrant[],
  commands: readonly Json[],
): readonly string[] {
  const pending = lastThatWants(entrants);
  const ids = pending?.wantCommands === "taken" ? [] : cell.mailbox.send(id, commands);
  pending?.answerWith(id, commands, ids);
  return ids;
}

function lastThatWants(entrants: readonly Entrant[]): Pending | undefined {
  return entrants.findLast(({ ticket }) => ticket.pending.wantCommands !== false)?.ticket.pending;
}
