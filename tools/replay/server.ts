/** The server's HTTP interface, as far as a replay, its verification and the seeding of a demo use it. */
import { parseAnswer } from "./batch-answer.ts";
import type { BatchAnswer } from "./batch-answer.ts";
import { ndjsonOf } from "./outgoing.ts";
import type { Outgoing } from "./outgoing.ts";
import { ReplayFailure } from "./replay-failure.ts";

/** Milliseconds after which a request is taken for lost. */
const REQUEST_MS_MAX = 30_000;

export interface Server {
  /** Without a slash at its end. */
  readonly url: string;
  /** The bearer key; undefined for a server without authentication. */
  readonly key: string | undefined;
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Sends messages to twins of a model as one request. */
export async function postMessages(
  server: Server,
  model: string,
  messages: readonly Outgoing[],
): Promise<BatchAnswer> {
  try {
    const response = await request(server, `/v1/models/${model}/messages`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: ndjsonOf(messages),
    });
    return parseAnswer(response.status, response.headers.get("retry-after"), await response.text());
  } catch (error) {
    if (error instanceof ReplayFailure) throw error;
    return { kind: "unavailable", reason: describeFetchError(error), retryAfterMs: undefined };
  }
}

/** A twin's state; undefined when there is no such twin. Throws a `ReplayFailure` for any other answer. */
export async function readTwin(
  server: Server,
  model: string,
  id: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = `/v1/models/${model}/twins/${encodeURIComponent(id)}`;
  const twin = await askJson(server, path, { method: "GET" }, [404]);
  return (twin as { state: Record<string, unknown> } | undefined)?.state;
}

/** The answer to a query that includes everything acknowledged before. Throws a `ReplayFailure` when it is refused. */
export async function query(server: Server, body: object): Promise<QueryAnswer> {
  const answer = await askJson(server, "/v1/query?consistent=true", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer as QueryAnswer;
}

/** The JSON of a good answer; undefined for an expected status. Throws a `ReplayFailure` for any other, or none. */
export async function askJson(
  server: Server,
  path: string,
  init: RequestInit,
  absentStatuses: readonly number[] = [],
): Promise<unknown> {
  let response;
  let text;
  try {
    response = await request(server, path, init);
    text = await response.text();
  } catch (error) {
    const reason = describeFetchError(error);
    if (reason !== "ECONNREFUSED") throw new ReplayFailure(`${server.url}${path}: ${reason}`);
    throw new ReplayFailure(
      `Nothing listens at ${server.url}. Start a server with npm start, or name another with --to.`,
    );
  }
  if (absentStatuses.includes(response.status)) return undefined;
  if (!response.ok) {
    throw new ReplayFailure(`${server.url}${path}: status ${response.status}: ${text}`);
  }
  return JSON.parse(text) as unknown;
}

function request({ url, key }: Server, path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  return fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(REQUEST_MS_MAX) });
}

/** What was wrong, in few words: `fetch` says "fetch failed", and the reason is its cause. */
function describeFetchError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? cause.message;
}
