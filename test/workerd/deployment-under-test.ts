/** The Worker and its bindings as these tests use them. */
import { env, exports } from "cloudflare:workers";
import type { Env } from "../../src/env.ts";

/** The bindings of wrangler.toml, by their contracts. */
export const bindings = env as unknown as Env;

const worker = exports as unknown as { readonly default: Fetcher };

/** One request to the Worker, with a JSON body if any. */
export function call(
  method: string,
  path: string,
  body?: unknown,
  headers: HeadersInit = {},
): Promise<Response> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  return worker.default.fetch(`http://localhost${path}`, {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
  });
}

/** A stub as the test helpers want it. */
export function objectOf(stub: object): DurableObjectStub {
  return stub as DurableObjectStub;
}
