/** Starts the page: the connection, the address, the clock, the theme. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { LiveSocket } from "./live-socket.ts";
import { watchModels } from "./models.ts";
import { PageContext } from "./page-context.ts";
import type { PageParts } from "./page-context.ts";
import { startTheme } from "./theme.ts";
import { searchOf } from "./view.ts";

const CLOCK_MS = 1_000;

/** Milliseconds after which a page that nobody sees stops asking for results. */
const UNSEEN_MS = 30_000;

function start(root: HTMLElement): void {
  const { protocol, host } = location;
  const live = new LiveSocket(`${protocol === "https:" ? "wss:" : "ws:"}//${host}/v1/live`);
  const search = signal(location.search);
  const page: PageParts = {
    live,
    pointedAt: signal(undefined),
    nowMs: signal(performance.now()),
    open: (parameters) => {
      history.pushState(null, "", location.pathname + searchOf(parameters));
      search.value = location.search;
    },
  };
  addEventListener("popstate", () => (search.value = location.search));
  addEventListener("online", () => live.retryNow());
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") page.pointedAt.value = undefined;
  });
  setInterval(() => (page.nowMs.value = performance.now()), CLOCK_MS);
  restUnseen(live);
  startTheme();
  render(
    <PageContext.Provider value={page}>
      <App models={watchModels(live)} search={search} />
    </PageContext.Provider>,
    root,
  );
}

/** Results that nobody sees cost the server work: a hidden page rests, and goes on when it is shown again. */
function restUnseen(live: LiveSocket): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isResting = false;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden && live.status.peek() !== "paused") {
      timer = setTimeout(() => {
        isResting = true;
        live.pause();
      }, UNSEEN_MS);
    } else if (!document.hidden && isResting) {
      isResting = false;
      live.resume();
    }
  });
}

start(document.getElementById("app")!);
