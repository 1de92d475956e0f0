/**
 * The values met so far of the field that colours the map. Classes are made from all of them, not from the latest
 * alone: a colour must not change its meaning because the highest value, or the last of a kind, just went away.
 */
import type { Scalar } from "../../core/query/plan.ts";
import { CLASSES_MAX, kindScale, numberScale, UNCLASSED } from "./scale.ts";
import type { Scale } from "./scale.ts";
import type { View } from "./view.ts";

export interface KnownValues {
  /** The field that these are values of. */
  readonly colour: string | undefined;
  readonly scale: Scale;
  readonly lowest: number;
  readonly highest: number;
  /** The first CLASSES_MAX get a class each. */
  readonly kinds: readonly string[];
}

export const NO_VALUES: KnownValues = {
  colour: undefined,
  scale: UNCLASSED,
  lowest: Infinity,
  highest: -Infinity,
  kinds: [],
};

/** What is known after a result of `coloursQuery`. The scale is the same object unless its classes changed. */
export function learnValues(
  before: KnownValues,
  { model, colour }: View,
  rows: readonly (readonly (Scalar | null)[])[],
): KnownValues {
  const known = before.colour === colour ? before : { ...NO_VALUES, colour };
  const isNumber = model.fields.some(({ name, type }) => name === colour && type === "number");
  const learned = isNumber ? learnRange(known, rows[0]) : learnKinds(known, rows);
  return isSame(learned.scale, before.scale) ? { ...learned, scale: before.scale } : learned;
}

function learnRange(known: KnownValues, row: readonly (Scalar | null)[] = []): KnownValues {
  const [low, high] = row;
  if (typeof low !== "number" || typeof high !== "number") return known;
  const lowest = Math.min(known.lowest, low);
  const highest = Math.max(known.highest, high);
  return { ...known, lowest, highest, scale: numberScale(lowest, highest) };
}

function learnKinds(
  known: KnownValues,
  rows: readonly (readonly (Scalar | null)[])[],
): KnownValues {
  const met = rows.flatMap(([kind]) => {
    return kind === null || kind === undefined || kind === "" ? [] : [String(kind)];
  });
  // One more than have a class is enough to know that there are others.
  const kinds = [...new Set([...known.kinds, ...met])].slice(0, CLASSES_MAX + 1);
  return { ...known, kinds, scale: kindScale(kinds) };
}

function isSame(a: Scale, b: Scale): boolean {
  return JSON.stringify(a.classes) === JSON.stringify(b.classes);
}
