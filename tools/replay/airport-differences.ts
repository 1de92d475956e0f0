/** Compares what twins know with what SQL says they must know. */
import { NO_FLIGHTS } from "./expected-airports.ts";
import type { AirportFacts } from "./expected-airports.ts";

export const FACT_FIELDS = Object.keys(NO_FLIGHTS) as readonly (keyof AirportFacts)[];

/** Fields of twins by id; undefined for a twin that is missing. Lists may be lists or their JSON. */
export type Found = ReadonlyMap<string, Readonly<Record<string, unknown>> | undefined>;

export interface Difference {
  readonly id: string;
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Every field in `fields` that is not exactly as expected, by airport and in order of the fields. A twin that no
 * flight touched must not know of any. Times may be ISO 8601 or epoch milliseconds.
 */
export function differencesOf(
  expected: ReadonlyMap<string, AirportFacts>,
  found: Found,
  fields: readonly (keyof AirportFacts)[],
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const id of new Set([...expected.keys(), ...found.keys()])) {
    const facts = expected.get(id) ?? NO_FLIGHTS;
    const twin = found.get(id);
    if (twin === undefined) {
      differences.push({ id, field: "(twin)", expected: "exists", found: "missing" });
      continue;
    }
    for (const field of fields) {
      const actual = comparable(field, twin[field]);
      const wanted = comparable(field, facts[field]);
      if (actual !== wanted) differences.push({ id, field, expected: wanted, found: actual });
    }
  }
  return differences;
}

/** The differences as lines of a table, `linesMax` at most; what does not fit is counted. */
export function tableOf(differences: readonly Difference[], linesMax: number): readonly string[] {
  const header: Difference = { id: "twin", field: "field", expected: "expected", found: "found" };
  const shown = [header, ...differences.slice(0, linesMax)];
  const columns = ["id", "field", "expected", "found"] as const;
  const widths = columns.map((column) => Math.max(...shown.map((row) => cut(row[column]).length)));
  const lines = shown.map((row) =>
    columns
      .map((column, i) => cut(row[column]).padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  const rest = differences.length - linesMax;
  return rest > 0 ? [...lines, `… and ${rest} more`] : lines;
}

function comparable(field: keyof AirportFacts, value: unknown): string {
  if (field === "lastEventAt" && typeof value === "string") return String(Date.parse(value));
  if (value === undefined) return "undefined";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
