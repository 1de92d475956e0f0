/** What is deployed, from `GET /v1/models`: asked until the server answers, and again after every reconnection. */
import { effect, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { Field } from "../../core/model.ts";
import { retryDelayMs } from "./backoff.ts";
import type { ModelInfo } from "./fields.ts";
import type { Problem } from "./live-frames.ts";
import type { LiveSocket } from "./live-socket.ts";

/** A model with the number of its twins when it was asked. */
export interface ListedModel extends ModelInfo {
  readonly twins: number;
}

export type ModelList =
  | { readonly state: "waiting" }
  | { readonly state: "ready"; readonly models: readonly ListedModel[] }
  | { readonly state: "failed"; readonly problem: Problem; readonly retry: () => void };

const ANSWER_MS_MAX = 15_000;

/** Keeps the list as new as the connection. A list that was read once is kept while the server can't be asked. */
export function watchModels(live: LiveSocket): ReadonlySignal<ModelList> {
  const list = signal<ModelList>({ state: "waiting" });
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    const answer = await fetchModels();
    if (answer.state === "ready") {
      failures = 0;
      list.value = answer;
      return;
    }
    failures++;
    if (list.value.state !== "ready") list.value = { ...answer, retry: () => void ask() };
    timer = setTimeout(() => void ask(), retryDelayMs(failures, Math.random()));
  }

  void ask();
  let connections = 0;
  effect(() => {
    // The first connection finds the question asked already.
    if (live.status.value === "live" && ++connections > 1) void ask();
  });
  return list;
}

type Answer =
  | Extract<ModelList, { state: "ready" }>
  | { readonly state: "failed"; readonly problem: Problem };

async function fetchModels(): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch("/v1/models", { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch {
    // The browser does not say why: no network, no server, or no answer in time.
    return {
      state: "failed",
      problem: { code: "", detail: "The server does not answer. This page tries again by itself." },
    };
  }
  const body = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  const models = Array.isArray(body?.["models"]) ? body["models"] : undefined;
  if (!response.ok || models === undefined) {
    const { code = "", detail = `The server answered with status ${response.status}.` } =
      body ?? {};
    return { state: "failed", problem: { code: String(code), detail: String(detail) } };
  }
  return { state: "ready", models: models.map(parseModel) };
}

function parseModel(model: {
  readonly name: string;
  readonly fields?: readonly Field[];
  readonly twins?: number;
}): ListedModel {
  const { name, fields = [], twins = 0 } = model;
  return { name, fields, twins };
}
