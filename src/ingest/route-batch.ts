/**
 * Routes a batch: finds the id of every message without parsing it, makes one string per touched cell, calls
 * these cells at once, and puts the outcomes back in the order of the batch.
 */
import { cellOf, isTwinId } from "../core/ids.ts";
import { ID_LENGTH_MAX, MESSAGES_PER_REQUEST_MAX, MESSAGE_CHARS_MAX } from "../core/limits.ts";
import type { Json } from "../core/model.ts";
import { isRetryable } from "../core/refusal.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { splitArray, splitLines } from "../core/json/tokenizer.ts";
import type { ElementFault } from "../core/json/tokenizer.ts";
import type { AcceptReply, DeployedModel } from "../wire/internal-rpc.ts";

export type BatchFormat = "json" | "ndjson";

/** A message that was not taken. `retry` says that sending it again may succeed. */
export interface BatchRejection {
  readonly index: number;
  readonly id?: string;
  readonly code: Refusal["code"];
  readonly detail: string;
  readonly retry?: true;
}

export interface BatchOutcome {
  readonly accepted: number;
  /** Messages that had been processed before, by index, ascending. */
  readonly repeated: readonly number[];
  /** By index, ascending. */
  readonly rejected: readonly BatchRejection[];
  /** What the twins sent their devices, where it was asked for: in order for each twin. */
  readonly commands: readonly BatchCommand[];
}

/** A command and the twin that sent it. */
export interface BatchCommand {
  readonly id: string;
  readonly commandId: string;
  readonly body: Json;
}

/** The outcome as HTTP answers it. */
export function batchBody({ accepted, repeated, rejected }: BatchOutcome): Record<string, unknown> {
  return { accepted, duplicates: repeated.length, rejected };
}

/** The messages of one cell. */
export interface CellSlice {
  text: string;
  readonly indexes: number[];
  readonly ids: string[];
}

/** Calls a cell with its slice. */
export type SliceCall = (cell: number, slice: CellSlice) => Promise<AcceptReply | Refusal>;

/** A batch taken apart: what goes to which cell, and what goes nowhere. */
export interface SplitBatch {
  readonly slices: ReadonlyMap<number, CellSlice>;
  readonly rejected: BatchRejection[];
  readonly count: number;
}

/** Takes a batch apart. Refuses the whole with `body/malformed` or `body/too-many`. */
export function splitBatch(
  text: string,
  format: BatchFormat,
  model: DeployedModel,
): Result<SplitBatch> {
  const slices = new Map<number, CellSlice>();
  const rejected: BatchRejection[] = [];
  const sink = {
    element(index: number, start: number, end: number, id: string): void {
      // The whole is refused below: what is beyond the limit need not be gathered.
      if (index >= MESSAGES_PER_REQUEST_MAX) return;
      const refusal = elementFault(id, end - start);
      if (refusal !== undefined) {
        rejected.push({ index, id: id.slice(0, ID_LENGTH_MAX), ...refusal });
        return;
      }
      const cell = cellOf(id, model.placement);
      const slice = slices.get(cell);
      const element = text.slice(start, end);
      if (slice === undefined) slices.set(cell, { text: element, indexes: [index], ids: [id] });
      else {
        slice.text += `,${element}`;
        slice.indexes.push(index);
        slice.ids.push(id);
      }
    },
    fault(index: number, _start: number, _end: number, fault: ElementFault): void {
      if (index < MESSAGES_PER_REQUEST_MAX) rejected.push({ index, ...FAULTS[fault] });
    },
  };
  const split =
    format === "json"
      ? splitArray(text, sink)
      : { ok: true as const, value: splitLines(text, sink) };
  if (!split.ok) return split;
  if (split.value <= MESSAGES_PER_REQUEST_MAX)
    return { ok: true, value: { slices, rejected, count: split.value } };
  const detail = `The body has ${split.value} messages; the limit is ${MESSAGES_PER_REQUEST_MAX}.`;
  return { ok: false, refusal: { code: "body/too-many", detail } };
}

/** Sends every slice to its cell, at once, and gathers the outcomes in the order of the batch. */
export async function routeBatch(
  { slices, rejected }: SplitBatch,
  call: SliceCall,
): Promise<BatchOutcome> {
  let accepted = 0;
  const repeated: number[] = [];
  const commands: BatchCommand[] = [];
  await Promise.all(
    [...slices].map(async ([cell, slice]) => {
      const reply = await call(cell, slice);
      if ("code" in reply) {
        for (const [i, index] of slice.indexes.entries())
          rejected.push(rejectionOf(index, slice.ids[i], reply));
        return;
      }
      accepted += reply.accepted;
      for (const [i, commandId] of (reply.commandIds ?? []).entries())
        commands.push({ id: reply.commandTwins![i]!, commandId, body: reply.commands![i]! });
      for (const i of reply.repeated) repeated.push(slice.indexes[i]!);
      for (const [i, refusal] of reply.rejected)
        rejected.push(rejectionOf(slice.indexes[i]!, slice.ids[i], refusal));
    }),
  );
  if (rejected.length > 1) rejected.sort((a, b) => a.index - b.index);
  if (repeated.length > 1) repeated.sort((a, b) => a - b);
  return { accepted, repeated, rejected, commands };
}

export function rejectionOf(
  index: number,
  id: string | undefined,
  { code, detail }: Refusal,
): BatchRejection {
  const base = id === undefined ? { index, code, detail } : { index, id, code, detail };
  return isRetryable(code) ? { ...base, retry: true } : base;
}

/** What a twin id has to be, said once. */
export function badId(id: string): Refusal {
  const shown = JSON.stringify(id.length > ID_LENGTH_MAX ? `${id.slice(0, ID_LENGTH_MAX)}…` : id);
  return {
    code: "twin/bad-id",
    detail: `${shown} is no twin id: 1 to ${ID_LENGTH_MAX} characters of printable ASCII except / ? # %.`,
  };
}

function elementFault(id: string, chars: number): Refusal | undefined {
  if (!isTwinId(id)) return badId(id);
  if (chars <= MESSAGE_CHARS_MAX) return undefined;
  return {
    code: "message/too-large",
    detail: `The message has ${chars} characters; the limit is ${MESSAGE_CHARS_MAX}.`,
  };
}

const FAULTS: Readonly<Record<ElementFault, Refusal>> = {
  malformed: { code: "message/malformed", detail: "The element is not exactly one JSON object." },
  "no-id": { code: "twin/bad-id", detail: 'The element has no "id".' },
  "bad-id-type": { code: "twin/bad-id", detail: 'The element\'s "id" is not a string.' },
  "too-deep": { code: "message/malformed", detail: "The element is nested too deeply." },
};
