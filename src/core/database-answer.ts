/** The rows of a database's answer, up to what a model may be given. */
import { DATABASE_ANSWER_CHARS_MAX, DATABASE_ROWS_MAX } from "./limits.ts";
import type { DatabaseRow } from "./lookups.ts";

export class DatabaseAnswer {
  readonly rows: DatabaseRow[] = [];
  #chars = 0;

  /** Takes rows; false when they are too many, and no more need come. */
  add(rows: readonly DatabaseRow[]): boolean {
    for (const row of rows) {
      this.rows.push(row);
      this.#chars += JSON.stringify(row).length;
    }
    return this.#excess() === undefined;
  }

  /** All rows; throws when they were too many. */
  finish(): readonly DatabaseRow[] {
    const excess = this.#excess();
    if (excess === undefined) return this.rows;
    throw new RangeError(`The answer has more than ${excess}, which is the limit.`);
  }

  #excess(): string | undefined {
    if (this.rows.length > DATABASE_ROWS_MAX) return `${DATABASE_ROWS_MAX} rows`;
    return this.#chars > DATABASE_ANSWER_CHARS_MAX
      ? `${DATABASE_ANSWER_CHARS_MAX} characters`
      : undefined;
  }
}
