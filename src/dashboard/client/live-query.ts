/** A query's live result, for a component. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { QuerySpec } from "../../core/query/plan.ts";
import type { LiveResult } from "../../wire/live-v1.ts";
import type { Problem } from "./live-frames.ts";
import { usePage } from "./page-context.ts";

/** What is known of a query's result. A lost connection leaves the last one; the page says how old it is. */
export type Feed =
  | { readonly state: "waiting" }
  | { readonly state: "ready"; readonly result: LiveResult }
  | { readonly state: "failed"; readonly problem: Problem; readonly retry: () => void };

const WAITING: Feed = { state: "waiting" };

/** Subscribes while the component is shown. Undefined asks nothing; another query starts anew. */
export function useLiveQuery(query: QuerySpec | undefined): Feed {
  const { live } = usePage();
  const key = query === undefined ? "" : JSON.stringify(query);
  const attempt = useSignal(0);
  const latest = useSignal<{ readonly key: string; readonly feed: Feed }>({ key, feed: WAITING });

  useEffect(() => {
    if (key === "") return undefined;
    const retry = (): void => {
      latest.value = { key, feed: WAITING };
      attempt.value++;
    };
    return live.subscribe(JSON.parse(key) as QuerySpec, {
      onResult: (result) => (latest.value = { key, feed: { state: "ready", result } }),
      onProblem: (problem) => (latest.value = { key, feed: { state: "failed", problem, retry } }),
    });
  }, [live, key, attempt.value]);

  // Until the new query answers, the old one's result must not stand under the new one's heading.
  return latest.value.key === key ? latest.value.feed : WAITING;
}
