import type { VNode } from "preact";
import { asTitle, wordsOf } from "./fields.ts";
import { formatValue } from "./format.ts";
import type { Drawn } from "./map-canvas.ts";
import { PLACE_COLUMNS, placeFields } from "./queries.ts";
import type { View } from "./view.ts";

/** Keeps the tip inside of the map, in pixels of the page. */
const HALF_WIDTH = 120;
const HEIGHT = 110;

interface MapTipProps {
  /** The view that the twin was asked for. */
  readonly view: View;
  readonly pointed: NonNullable<Drawn["pointed"]>;
}

/** A ring around a twin, and its id and values. */
export function MapTip({ view, pointed }: MapTipProps): VNode {
  const { x, y, width, row } = pointed;
  const left = Math.min(Math.max(x, HALF_WIDTH), Math.max(HALF_WIDTH, width - HALF_WIDTH));
  return (
    <>
      <span class="halo" style={{ left: `${x}px`, top: `${y}px` }} />
      <dl class={y < HEIGHT ? "tip below" : "tip"} style={{ left: `${left}px`, top: `${y}px` }}>
        <dt class="id">{String(row[PLACE_COLUMNS.id])}</dt>
        {placeFields(view).map((field, i) => {
          const type = view.model.fields.find(({ name }) => name === field)?.type;
          return (
            <div key={field}>
              <dt>{asTitle(wordsOf(field))}</dt>
              <dd>{formatValue(row[PLACE_COLUMNS.colour + i], type)}</dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
