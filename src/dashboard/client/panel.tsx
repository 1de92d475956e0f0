/** A card of the page with its heading. What fails inside stays inside. */
import { Component } from "preact";
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";
import type { Feed } from "./live-query.ts";
import { usePage } from "./page-context.ts";
import type { LiveResult } from "../../wire/live-v1.ts";

interface PanelProps {
  readonly title: string;
  /** The panel's place in the page's layout. */
  readonly area: "map" | "bars" | "top" | "notice";
  /** A remark beside the heading. */
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ title, area, note, children }: PanelProps): VNode {
  const id = useId();
  return (
    <section class={`panel ${area}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note !== undefined && <p class="note">{note}</p>}
      </header>
      <Guard>{children}</Guard>
    </section>
  );
}

interface FeedBodyProps {
  readonly feed: Feed;
  readonly children: (result: LiveResult) => ComponentChildren;
}

/** What a feed has to show: its result, or why there is none. */
export function FeedBody({ feed, children }: FeedBodyProps): VNode {
  switch (feed.state) {
    case "waiting":
      return <Waiting />;
    case "failed":
      return <Failure detail={feed.problem.detail} code={feed.problem.code} retry={feed.retry} />;
    case "ready":
      return <>{children(feed.result)}</>;
  }
}

export function Waiting(): VNode {
  const isPaused = usePage().live.status.value === "paused";
  return (
    <p class="quiet waiting">
      {isPaused ? "Resume to see this." : "Waiting for the first result…"}
    </p>
  );
}

interface FailureProps {
  readonly detail: string;
  readonly code?: string;
  readonly retry?: () => void;
}

/** Something failed: the server's words, and a way to try again. */
export function Failure({ detail, code, retry }: FailureProps): VNode {
  return (
    <div class="failure" role="alert">
      <p>{detail}</p>
      {code !== undefined && code !== "" && <p class="quiet">{code}</p>}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Keeps an error of one panel from taking the page with it. */
class Guard extends Component<{ children: ComponentChildren }, { error: string | undefined }> {
  override state = { error: undefined };

  static override getDerivedStateFromError(error: unknown): { error: string } {
    return { error: error instanceof Error ? error.message : String(error) };
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Failure detail={error} retry={() => this.setState({ error: undefined })} />;
  }
}
