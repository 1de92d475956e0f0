/** One model, live: figures, map, chart and table. */
import { useRef } from "preact/hooks";
import type { VNode } from "preact";
import { BarChart } from "./bar-chart.tsx";
import { Controls } from "./controls.tsx";
import { EmptyState } from "./empty-state.tsx";
import { asTitle, hasPlace, wordsOf } from "./fields.ts";
import { formatTime } from "./format.ts";
import { figuresOf, KeyFigures } from "./key-figures.tsx";
import type { Figures } from "./key-figures.tsx";
import { useLiveQuery } from "./live-query.ts";
import type { Feed } from "./live-query.ts";
import { MapPanel } from "./map-panel.tsx";
import { FeedBody, Panel } from "./panel.tsx";
import { barsQuery, BARS_MAX, coloursQuery, figuresQuery, topQuery, TOP_MAX } from "./queries.ts";
import { learnValues, NO_VALUES } from "./known-values.ts";
import { TopTable } from "./top-table.tsx";
import { wordsOfSummary } from "./view.ts";
import type { View, ViewParameters } from "./view.ts";

export function ModelView({
  view,
  asked,
}: {
  readonly view: View;
  readonly asked: ViewParameters;
}): VNode {
  const figuresFeed = useLiveQuery(figuresQuery(view));
  const figures: Figures = figuresFeed.state === "ready" ? figuresOf(figuresFeed.result) : {};
  const isMapped = hasPlace(view.model);
  if (figures["twins"] === 0) return <EmptyState model={view.model} origin={location.origin} />;
  return (
    <>
      <Controls view={view} asked={asked} isMapped={isMapped} />
      <div class={isMapped ? "panels mapped" : "panels"}>
        <KeyFigures view={view} feed={figuresFeed} />
        {isMapped && <ColouredMap view={view} figures={figures} />}
        <Bars view={view} groups={figures["groups"]} />
        <Top view={view} isMapped={isMapped} />
      </div>
      <Provenance feed={figuresFeed} />
    </>
  );
}

/** The map, in the classes of the values that were met. */
function ColouredMap({ view, figures }: { readonly view: View; readonly figures: Figures }): VNode {
  const feed = useLiveQuery(coloursQuery(view));
  const known = useRef(NO_VALUES);
  if (feed.state === "ready") known.current = learnValues(known.current, view, feed.result.rows);
  const scale = known.current.colour === view.colour ? known.current.scale : NO_VALUES.scale;
  const scaleProblem = feed.state === "failed" ? feed.problem : undefined;
  return <MapPanel view={view} scale={scale} scaleProblem={scaleProblem} figures={figures} />;
}

function Bars({
  view,
  groups,
}: {
  readonly view: View;
  readonly groups: Figures[string];
}): VNode | null {
  const query = barsQuery(view);
  const feed = useLiveQuery(query);
  if (query === undefined) return null;
  const isWhole = typeof groups !== "number" || groups <= BARS_MAX;
  const title = `${asTitle(wordsOfSummary(view.op, view.measure))} by ${wordsOf(view.group ?? "")}`;
  return (
    <Panel area="bars" title={title} note={isWhole ? undefined : `first ${BARS_MAX} of ${groups}`}>
      <FeedBody feed={feed}>
        {(result) => <BarChart view={view} result={result} isWhole={isWhole} />}
      </FeedBody>
    </Panel>
  );
}

function Top({ view, isMapped }: { readonly view: View; readonly isMapped: boolean }): VNode {
  const feed = useLiveQuery(topQuery(view));
  const { measure } = view;
  return (
    <Panel
      area="top"
      title={
        measure === undefined
          ? "Twins"
          : `${asTitle(wordsOfSummary("max", measure))}: top ${TOP_MAX}`
      }
    >
      <FeedBody feed={feed}>
        {(result) => <TopTable result={result} isMapped={isMapped} />}
      </FeedBody>
    </Panel>
  );
}

/** As of when everything is, and whether anything is missing. */
function Provenance({ feed }: { readonly feed: Feed }): VNode | null {
  if (feed.state !== "ready") return null;
  const { asOf, partial } = feed.result;
  return (
    <p class="provenance">
      {partial && (
        <strong>Some twins did not answer in time; the figures are without them. </strong>
      )}
      As of {formatTime(asOf)}.
    </p>
  );
}
