import type { VNode } from "preact";
import type { Scalar } from "../../core/query/plan.ts";
import type { LiveResult } from "../../wire/live-v1.ts";
import { wordsOf } from "./fields.ts";
import { formatNumber, formatValue } from "./format.ts";
import type { Feed } from "./live-query.ts";
import type { View } from "./view.ts";

/** The one row of `figuresQuery`, by column; null or nothing where there is no value. */
export type Figures = Readonly<Record<string, Scalar | null | undefined>>;

/** The figures of a result. */
export function figuresOf({ columns, rows }: LiveResult): Figures {
  return Object.fromEntries(columns.map(({ name }, i) => [name, rows[0]?.[i]]));
}

const SHOWN = [
  ["highest", "Highest"],
  ["mean", "Mean"],
  ["p90", "90th percentile"],
] as const;

/** How many twins there are, and how high the number that matters is. */
export function KeyFigures({ view, feed }: { readonly view: View; readonly feed: Feed }): VNode {
  const figures: Figures = feed.state === "ready" ? figuresOf(feed.result) : {};
  const { measure } = view;
  return (
    <dl class="figures">
      <div>
        <dt>Twins</dt>
        <dd>{formatValue(figures["twins"], "number")}</dd>
        <dd class="hint">{groupsText(view, figures["groups"])}</dd>
      </div>
      {measure !== undefined &&
        SHOWN.map(([column, title]) => (
          <div key={column}>
            <dt>{title}</dt>
            <dd>{formatValue(figures[column], "number")}</dd>
            <dd class="hint">{wordsOf(measure)}</dd>
          </div>
        ))}
    </dl>
  );
}

function groupsText({ model, group }: View, groups: Figures[string]): string {
  if (typeof groups !== "number" || group === undefined) return `of ${model.name}`;
  return `${formatNumber(groups)} ${groups === 1 ? "value" : "values"} of ${wordsOf(group)}`;
}
