/**
 * The map: one mark per twin on the United States, coloured by a number or by kind. Positions are drawn on a canvas;
 * what the canvas shows is said again by the legend (how many of which class) and by the table of extremes.
 */
import { effect, useSignal, useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatNumber } from "./format.ts";
import type { Figures } from "./key-figures.tsx";
import type { Problem } from "./live-frames.ts";
import { MapCanvas } from "./map-canvas.ts";
import type { Drawn } from "./map-canvas.ts";
import { MapLegend, textOfLegend } from "./map-legend.tsx";
import { MapTip } from "./map-tip.tsx";
import { usePage } from "./page-context.ts";
import { Failure, Panel, Waiting } from "./panel.tsx";
import { PlaceFeed } from "./place-feed.ts";
import type { Places } from "./place-feed.ts";
import { placesQuery } from "./queries.ts";
import { UNCLASSED } from "./scale.ts";
import type { Scale } from "./scale.ts";
import { themeVersion } from "./theme.ts";
import type { View } from "./view.ts";

interface MapPanelProps {
  readonly view: View;
  /** The classes of the view's colour. */
  readonly scale: Scale;
  /** Why there are no classes, if so. */
  readonly scaleProblem: Problem | undefined;
  readonly figures: Figures;
}

/** Twins, and the view that they were asked for: its fields are the columns of their rows. */
interface Shown {
  readonly view: View;
  readonly places: Places;
}

const NO_PLACES: Places = { pages: [], isReady: false, problem: undefined };
const NOTHING_DRAWN: Drawn = {
  scale: UNCLASSED,
  counts: [],
  drawn: 0,
  placed: 0,
  pointed: undefined,
};

export function MapPanel({ view, scale, scaleProblem, figures }: MapPanelProps): VNode {
  const { live, pointedAt } = usePage();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useSignal<MapCanvas | undefined>(undefined);
  const drawn = useSignal(NOTHING_DRAWN);
  const shown = useSignal<Shown>({ view, places: NO_PLACES });
  const wanted = useSignal({ view, scale });
  const { model, colour, measure } = view;

  useEffect(() => {
    const made = new MapCanvas(box.current!, (result) => (drawn.value = result));
    canvas.value = made;
    return () => made.close();
  }, []);
  useEffect(() => void (wanted.value = { view, scale }), [colour, scale]);
  useEffect(() => {
    const feed = new PlaceFeed(live, (range) => placesQuery(view, range));
    const stop = effect(() => {
      const places = feed.places.value;
      // Until there is news, the twins stay that were shown before another colour was chosen.
      const isNews = places.isReady || places.problem !== undefined;
      if (isNews) shown.value = { view, places };
    });
    return () => {
      stop();
      feed.close();
    };
  }, [live, model.name, colour, measure]);
  useSignalEffect(() => {
    const { view: asked, places } = shown.value;
    const { view: current, scale: classes } = wanted.value;
    const state = {
      pages: places.pages,
      scale: asked.colour === current.colour ? classes : UNCLASSED,
      pointedAt: pointedAt.value,
      theme: themeVersion.value,
    };
    canvas.value?.show(state);
  });

  const { view: asked, places } = shown.value;
  const problem = places.problem ?? scaleProblem;
  const { pointed } = drawn.value;
  const point = (event: PointerEvent): void => {
    pointedAt.value = canvas.peek()?.twinAt(event.clientX, event.clientY);
  };
  const leave = (event: PointerEvent): void => {
    // A finger that was lifted has left, but what it tapped on is still to be read.
    if (event.pointerType !== "touch") pointedAt.value = undefined;
  };
  return (
    <Panel area="map" title="Where they are" note={noteOf(drawn.value, figures)}>
      <div
        class="canvas-box"
        ref={box}
        role="img"
        aria-label={`Map of the United States with ${formatNumber(drawn.value.drawn)} twins. ${textOfLegend(drawn.value)}`}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={leave}
      >
        {pointed !== undefined && <MapTip view={asked} pointed={pointed} />}
      </div>
      {problem !== undefined && <Failure {...problem} />}
      {!places.isReady && problem === undefined && <Waiting />}
      <MapLegend colour={colour} drawn={drawn.value} />
    </Panel>
  );
}

function noteOf({ drawn, placed }: Drawn, figures: Figures): string {
  const twins = figures["twins"];
  const all = typeof twins === "number" && twins > drawn ? ` of ${formatNumber(twins)}` : "";
  const outside = placed > drawn ? `, ${formatNumber(placed - drawn)} outside the map` : "";
  return `${formatNumber(drawn)}${all} ${all === "" && drawn === 1 ? "twin" : "twins"}${outside}`;
}
