/** The recorded data that demos and their checks are made from: files of the npm package vega-datasets. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import Papa from "papaparse";

/** The text of a file of the package's `data` folder. Throws when there is none of that name. */
export function readDataset(name: string): string {
  // The package exports its entry alone, which lies beside the data.
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  return readFileSync(join(dirname(entry), "..", "data", name), "utf8");
}

/** The rows of a CSV file with a header, each by column. Throws when a row does not fit the header. */
export function parseCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    skipEmptyLines: true,
  });
  const error = errors[0];
  if (error !== undefined) throw new Error(`Row ${error.row}: ${error.message}`);
  return data;
}
