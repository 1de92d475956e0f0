/** Writes `models/airports/airports.json`: `node tools/data/airports.ts`. To be run when vega-datasets changes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCsv, readDataset } from "./vega-datasets.ts";

/** What an airport's twin starts with, for every row of `airports.csv`: JSON with an airport a line. */
export function airportsJson(csv: string): string {
  const lines = parseCsv(csv).map(({ iata, name, city, state, latitude, longitude }) =>
    JSON.stringify({
      iata,
      name,
      city,
      state,
      latitude: Number(latitude),
      longitude: Number(longitude),
    }),
  );
  return `[\n${lines.join(",\n")}\n]\n`;
}

if (import.meta.main) {
  const target = join(import.meta.dirname, "..", "..", "models", "airports", "airports.json");
  writeFileSync(target, airportsJson(readDataset("airports.csv")));
}
