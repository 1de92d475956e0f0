/** What a step leaves in its twin's history, where the model keeps one. */
import type { Cell } from "./cell.ts";
import { askedAlert, entryBody } from "../history/entry.ts";
import type { CauseMessage, Change } from "../history/entry.ts";
import type { Entrant } from "./requests.ts";
import { decodeState, storedFormOf } from "../state-codec.ts";
import { storedText } from "./stored-state.ts";
import type { Cause } from "./step-commit.ts";
import type { StepEffects } from "../step.ts";

/** Called before model code gets these messages, which it may change: what came is what they say now. */
export function keepMessages({ history, model }: Cell, entrants: readonly Entrant[]): void {
  if (model.archive === undefined && history?.bounds.messages !== true) return;
  for (const { ticket } of entrants) ticket.text ??= JSON.stringify(ticket.message);
}

/** Called before a twin that exists is changed. Without it its page would be read to know what it was. */
export function keepState({ history, table }: Cell, slot: number): void {
  if (history === undefined || table.version[slot] === 0) return;
  table.texts[slot] ??= storedFormOf(table.twins[slot]!).text;
}

/** The fields of a twin as they were committed last; of a new one, the class's defaults. Undefined without history. */
export function fieldsBefore(
  cell: Cell,
  slot: number,
  isNew: boolean,
): Readonly<Record<string, unknown>> | undefined {
  if (cell.history === undefined) return undefined;
  return isNew
    ? cell.model.defaults
    : decodeState(storedText(cell, slot), cell.table.dated.has(slot));
}

/** Puts what a step did into the history. Without `before`, the state is as it was. */
export function addToHistory(
  cell: Cell,
  slot: number,
  cause: Cause,
  before: Readonly<Record<string, unknown>> | undefined,
  effects: StepEffects | undefined,
  commandIds: readonly string[],
): void {
  const { history, table } = cell;
  if (history === undefined) return;
  const { commands = [], alerts = [], sends = [], timers = [] } = effects ?? {};
  const change: Change = {
    isNew: cause.isNew,
    cause: causeOf(cause),
    before: before ?? NOTHING,
    after: before === undefined ? NOTHING : table.twins[slot]!,
    commands: commands.map((body, i) => ({ commandId: commandIds[i], body })),
    alerts: alerts.map(askedAlert),
    sends,
    timers,
  };
  const body = entryBody(change);
  if (body !== undefined) history.add(slot, table.ids[slot]!, table.version[slot]!, body);
}

const NOTHING = Object.freeze({});

function causeOf({ fromMessage, fromReport, firedTimer, entrants }: Cause): Change["cause"] {
  if (firedTimer !== undefined) return { kind: "timer", messages: [], timer: firedTimer.name };
  if (fromReport === true) return { kind: "report", messages: [], timer: undefined };
  if (!fromMessage) return { kind: "put", messages: [], timer: undefined };
  return { kind: "message", messages: entrants.map(causeMessage), timer: undefined };
}

function causeMessage({ ticket, seq }: Entrant): CauseMessage {
  const { messageId, text, index } = ticket;
  const { from } = ticket.pending;
  if (from !== undefined) {
    // Its id is its number in the sending cell, which says nothing.
    const { model, ids } = from;
    return { messageId: undefined, seq, from: { model, id: ids[index] }, text };
  }
  const isNamed = typeof messageId === "string";
  return { messageId: isNamed ? messageId : undefined, seq, from: undefined, text };
}
