import type { ZipCode } from "../../models/power-grid/nodes.ts";
import { parseCsv, readDataset } from "../data/vega-datasets.ts";

/** The 42,049 ZIP codes of vega-datasets, those of territories among them. */
export function readZipCodes(): readonly ZipCode[] {
  return parseCsv(readDataset("zipcodes.csv")).map((row) => ({
    zip: row["zip_code"] ?? "",
    state: row["state"] ?? "",
    longitude: Number(row["longitude"]),
    latitude: Number(row["latitude"]),
  }));
}
