/** CSV with a header row (RFC 4180) from a request's body. */
import Papa from "papaparse";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";

export interface Csv {
  /** Names of the header row, in its order; none for an empty text. */
  readonly columns: readonly string[];
  /** One object for each row that is not blank, by the names of the header row. */
  readonly data: readonly Readonly<Record<string, string>>[];
  /** `row` is the index in `data`. */
  readonly errors: readonly Papa.ParseError[];
}

/** Refuses with `body/malformed` where two columns have one name: one of them would silently get another. */
export function parseCsv(text: string): Result<Csv> {
  const [columns = []] = Papa.parse<string[]>(text.replace(/^\s*\n/, ""), {
    preview: 1,
    skipEmptyLines: "greedy",
  }).data;
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    return refuse(
      "body/malformed",
      `The CSV has two columns "${twice.slice(0, 80)}" in its header row.`,
    );
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    skipEmptyLines: "greedy",
  });
  return ok({ columns, data, errors });
}
