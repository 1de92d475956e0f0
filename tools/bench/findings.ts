/** What a run has found, section by section, and how it compares with what the design asks for. */
import type { Section } from "./arguments.ts";
import { ratioOf } from "./rounds.ts";
import type { Ratio, Summary } from "./rounds.ts";

/** A figure with its target. */
export interface Finding {
  readonly what: string;
  readonly value: number;
  /** `x` for a ratio. */
  readonly unit: "x" | "ms" | "MB" | "KB" | "%" | "rows" | "s";
  readonly comparison: ">=" | "<=";
  /** Undefined: measured for information. */
  readonly target: number | undefined;
  /** Smallest and largest of the rounds. */
  readonly spread?: readonly [number, number];
  /** What it is compared with, measured in the same run. */
  readonly beside?: string;
}

export interface SectionResult {
  readonly section: Section;
  readonly title: string;
  /** What the load was, in a sentence. */
  readonly load: string;
  readonly summaries: readonly Summary[];
  readonly findings: readonly Finding[];
}

export function isReached({ value, comparison, target }: Finding): boolean | undefined {
  if (target === undefined) return undefined;
  return comparison === ">=" ? value >= target : value <= target;
}

/** Our speed as a part of a limit's. */
export function ratioFinding(
  what: string,
  ours: Summary,
  limit: Summary,
  target: number | undefined,
): Finding {
  const ratio = ratioOf(limit, ours);
  return {
    ...ratioValues(ratio),
    what,
    unit: "x",
    comparison: ">=",
    target,
    beside: besideOf(limit),
  };
}

/** Rows written for each message: what is billed. */
export function rowsFinding(what: string, ours: Summary, target: number | undefined): Finding {
  const value = ours.rowsPerMessage ?? Number.NaN;
  return { what, value, unit: "rows", comparison: "<=", target };
}

function ratioValues({ median, min, max }: Ratio): Pick<Finding, "value" | "spread"> {
  return { value: median, spread: [min, max] };
}

function besideOf({ name, cpuPerMessage }: Summary): string {
  return `${name}, ${cpuPerMessage.toPrecision(3)} µs`;
}
