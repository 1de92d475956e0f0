import type { VNode } from "preact";
import { wordsOf } from "./fields.ts";
import { formatNumber, formatValue } from "./format.ts";
import type { LiveResult } from "../../wire/live-v1.ts";
import { severityOf } from "./scale.ts";
import type { View } from "./view.ts";
import { wordsOfSummary } from "./view.ts";

interface Bar {
  /** Tells the group apart from others whose label is the same. */
  readonly key: string;
  readonly label: string;
  readonly value: number | null;
  readonly twins: number;
}

interface BarChartProps {
  readonly view: View;
  /** Rows `group, value, twins`, highest first. */
  readonly result: LiveResult;
  /** Whether these are all groups there are. */
  readonly isWhole: boolean;
}

/** One bar for each group. Bars are text and boxes: readable by everybody, and no redrawing when the theme changes. */
export function BarChart({ view, result, isWhole }: BarChartProps): VNode {
  const bars = barsOf(result);
  const values = bars.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = Math.min(0, ...values);
  const span = Math.max(0, ...values) - low || 1;
  const zero = percent(-low / span);
  return (
    <ol
      class="bars"
      aria-label={`${wordsOfSummary(view.op, view.measure)} by ${wordsOf(view.group ?? "")}`}
    >
      {(isWhole ? inSteadyOrder(bars) : bars).map(({ key, label, value, twins }) => (
        <li
          key={key}
          title={`${label}: ${twins === 1 ? "1 twin" : `${formatNumber(twins)} twins`}`}
        >
          <span class="label">{label}</span>
          <span class="track" aria-hidden="true">
            {value !== null && (
              <span
                class="bar"
                style={{
                  left: value < 0 ? percent((value - low) / span) : zero,
                  width: percent(Math.abs(value) / span),
                }}
              />
            )}
          </span>
          <span class="value">{formatValue(value, "number")}</span>
        </li>
      ))}
    </ol>
  );
}

function barsOf({ rows }: LiveResult): readonly Bar[] {
  return rows.map(([group, value, twins]) => ({
    key: JSON.stringify(group),
    label: group === null || group === undefined || group === "" ? "no value" : String(group),
    value: typeof value === "number" ? value : null,
    twins: typeof twins === "number" ? twins : 0,
  }));
}

/** Few groups keep their places while values change, so that an eye can stay on one: by severity, or by name. */
function inSteadyOrder(bars: readonly Bar[]): readonly Bar[] {
  return bars.toSorted((a, b) => {
    const bySeverity = severityOf(a.label) - severityOf(b.label);
    return bySeverity || a.label.localeCompare(b.label, undefined, { numeric: true });
  });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
