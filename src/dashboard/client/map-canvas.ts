/**
 * The two canvases of the map, the outline below and the marks above, and when they are drawn: at most once a frame,
 * and again when the size, the theme or the data changes.
 */
import type { GeoProjection } from "d3-geo";
import type { PlaceRow } from "./place-feed.ts";
import { PointPainter } from "./point-painter.ts";
import type { Points } from "./point-painter.ts";
import { PLACE_COLUMNS } from "./queries.ts";
import { UNCLASSED } from "./scale.ts";
import type { Scale } from "./scale.ts";
import { colourOf } from "./theme.ts";
import type { Colour } from "./theme.ts";
import { drawOutline, loadUsOutline, MAP_SIZE, projectionFor } from "./us-outline.ts";
import type { UsOutline } from "./us-outline.ts";

/** What to draw. */
export interface MapState {
  readonly pages: readonly (readonly PlaceRow[])[];
  readonly scale: Scale;
  /** The twin to point out. */
  readonly pointedAt: string | undefined;
  /** Colours are read again when this is another number. */
  readonly theme: number;
}

/** What was drawn. */
export interface Drawn {
  readonly scale: Scale;
  /** Marks by class of the scale. */
  readonly counts: readonly number[];
  readonly drawn: number;
  /** Twins with a place, on the map or not. */
  readonly placed: number;
  /** The twin that is pointed out, where it is (in pixels of the page), and the map's width. */
  readonly pointed:
    | { readonly row: PlaceRow; readonly x: number; readonly y: number; readonly width: number }
    | undefined;
}

/** Sharper than this nobody sees, and every pixel costs. */
const PIXEL_RATIO_MAX = 2;

/** Where a page's twins are, in pixels of the image; NaN for twins that are nowhere on the map. */
interface Projected {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly placed: number;
}

export class MapCanvas {
  readonly #box: HTMLElement;
  readonly #outlineCanvas = makeCanvas();
  readonly #markCanvas = makeCanvas();
  readonly #painter = new PointPainter(this.#markCanvas);
  readonly #resizes: ResizeObserver;
  readonly #onDrawn: (drawn: Drawn) => void;
  readonly #colours = new Map<string, Colour>();
  #state: MapState | undefined;
  #outline: UsOutline | undefined;
  #projection: GeoProjection = projectionFor(MAP_SIZE.width);
  #pixelRatio = 1;
  /** By page: a page that did not change need not be projected again. */
  #projected = new WeakMap<readonly PlaceRow[], Projected>();
  #rows: readonly PlaceRow[] = [];
  #points: Points = { x: new Float32Array(), y: new Float32Array(), classes: new Uint8Array() };
  #drawnScale: Scale = UNCLASSED;
  #counts: readonly number[] = [];
  #placed = 0;
  #frame = 0;

