/**
 * Paints one mark per twin into one image, and remembers which twin every pixel belongs to: painting 20,000 marks and
 * finding the one under the pointer take a few milliseconds together, without a graphics processor.
 */
import { makeStamp } from "./marks.ts";
import type { Stamp } from "./marks.ts";
import type { MarkClass } from "./scale.ts";
import type { Colour } from "./theme.ts";

/** Where marks are (in pixels of the image; NaN: nowhere) and their classes, by the twin's number. */
export interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly classes: Uint8Array;
}

export interface PaintStyle {
  readonly classes: readonly MarkClass[];
  /** By class, and of the rim that sets marks apart from each other. */
  readonly colours: readonly Colour[];
  readonly rimColour: Colour;
  /** Pixels of the image in one pixel of the page. */
  readonly scale: number;
}

/** Share of the image that the marks of one rank may take up, before they become as small as can be. */
const COVER = 0.011;
/** Radius of the smallest and the largest marks in pixels of the page, by rank. */
const RADIUS_MIN = [1.15, 1.9, 2.5, 3, 4];
const RADIUS_MAX = [4, 4.5, 5, 5.5, 6.5];
/** A map whose side (the root of its area, in pixels of the page) is shorter than this has smaller marks. */
const FULL_SIZE = 600;
const SHRINK_MIN = 0.62;
const RIM = 0.9;
/** Pixels of the page around the pointer in which a mark is found. */
const PICK_REACH = 7;

