/**
 * Turns values into a few classes that a reader can tell apart, each with a colour and a shape of its own: nobody
 * has to see colours, and class 0 to n are drawn in that order, so that what matters lies on top.
 */
import type { Scalar } from "../../core/query/plan.ts";
import { formatNumber } from "./format.ts";

export type Shape = "disc" | "ring" | "square" | "diamond" | "triangle" | "star";

/** A colour by its meaning; `style.css` has one for each theme. */
export type Tone =
  | "none"
  | "off"
  | "calm"
  | "low"
  | "mid"
  | "high"
  | "top"
  | "kind-1"
  | "kind-2"
  | "kind-3"
  | "kind-4"
  | "kind-5"
  | "kind-6";

export interface MarkClass {
  readonly label: string;
  readonly tone: Tone;
  readonly shape: Shape;
  /** How much it matters: marks of a higher rank are larger. */
  readonly rank: number;
}

export interface Scale {
  /** The last class is for twins without a value, when there is more than one class. */
  readonly classes: readonly MarkClass[];
  /** The class of a value, an index into `classes`. */
  readonly classOf: (value: Scalar | null | undefined) => number;
}

/** One class for all, until it is known what there is to tell apart. */
export const UNCLASSED: Scale = {
  classes: [{ label: "twins", tone: "calm", shape: "disc", rank: 0 }],
  classOf: () => 0,
};

/** Kinds that are told apart at most; the rest shares one class. */
export const CLASSES_MAX = 6;

const NO_VALUE: MarkClass = { label: "no value", tone: "none", shape: "ring", rank: 0 };

/** From nothing to worry about to what needs somebody now. */
const SEVERITIES: readonly (Pick<MarkClass, "tone" | "shape" | "rank"> & {
  readonly words: RegExp;
})[] = [
  { tone: "off", shape: "ring", rank: 0, words: /^(offline|unknown|none|off|inactive|stopped)$/i },
  {
    tone: "calm",
    shape: "disc",
    rank: 0,
    words: /^(ok|clear|normal|healthy|online|good|low|on|running|idle|active)$/i,
  },
  { tone: "low", shape: "square", rank: 1, words: /^(busy|minor|watch|elevated|medium|info)$/i },
  {
    tone: "mid",
    shape: "diamond",
    rank: 2,
    words: /^(moderate|warning|warn|degraded|exposed|delayed|late)$/i,
  },
  {
    tone: "high",
    shape: "triangle",
    rank: 3,
    words: /^(high|major|jammed|error|failing|failed)$/i,
  },
  {
    tone: "top",
    shape: "star",
    rank: 4,
    words: /^(severe|critical|alert|alarm|emergency|positive)$/i,
  },
];

const KIND_SHAPES: readonly Shape[] = ["disc", "square", "diamond", "triangle", "star", "ring"];

/** Which steps of severity a number of classes uses: the ends always. */
const SPREAD: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [1, 4],
  3: [1, 3, 5],
  4: [1, 2, 3, 5],
  5: [1, 2, 3, 4, 5],
};

/**
 * Classes of numbers. Amounts that begin near zero, as counts and levels do, get the steps 1, 2, 5, 10, … below
 * the highest value, since most are small and the few large ones matter; other ranges are divided evenly.
 */
