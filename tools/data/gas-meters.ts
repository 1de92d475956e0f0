/** Writes `models/gas-meter/twins/GasMeter.csv`: `node tools/data/gas-meters.ts`. To be run when vega-datasets changes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pickNodes } from "../../models/power-grid/nodes.ts";
import { readZipCodes } from "../replay/zip-codes.ts";
import { parseCsv, readDataset } from "./vega-datasets.ts";

const METERS = 400;
const SEED = 4;

/** The meters of the demo, one in each of 400 places of the 50 states: CSV with the fields that a twin starts with. */
export function gasMetersCsv(): string {
  const rows = parseCsv(readDataset("zipcodes.csv"));
  const siteOf = new Map(rows.map(({ zip_code, city, state }) => [zip_code, `${city}, ${state}`]));
  const lines = pickNodes(readZipCodes(), METERS, SEED)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, longitude, latitude }) =>
      [`meter-${id}`, `"${siteOf.get(id)}"`, longitude, latitude].join(","),
    );
  return `id,site,longitude,latitude\n${lines.join("\n")}\n`;
}

if (import.meta.main) {
  const target = join(
    import.meta.dirname,
    "..",
    "..",
    "models",
    "gas-meter",
    "twins",
    "GasMeter.csv",
  );
  writeFileSync(target, gasMetersCsv());
}
