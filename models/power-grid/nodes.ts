/** The nodes of the demo's power grid: a draw of real ZIP codes, each with a node of one of two types. */
import { seededRandom } from "livetwin";

const STATES = new Set(
  (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO " +
    "MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
  ).split(" "),
);

/** Degrees east. West ends with Wyoming and Colorado, the east begins with Indiana and Alabama, both roughly. */
const WEST_END = -104;
const EAST_BEGIN = -87.5;
/** Degrees north: between Ohio and Kentucky, and through the middle of California. */
const NORTH_BEGIN = 39;

export interface ZipCode {
  /** Five digits: text, since it may begin with 0. */
  readonly zip: string;
  /** Two letters; the District of Columbia and territories have them too. */
  readonly state: string;
  readonly longitude: number;
  readonly latitude: number;
}

export type Region = "NW" | "SW" | "MN" | "MS" | "NE" | "SE";

export interface GridNode {
  /** The ZIP code. */
  readonly id: string;
  readonly nodeType: "infrastructure" | "controller";
  readonly region: Region;
  readonly longitude: number;
  readonly latitude: number;
}

/**
 * A random draw of `count` nodes, types in turn. The same codes and seed give the same nodes, and fewer of them
 * the first of more. Only the 50 states take part. Throws a `RangeError` when they have fewer ZIP codes.
 */
export function pickNodes(
  zipCodes: readonly ZipCode[],
  count: number,
  seed: number,
): readonly GridNode[] {
  const codes = zipCodes.filter(({ state }) => STATES.has(state));
  if (count > codes.length) {
    throw new RangeError(`${count} nodes: the 50 states have only ${codes.length} ZIP codes here.`);
  }
  const random = seededRandom(seed);
  // The beginning of a Fisher–Yates shuffle: each place gets one of those that are not drawn yet.
  for (let i = 0; i < count; i++) {
    const drawn = i + Math.floor(random() * (codes.length - i));
    [codes[i], codes[drawn]] = [codes[drawn]!, codes[i]!];
  }
  return codes.slice(0, count).map(({ zip, longitude, latitude }, i) => ({
    id: zip,
    nodeType: i % 2 === 0 ? "infrastructure" : "controller",
    region: regionOf(longitude, latitude),
    longitude,
    latitude,
  }));
}

/** West, middle or east, and of each the northern or the southern part; boundaries belong to the east and north. */
export function regionOf(longitude: number, latitude: number): Region {
  const isNorth = latitude >= NORTH_BEGIN;
  if (longitude < WEST_END) return isNorth ? "NW" : "SW";
  if (longitude < EAST_BEGIN) return isNorth ? "MN" : "MS";
  return isNorth ? "NE" : "SE";
}
