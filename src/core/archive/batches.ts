/** Delivered records as rows of lines, by hour. */
import { ROW_CHARS_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import { archiveLine, archivedRecord } from "./record.ts";
import { hourOf } from "./schedule.ts";

/** Lines of one hour: the model's records from number `n` on. */
export interface Batch {
  readonly hour: number;
  readonly n: number;
  readonly lines: string[];
  /** With a line break for each. */
  chars: number;
}

/** The entry of an outbox as a service gets it. */
type Entry = readonly [n: number, model: string, id: string, message: Json];

/** The batches of a delivery, each of a row's size; its records are numbered after `last`, hour by hour. */
export function batchesOf(entries: readonly Entry[], last: number): readonly Batch[] {
  const records = entries.map(([, model, id, message]) => {
    const record = archivedRecord(message);
    return { hour: hourOf(record.atMs), line: archiveLine(model, id, record) };
  });
  const batches: Batch[] = [];
  let n = last + 1;
  // In this order the numbers of a row's records follow each other.
  for (const { hour, line } of records.toSorted((a, b) => a.hour - b.hour)) {
    let batch = batches.at(-1);
    if (batch?.hour !== hour || batch.chars + line.length > ROW_CHARS_MAX) {
      batch = { hour, n, lines: [], chars: 0 };
      batches.push(batch);
    }
    batch.lines.push(line);
    batch.chars += line.length + 1;
    n++;
  }
  return batches;
}
