import type { VNode } from "preact";
import { asTitle, wordsOf } from "./fields.ts";
import { formatNumber } from "./format.ts";
import type { Drawn } from "./map-canvas.ts";
import { MarkIcon } from "./mark-icon.tsx";
import type { MarkClass } from "./scale.ts";

interface MapLegendProps {
  readonly colour: string | undefined;
  readonly drawn: Drawn;
}

/** What the marks mean, and how many there are of each. */
export function MapLegend({ colour, drawn }: MapLegendProps): VNode {
  return (
    <div class="legend">
      {colour !== undefined && <span class="legend-title">{asTitle(wordsOf(colour))}</span>}
      <ul>
        {entriesOf(drawn).map(({ mark, count }) => (
          <li key={mark.label}>
            <MarkIcon {...mark} />
            <span>{mark.label}</span> <span class="count">{formatNumber(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The legend as a sentence, without what there is none of. */
export function textOfLegend(drawn: Drawn): string {
  const present = entriesOf(drawn).filter(({ count }) => count > 0);
  return present.map(({ mark, count }) => `${mark.label}: ${formatNumber(count)}`).join(", ");
}

interface Entry {
  readonly mark: MarkClass;
  readonly count: number;
}

/** All classes; that of twins without a value only when there are any. */
function entriesOf({ scale, counts }: Drawn): readonly Entry[] {
  const entries = scale.classes.map((mark, i) => ({ mark, count: counts[i] ?? 0 }));
  return entries.filter(({ mark, count }) => count > 0 || mark.tone !== "none");
}
