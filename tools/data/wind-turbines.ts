/**
 * Writes the start-up data of the wind turbine demo, `models/wind-turbine/farms.json` and `twins/*.csv`:
 * `node tools/data/wind-turbines.ts`. To be run when vega-datasets changes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { regionOf } from "../../models/power-grid/nodes.ts";
import { seededRandom } from "../../src/core/random.ts";
import { parseCsv, readDataset } from "./vega-datasets.ts";

/** ZIP codes of places that have real wind farms at them, or off them. */
const ONSHORE_ZIPS = (
  "79556 88121 73096 73801 67876 67439 50588 51334 50575 56149 58368 59453 " +
  "82329 80747 92230 93561 94571 98620 97812 99347 47944 61737 13367 04758"
).split(" ");
/** And how many degrees east and north of there the turbines stand in the sea. */
const OFFSHORE_ZIPS: ReadonlyMap<string, readonly [east: number, north: number]> = new Map([
  ["02807", [0.08, -0.1]],
  ["02554", [-0.15, -0.25]],
  ["08401", [0.4, -0.2]],
  ["23451", [0.5, 0.05]],
]);

const TURBINES_PER_FARM = 10;
const TURBINES_PER_ROW = 5;
/** Degrees between turbines. */
const SPACING = 0.012;
const SEED = 3;

const MODELS = ["Model17331", "ModelA", "ModelB", "ModelC"] as const;
/** The days on which maintenances are due: three years. */
const MAINTENANCE_FROM_MS = Date.UTC(2027, 0, 1);
const MAINTENANCE_DAYS = 3 * 365;
const DAY_MS = 86_400_000;

interface Farm {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly isOffshore: boolean;
}

/** The demo's files by their path in `models/wind-turbine`. */
export function windTurbineFiles(): ReadonlyMap<string, string> {
  const farms = readFarms();
  const random = seededRandom(SEED);
  const rows = farms.flatMap((farm) =>
    Array.from({ length: TURBINES_PER_FARM }, (_, i) => ({
      isOffshore: farm.isOffshore,
      row: turbineRow(farm, i, random),
    })),
  );
  const csv = (isOffshore: boolean): string => {
    const lines = rows.filter((each) => each.isOffshore === isOffshore).map(({ row }) => row);
    const header = "id,farmId,turbineModel,nextMaintDate,region,latitude,longitude";
    return `${[header, ...lines].join("\n")}\n`;
  };
  const places = farms.map(({ id, name, region, latitude, longitude }) => {
    return { id, name, region, latitude, longitude };
  });
  return new Map([
    ["farms.json", `${JSON.stringify(places, null, 2)}\n`],
    ["twins/WindTurbine.csv", csv(false)],
    ["twins/OffshoreTurbine.csv", csv(true)],
  ]);
}

function readFarms(): readonly Farm[] {
  const rows = parseCsv(readDataset("zipcodes.csv"));
  const places = new Map(rows.map((row) => [row["zip_code"], row]));
  return [...ONSHORE_ZIPS, ...OFFSHORE_ZIPS.keys()]
    .map((zip) => {
      const { city = "", state = "", latitude, longitude } = places.get(zip)!;
      const [east, north] = OFFSHORE_ZIPS.get(zip) ?? [0, 0];
      const at = { latitude: rounded(latitude, north), longitude: rounded(longitude, east) };
      return {
        id: `${city} ${state}`.toLowerCase().replaceAll(" ", "-"),
        name: `${city}, ${state}`,
        region: regionOf(at.longitude, at.latitude),
        ...at,
        isOffshore: OFFSHORE_ZIPS.has(zip),
      };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Turbines stand in rows. */
function turbineRow(farm: Farm, i: number, random: () => number): string {
  const latitude = rounded(farm.latitude, Math.floor(i / TURBINES_PER_ROW) * SPACING);
  const longitude = rounded(farm.longitude, (i % TURBINES_PER_ROW) * SPACING);
  const turbineModel = MODELS[Math.floor(random() * MODELS.length)];
  const maintenanceMs = MAINTENANCE_FROM_MS + Math.floor(random() * MAINTENANCE_DAYS) * DAY_MS;
  const nextMaintDate = new Date(maintenanceMs).toISOString().slice(0, 10);
  const id = `${farm.id}-${String(i + 1).padStart(2, "0")}`;
  return [id, farm.id, turbineModel, nextMaintDate, farm.region, latitude, longitude].join(",");
}

/** Degrees to six digits. */
function rounded(degrees: number | string | undefined, more: number): number {
  return Number((Number(degrees) + more).toFixed(6));
}

if (import.meta.main) {
  const directory = join(import.meta.dirname, "..", "..", "models", "wind-turbine");
  for (const [path, text] of windTurbineFiles()) writeFileSync(join(directory, path), text);
}