  /** Draws into an element, which it fills, whenever something changes; `onDrawn` hears what was drawn. */
  constructor(box: HTMLElement, onDrawn: (drawn: Drawn) => void) {
    this.#box = box;
    this.#onDrawn = onDrawn;
    box.prepend(this.#outlineCanvas, this.#markCanvas);
    this.#resizes = new ResizeObserver(() => this.#resize());
    this.#resizes.observe(box);
    this.#resize();
    void this.#load();
  }

  close(): void {
    this.#resizes.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#outlineCanvas.remove();
    this.#markCanvas.remove();
  }

  /** Draws this in the next frame. */
  show(state: MapState): void {
    const before = this.#state;
    this.#state = state;
    if (before?.theme !== state.theme) {
      this.#colours.clear();
      this.#drawOutline();
    }
    if (
      before?.pages !== state.pages ||
      before.scale !== state.scale ||
      before.theme !== state.theme
    ) {
      this.#drawSoon();
    } else {
      this.#report();
    }
  }

  /** The id of the twin at a place of the window. */
  twinAt(clientX: number, clientY: number): string | undefined {
    const { left, top } = this.#box.getBoundingClientRect();
    const x = Math.round((clientX - left) * this.#pixelRatio);
    const y = Math.round((clientY - top) * this.#pixelRatio);
    const found = this.#painter.pick(x, y);
    const row = found === undefined ? undefined : this.#rows[found];
    return row === undefined ? undefined : String(row[PLACE_COLUMNS.id]);
  }

  async #load(): Promise<void> {
    try {
      this.#outline = await loadUsOutline();
    } catch (error) {
      // Without the outline the marks still show where twins are; the next visit tries again.
      console.warn("The map's outline could not be loaded.", error);
    }
    this.#drawOutline();
  }

  #resize(): void {
    this.#pixelRatio = Math.min(devicePixelRatio, PIXEL_RATIO_MAX);
    const width = Math.max(1, Math.round(this.#box.clientWidth * this.#pixelRatio));
    const height = Math.max(1, Math.round((width * MAP_SIZE.height) / MAP_SIZE.width));
    if (width === this.#markCanvas.width && height === this.#markCanvas.height) return;
    this.#outlineCanvas.width = width;
    this.#outlineCanvas.height = height;
    this.#painter.resize(width, height);
    this.#projection = projectionFor(width);
    this.#projected = new WeakMap();
    this.#drawOutline();
    // At once: a canvas that was resized is empty.
    this.#draw();
  }

  #drawOutline(): void {
    const context = this.#outlineCanvas.getContext("2d");
    if (context === null || this.#outline === undefined) return;
    drawOutline(context, this.#outline, this.#projection, {
      land: `rgb(${this.#colour("--land").join(" ")})`,
      border: `rgb(${this.#colour("--border").join(" ")})`,
      borderWidth: this.#pixelRatio,
    });
  }

  #drawSoon(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const state = this.#state;
    if (state === undefined) return;
    const { classes } = state.scale;
    this.#place(state);
    this.#painter.paint(this.#points, {
      classes,
      colours: classes.map(({ tone }) => this.#colour(`--${tone}`)),
      rimColour: this.#colour("--rim"),
      scale: this.#pixelRatio,
    });
    this.#report();
  }

  /** A colour of the theme that shows. Asking the browser makes it compute styles, so each is asked once. */
  #colour(property: string): Colour {
    const known = this.#colours.get(property);
    if (known !== undefined) return known;
    const colour = colourOf(property);
    this.#colours.set(property, colour);
    return colour;
  }

  /** Finds every twin's pixel and class. */
  #place({ pages, scale }: MapState): void {
    const rows = pages.flat();
    const points = {
      x: new Float32Array(rows.length),
      y: new Float32Array(rows.length),
      classes: new Uint8Array(rows.length),
    };
    const counts = scale.classes.map(() => 0);
    let offset = 0;
    this.#placed = 0;
    for (const page of pages) {
      const projected = this.#project(page);
      points.x.set(projected.x, offset);
      points.y.set(projected.y, offset);
      this.#placed += projected.placed;
      offset += page.length;
    }
    for (const [i, row] of rows.entries()) {
      const index = scale.classOf(row[PLACE_COLUMNS.colour]);
      points.classes[i] = index;
      if (!Number.isNaN(points.x[i])) counts[index] = (counts[index] ?? 0) + 1;
    }
    this.#rows = rows;
    this.#points = points;
    this.#drawnScale = scale;
    this.#counts = counts;
  }

  #project(page: readonly PlaceRow[]): Projected {
    const known = this.#projected.get(page);
    if (known !== undefined) return known;
    const x = new Float32Array(page.length).fill(NaN);
    const y = new Float32Array(page.length).fill(NaN);
    let placed = 0;
    for (const [i, row] of page.entries()) {
      const latitude = row[PLACE_COLUMNS.latitude];
      const longitude = row[PLACE_COLUMNS.longitude];
      if (typeof latitude !== "number" || typeof longitude !== "number") continue;
      placed++;
      const at = this.#projection([longitude, latitude]);
      if (at === null) continue;
      [x[i], y[i]] = at;
    }
    const projected = { x, y, placed };
    this.#projected.set(page, projected);
    return projected;
  }

  #report(): void {
    const drawn = this.#counts.reduce((sum, count) => sum + count, 0);
    this.#onDrawn({
      scale: this.#drawnScale,
      counts: this.#counts,
      drawn,
      placed: this.#placed,
      pointed: this.#pointed(),
    });
  }

  #pointed(): Drawn["pointed"] {
    const id = this.#state?.pointedAt;
    if (id === undefined) return undefined;
    const index = this.#rows.findIndex((row) => row[PLACE_COLUMNS.id] === id);
    const row = this.#rows[index];
    const x = (this.#points.x[index] ?? NaN) / this.#pixelRatio;
    const y = (this.#points.y[index] ?? NaN) / this.#pixelRatio;
    if (row === undefined || Number.isNaN(x)) return undefined;
    return { row, x, y, width: this.#box.clientWidth };
  }
}

function makeCanvas(): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
