/** The page: models, and the view of the one that the address names. */
import type { ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { VNode } from "preact";
import { hasPlace } from "./fields.ts";
import type { ModelInfo } from "./fields.ts";
import { ModelView } from "./model-view.tsx";
import type { ListedModel, ModelList } from "./models.ts";
import { usePage } from "./page-context.ts";
import { Failure, Panel } from "./panel.tsx";
import { TopBar } from "./top-bar.tsx";
import { makeView, parseView, searchOf } from "./view.ts";

/** Milliseconds without a result after which data counts as old: two that were due did not come. */
const STALE_MS = 12_000;

interface AppProps {
  readonly models: ReadonlySignal<ModelList>;
  /** The address's query string. */
  readonly search: ReadonlySignal<string>;
}

export function App({ models, search }: AppProps): VNode {
  const { live, nowMs } = usePage();
  const heardAtMs = live.heardAtMs.value;
  const isCut = live.status.value !== "live" && live.status.value !== "connecting";
  const isStale = heardAtMs !== undefined && (isCut || nowMs.value - heardAtMs > STALE_MS);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <TopBar />
      <main id="main" tabIndex={-1} class={isStale ? "stale" : undefined}>
        <Content models={models} search={search} />
      </main>
    </>
  );
}

function Content({ models, search }: AppProps): VNode {
  const { live } = usePage();
  const list = models.value;
  const asked = parseView(search.value);
  const model = list.state === "ready" ? pickModel(list.models, asked.model) : undefined;
  useEffect(() => {
    document.title = model === undefined ? "Livetwin" : `${model.name} · Livetwin`;
  }, [model?.name]);

  if (list.state === "waiting")
    return <Notice title="Connecting…">Asking the server what is deployed.</Notice>;
  if (list.state === "failed") {
    return (
      <Panel area="notice" title="What is deployed can’t be read">
        <Failure {...list.problem} retry={list.retry} />
      </Panel>
    );
  }
  const problem = live.problem.value;
  return (
    <>
      <h1 class="unseen">{model?.name ?? "Livetwin"}</h1>
      {list.models.length > 0 && <ModelTabs models={list.models} current={model?.name} />}
      {problem !== undefined && <Failure {...problem} />}
      {list.models.length === 0 && (
        <Notice title="No model is deployed">
          A model tells what twins there are. Deploy one, and it appears here.
        </Notice>
      )}
      {list.models.length > 0 && model === undefined && (
        <Notice title="There is no such model">
          The address names the model {asked.model}, which is not deployed here. Choose another
          above.
        </Notice>
      )}
      {model !== undefined && (
        <ModelView key={model.name} view={makeView(model, asked)} asked={asked} />
      )}
    </>
  );
}

function Notice({
  title,
  children,
}: {
  readonly title: string;
  readonly children: preact.ComponentChildren;
}): VNode {
  return (
    <Panel area="notice" title={title}>
      <p>{children}</p>
    </Panel>
  );
}

/** The model that is asked for; without a wish the one with the most to see. */
function pickModel(
  models: readonly ListedModel[],
  asked: string | undefined,
): ModelInfo | undefined {
  if (asked !== undefined) return models.find(({ name }) => name === asked);
  const mapped = models.filter(hasPlace);
  return (mapped.length > 0 ? mapped : models).toSorted((a, b) => b.twins - a.twins)[0];
}

interface ModelTabsProps {
  readonly models: readonly ListedModel[];
  readonly current: string | undefined;
}

function ModelTabs({ models, current }: ModelTabsProps): VNode {
  const { open } = usePage();
  return (
    <nav class="models" aria-label="Models">
      <ul>
        {models.map(({ name }) => (
          <li key={name}>
            <a
              href={`/${searchOf({ model: name })}`}
              aria-current={name === current ? "page" : undefined}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
                event.preventDefault();
                open({ model: name });
              }}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
