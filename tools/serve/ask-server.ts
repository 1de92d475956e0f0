/** One small request to the server under supervision, over its public address or its internal socket. */
import { request } from "node:http";

/** Characters of an answer's body that are kept: enough for a message. */
const BODY_CHARS_MAX = 500;

export type Door =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

export interface ServerAnswer {
  readonly status: number;
  readonly body: string;
}

/** The answer, or `undefined` when there was none: not reachable, cut off, or later than `timeoutMs`. */
export function askServer(
  door: Door,
  method: "GET" | "POST",
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ServerAnswer | undefined> {
  return new Promise((resolve) => {
    // A connection of its own each time: one that was kept open would outlive a restart, and fail after it.
    const asked = request({
      ...door,
      method,
      path,
      agent: false,
      headers: { connection: "close" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    asked.once("error", () => resolve(undefined));
    asked.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body = (body + text).slice(0, BODY_CHARS_MAX)));
      response.once("error", () => resolve(undefined));
      response.once("close", () => resolve(undefined));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.end();
  });
}
