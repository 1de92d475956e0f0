/** The United States' outline and its states' borders, and where a place is on the map of them. */
import { geoAlbersUsa, geoPath } from "d3-geo";
import type { GeoProjection } from "d3-geo";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

/** Width and height of the map at scale 1: what the projection is usually drawn in. */
export const MAP_SIZE = { width: 975, height: 610 } as const;

type States = Topology<{ states: GeometryCollection; nation: GeometryCollection }>;

/** Land and inner borders, as GeoJSON. */
export interface UsOutline {
  readonly land: ReturnType<typeof feature>;
  readonly borders: ReturnType<typeof mesh>;
}

/** Loads the outline: a file of its own, of which the first view need not wait. */
export async function loadUsOutline(): Promise<UsOutline> {
  const loaded = await import("us-atlas/states-10m.json");
  const topology = loaded.default as unknown as States;
  return {
    land: feature(topology, topology.objects.nation),
    borders: mesh(topology, topology.objects.states, (a, b) => a !== b),
  };
}

/** The map's projection into an image of this width. Alaska and Hawaii are in its lower left corner. */
export function projectionFor(width: number): GeoProjection {
  const scale = width / MAP_SIZE.width;
  return geoAlbersUsa()
    .scale(1_300 * scale)
    .translate([width / 2, (MAP_SIZE.height * scale) / 2]);
}

/** Draws land and borders. */
export function drawOutline(
  context: CanvasRenderingContext2D,
  outline: UsOutline,
  projection: GeoProjection,
  style: { readonly land: string; readonly border: string; readonly borderWidth: number },
): void {
  const { width, height } = context.canvas;
  const path = geoPath(projection, context);
  context.clearRect(0, 0, width, height);
  context.beginPath();
  path(outline.land);
  context.fillStyle = style.land;
  context.fill();
  context.beginPath();
  path(outline.borders);
  context.lineWidth = style.borderWidth;
  context.lineJoin = "round";
  context.strokeStyle = style.border;
  context.stroke();
}
