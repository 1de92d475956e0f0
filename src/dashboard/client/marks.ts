/** The shapes of classes: as outlines for the legend, and as pixels for the map, by one definition each. */
import type { Shape } from "./scale.ts";

/** A mark's pixels around its centre: offsets, how much of each the mark covers, and how much it and its rim do. */
export interface Stamp {
  readonly dx: Int16Array;
  readonly dy: Int16Array;
  /** 0 to 255. */
  readonly fill: Uint8Array;
  readonly rim: Uint8Array;
}

const STAR_POINTS = 5;
const RING_WIDTH = 0.45;

/** Corners of the shapes that have any, for a radius of 1, y downwards. */
const CORNERS: Partial<Record<Shape, readonly (readonly [x: number, y: number])[]>> = {
  square: [
    [-0.86, -0.86],
    [0.86, -0.86],
    [0.86, 0.86],
    [-0.86, 0.86],
  ],
  diamond: [
    [0, -1.22],
    [1.22, 0],
    [0, 1.22],
    [-1.22, 0],
  ],
  triangle: [
    [0, -1.15],
    [1.12, 0.85],
    [-1.12, 0.85],
  ],
  star: Array.from({ length: STAR_POINTS * 2 }, (_, i) => {
    const radius = i % 2 === 0 ? 1.35 : 0.62;
    const angle = (i * Math.PI) / STAR_POINTS - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  }),
};

/** The shape as the path of an SVG whose view box is -1.5 to 1.5; a ring is a disc with a hole (even-odd). */
export function outlineOf(shape: Shape): string {
  const corners = CORNERS[shape];
  if (corners !== undefined) {
    return `M${corners.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}Z`;
  }
  const circle = (radius: number): string => {
    return `M${-radius} 0A${radius} ${radius} 0 1 0 ${radius} 0A${radius} ${radius} 0 1 0 ${-radius} 0Z`;
  };
  return shape === "ring" ? circle(1) + circle(1 - RING_WIDTH) : circle(1);
}

const SAMPLES = 4;

/** Draws a mark of a radius in pixels, with a rim (0 for none) of so many pixels around it. */
export function makeStamp(shape: Shape, radius: number, rimWidth: number): Stamp {
  const reach = Math.ceil(radius * 1.4 + rimWidth) + 1;
  const dx: number[] = [];
  const dy: number[] = [];
  const fill: number[] = [];
  const rim: number[] = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      let inside = 0;
      let near = 0;
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
        const px = x + ((sample % SAMPLES) + 0.5) / SAMPLES - 0.5;
        const py = y + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES - 0.5;
        const away = distance(shape, px / radius, py / radius) * radius;
        if (away <= 0) inside++;
        if (away <= rimWidth) near++;
      }
      if (near === 0) continue;
      dx.push(x);
      dy.push(y);
      fill.push(Math.round((inside * 255) / SAMPLES ** 2));
      rim.push(Math.round((near * 255) / SAMPLES ** 2));
    }
  }
  return {
    dx: Int16Array.from(dx),
    dy: Int16Array.from(dy),
    fill: Uint8Array.from(fill),
    rim: Uint8Array.from(rim),
  };
}

/** How far a point is from a shape of radius 1; 0 or less inside. */
function distance(shape: Shape, x: number, y: number): number {
  const corners = CORNERS[shape];
  const away = Math.hypot(x, y);
  if (corners === undefined) {
    return shape === "ring" ? Math.max(away - 1, 1 - RING_WIDTH - away) : away - 1;
  }
  let nearest = Infinity;
  let isInside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [ax, ay] = corners[i]!;
    const [bx, by] = corners[j]!;
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const share = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay)));
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  }
  return isInside ? -nearest : nearest;
}