export class PointPainter {
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData;
  /** The image as it is painted: red, green, blue, alpha. */
  #pixels: Uint8ClampedArray;
  /** The twin that each pixel shows; -1 for none. */
  #owners: Int32Array;
  /** By rank: the number of marks their size was chosen for. It is kept while the number is about the same. */
  readonly #sizedFor = new Map<number, number>();
  #scale = 1;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("The browser has no 2D canvas.");
    this.#context = context;
    this.#image = context.createImageData(1, 1);
    this.#pixels = this.#image.data;
    this.#owners = new Int32Array(1);
  }

  /** Makes room for another size, in pixels of the image. */
  resize(width: number, height: number): void {
    const { canvas } = this.#context;
    canvas.width = width;
    canvas.height = height;
    this.#image = this.#context.createImageData(width, height);
    this.#pixels = this.#image.data;
    this.#owners = new Int32Array(width * height);
  }

  /** Paints all marks, class by class: later classes lie on top. */
  paint(points: Points, style: PaintStyle): void {
    this.#scale = style.scale;
    this.#pixels.fill(0);
    this.#owners.fill(-1);
    const radii = this.#radiiOf(points, style.classes);
    // Twins without a value come last in the scale, but lie under all others.
    const order = [style.classes.length - 1, ...style.classes.keys()].slice(
      0,
      style.classes.length,
    );
    for (const index of order) {
      const mark = style.classes[index];
      const radius = (radii[mark?.rank ?? 0] ?? 0) * style.scale;
      // No marks of this rank or a higher one: nothing to paint, and no size to paint it in.
      if (mark === undefined || radius === Infinity) continue;
      const stamp = makeStamp(mark.shape, radius, mark.rank > 0 ? RIM * style.scale : 0);
      this.#paintClass(points, index, stamp, style.colours[index] ?? [0, 0, 0], style.rimColour);
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  /** The twin whose mark is nearest to a place (in pixels of the image), or undefined. */
  pick(x: number, y: number): number | undefined {
    const { width, height } = this.#image;
    const reach = Math.round(PICK_REACH * this.#scale);
    let found: number | undefined;
    let nearest = reach * reach + 1;
    for (let py = Math.max(0, y - reach); py <= Math.min(height - 1, y + reach); py++) {
      for (let px = Math.max(0, x - reach); px <= Math.min(width - 1, x + reach); px++) {
        const owner = this.#owners[py * width + px] ?? -1;
        const away = (px - x) ** 2 + (py - y) ** 2;
        if (owner < 0 || away >= nearest) continue;
        nearest = away;
        found = owner;
      }
    }
    return found;
  }

  /** By rank: the fewer marks, the larger they are; but none is larger than those of a higher rank. */
  #radiiOf({ classes }: Points, marks: readonly MarkClass[]): readonly number[] {
    const counts = RADIUS_MIN.map(() => 0);
    for (const index of classes) {
      const { rank = 0 } = marks[index] ?? {};
      counts[rank] = (counts[rank] ?? 0) + 1;
    }
    const radii = counts.map((count, rank) =>
      count === 0 ? Infinity : this.#radiusOf(rank, count),
    );
    return radii.map((_, rank) => Math.min(...radii.slice(rank)));
  }

  #radiusOf(rank: number, count: number): number {
    const before = this.#sizedFor.get(rank) ?? 0;
    const isAboutSame = count <= before * 2 && count >= before / 2;
    if (!isAboutSame) this.#sizedFor.set(rank, count);
    const sizedFor = isAboutSame ? before : count;
    const area = (this.#image.width * this.#image.height) / this.#scale ** 2;
    const wished = Math.sqrt((area * COVER) / sizedFor);
    const shrink = Math.min(1, Math.max(SHRINK_MIN, Math.sqrt(area) / FULL_SIZE));
    const smallest = (RADIUS_MIN[rank] ?? 1) * shrink;
    const largest = (RADIUS_MAX[rank] ?? 4) * shrink;
    return Math.min(largest, Math.max(smallest, wished));
  }

  #paintClass(
    points: Points,
    index: number,
    stamp: Stamp,
    colour: Colour,
    rimColour: Colour,
  ): void {
    const { width, height } = this.#image;
    const { dx, dy, rim } = stamp;
    const inks = inksOf(stamp, colour, rimColour);
    for (let i = 0; i < points.classes.length; i++) {
      if (points.classes[i] !== index) continue;
      const centreX = Math.round(points.x[i]!);
      const centreY = Math.round(points.y[i]!);
      for (let s = 0; s < dx.length; s++) {
        const x = centreX + dx[s]!;
        const y = centreY + dy[s]!;
        // A mark without a place is at NaN, which is in no range.
        if (!(x >= 0 && y >= 0 && x < width && y < height)) continue;
        const pixel = y * width + x;
        blend(this.#pixels, pixel * 4, inks, s * 3, rim[s]!);
        if (rim[s]! > 127) this.#owners[pixel] = i;
      }
    }
  }
}

/** The colour of each pixel of a stamp: the mark's, the rim's, or where they meet a mixture. */
function inksOf({ fill, rim }: Stamp, colour: Colour, rimColour: Colour): Uint8Array {
  const inks = new Uint8Array(fill.length * 3);
  for (let s = 0; s < fill.length; s++) {
    const share = fill[s]! / Math.max(1, rim[s]!);
    for (let part = 0; part < 3; part++) {
      inks[s * 3 + part] = Math.round(colour[part]! * share + rimColour[part]! * (1 - share));
    }
  }
  return inks;
}

/** Lays an ink over a pixel of an image whose colours are not premultiplied ("over" of Porter and Duff, 1984). */
function blend(
  pixels: Uint8ClampedArray,
  at: number,
  inks: Uint8Array,
  ink: number,
  alpha: number,
): void {
  const below = pixels[at + 3]!;
  if (alpha === 255 || below === 0) {
    pixels[at] = inks[ink]!;
    pixels[at + 1] = inks[ink + 1]!;
    pixels[at + 2] = inks[ink + 2]!;
    pixels[at + 3] = alpha;
    return;
  }
  const kept = (below * (255 - alpha)) / 255;
  const total = alpha + kept;
  for (let part = 0; part < 3; part++) {
    pixels[at + part] = (inks[ink + part]! * alpha + pixels[at + part]! * kept) / total;
  }
  pixels[at + 3] = total;
}
