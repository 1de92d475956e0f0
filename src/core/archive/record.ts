/** A record on its way to the archive, and what it is there: a line of JSON. */
import type { Json } from "../model.ts";

/** The time of the commit that archived it, and its JSON. */
export interface ArchivedRecord {
  readonly atMs: number;
  readonly text: string;
  /** Characters that count for the bounds. */
  readonly chars: number;
}

/** An entry's message in the outbox lane `archive`: `[at, text]`, so that nobody parses the record on its way. */
export function archivedRecord(message: Json): ArchivedRecord {
  const [atMs, text] = message as readonly [number, string];
  return { atMs, text, chars: text.length };
}

/** The line of a record: `{"model","id","at","record"}`, `at` as ISO 8601. */
export function archiveLine(model: string, id: string, { atMs, text }: ArchivedRecord): string {
  const at = new Date(atMs).toISOString();
  return `${JSON.stringify({ model, id, at }).slice(0, -1)},"record":${text}}`;
}
