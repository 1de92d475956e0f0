/** What the journal and checkpoints hold of a cell's mailbox. */
import type { Json } from "../model.ts";

/** A command that was sent; times are epoch milliseconds. */
export type StoredCommand = readonly [n: number, id: string, sentAtMs: number, body: Json];

export type MailboxRecord =
  | StoredCommand
  /** Of this twin the commands of these numbers are acknowledged; without numbers the twin is removed, and all go. */
  | { readonly of: string; readonly gone?: readonly number[] }
  /** All up to this number are too old. */
  | { readonly upTo: number }
  /** The highest number so far, in a checkpoint. */
  | { readonly last: number };

/** The record of a command that was sent, whose body is JSON text already. */
export function recordOf(n: number, id: string, sentAtMs: number, body: string): string {
  return `[${n},${JSON.stringify(id)},${sentAtMs},${body}]`;
}
