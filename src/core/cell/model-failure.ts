/** What becomes of an error that a model's code throws: a refusal for the sender, an entry in the model's log. */
import type { Cell } from "./cell.ts";
import type { Refusal } from "../refusal.ts";

/** The refusal of a message that a model's code threw on. */
export function failureOf(cell: Cell, id: string, error: unknown): Refusal {
  const text = textOf(error, (known) => `${known.name}: ${known.message}`);
  return {
    code: "model/failed",
    detail: `Model ${cell.model.name} failed on twin "${id}": ${text}`,
  };
}

/** Notes a failure, with its stack where there is one. */
export function logFailure(cell: Cell, id: string, error: unknown): void {
  cell.counts.failures++;
  const text = textOf(error, (known) => known.stack ?? `${known.name}: ${known.message}`);
  cell.log.add(cell.nowMs, "error", "failure", id, text);
}

/** A model may throw anything, also what refuses to be turned into text. */
function textOf(error: unknown, describe: (known: Error) => string): string {
  try {
    return String(error instanceof Error ? describe(error) : error);
  } catch {
    return "an error without a text";
  }
}