export function numberScale(lowest: number, highest: number): Scale {
  const edges =
    lowest > highest / 4 || highest <= 0
      ? evenEdges(lowest, highest)
      : seriesEdges(lowest, highest);
  const isZeroApart = edges[0] === 0;
  const labels = edges.map((edge, i) => {
    const next = edges[i + 1];
    if (next === undefined) return `${edge === 0 ? ">" : "≥"} ${formatNumber(edge)}`;
    return i === 0 && isZeroApart
      ? `< ${formatNumber(next)}`
      : `${formatNumber(edge)} – ${formatNumber(next)}`;
  });
  const first = edges[0];
  if (first !== undefined)
    labels.unshift(isZeroApart ? (lowest < 0 ? "≤ 0" : "0") : `< ${formatNumber(first)}`);
  else labels.push(lowest === highest ? formatNumber(lowest) : "all values");
  const steps = SPREAD[labels.length] ?? [];
  const classes = labels.map((label, i) => {
    const { tone, shape, rank } = SEVERITIES[steps[i] ?? 1]!;
    return { label, tone, shape, rank };
  });
  return {
    classes: [...classes, NO_VALUE],
    classOf: (value) => {
      if (typeof value !== "number") return classes.length;
      let passed = 0;
      // Zero itself belongs below the edge of zero, every other value to the class that its edge begins.
      for (const edge of edges) if (edge === 0 ? value > 0 : value >= edge) passed++;
      return passed;
    },
  };
}

/** 0, and the three of 1, 2, 5, 10, 20, … that come before the highest value; no fractions between whole numbers. */
function seriesEdges(lowest: number, highest: number): readonly number[] {
  const edges: number[] = [];
  let power = Math.floor(Math.log10(highest));
  while (edges.length < 3) {
    for (const digit of [5, 2, 1]) {
      const edge = power < 0 ? digit / 10 ** -power : digit * 10 ** power;
      if (edge < highest && edges.length < 3) edges.unshift(edge);
    }
    power--;
  }
  const isWhole = Number.isInteger(lowest) && Number.isInteger(highest);
  return [0, ...(isWhole ? edges.filter((edge) => edge > 1) : edges)];
}

/** Up to four round numbers within a range. */
function evenEdges(lowest: number, highest: number): readonly number[] {
  const span = highest - lowest;
  if (!(span > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step =
    [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((size) => span / size <= 4.5) ?? span;
  const edges: number[] = [];
  for (
    let edge = Math.ceil(lowest / step) * step;
    edge < highest && edges.length < 4;
    edge += step
  ) {
    if (edge > lowest) edges.push(Number(edge.toPrecision(12)));
  }
  return edges;
}

/**
 * Classes of kinds. Words for conditions ("clear", "severe") take the colours of severity, in that order, when all
 * are known; other kinds get a colour each by the alphabet, so that colours stay when frequencies change.
 * `kinds` are the most frequent first; beyond CLASSES_MAX they share one class.
 */
export function kindScale(kinds: readonly string[]): Scale {
  const known = kinds.slice(0, CLASSES_MAX).filter((kind) => kind !== "");
  const isSevere = known.length > 0 && known.every((kind) => severityOf(kind) >= 0);
  const classes: MarkClass[] = isSevere
    ? severityClasses(known)
    : known.toSorted().map((label, i) => {
        return { label, tone: `kind-${i + 1}` as Tone, shape: KIND_SHAPES[i] ?? "disc", rank: 1 };
      });
  const indexes = new Map(classes.map(({ label }, i) => [label, i]));
  if (kinds.length > CLASSES_MAX)
    classes.unshift({ label: "other", tone: "none", shape: "disc", rank: 0 });
  const shift = kinds.length > CLASSES_MAX ? 1 : 0;
  const noValue = classes.length;
  return {
    classes: [...classes, NO_VALUE],
    classOf: (value) => {
      if (value === null || value === undefined || value === "") return noValue;
      const index = indexes.get(String(value));
      return index === undefined ? (shift === 1 ? 0 : noValue) : index + shift;
    },
  };
}

function severityClasses(kinds: readonly string[]): MarkClass[] {
  const found: MarkClass[] = [];
  for (const { words, tone, shape, rank } of SEVERITIES) {
    for (const kind of kinds) if (words.test(kind)) found.push({ label: kind, tone, shape, rank });
  }
  return found;
}

/** Where a word stands among those for conditions: -1 for words of another kind, then the worse the higher. */
export function severityOf(word: string): number {
  return SEVERITIES.findIndex(({ words }) => words.test(word));
}
