/** One HTTP call to a channel's service. */
import type { AlertChannel, Attempt } from "../core/alerts/channel.ts";
import type { ChannelRequest } from "../core/alerts/requests.ts";
import { NOTIFICATION_RETRY_AFTER_MS_MAX, NOTIFICATION_TIMEOUT_MS } from "../core/limits.ts";

/** Characters of an answer that are kept to say what came back. */
const ANSWER_CHARS_MAX = 300;

/** What a call came to, and the beginning of what came back. */
export type Called = Attempt & { readonly answer: string };

/**
 * Makes the call. A redirection is not followed: it would carry keys to an address that nobody has named. Nothing of
 * the address, which may be a secret, is in the error.
 */
export async function callChannel(
  channel: AlertChannel,
  { url, body }: ChannelRequest,
  nowMs: number,
): Promise<Called> {
  const headers = new Headers({ "content-type": "application/json", "user-agent": "Livetwin" });
  if (channel.kind === "json" && channel.secret !== "")
    headers.set("livetwin-signature", await signatureOf(channel.secret, body, nowMs));
  // Not `AbortSignal.timeout`: its timer would keep the object awake long after the answer.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), NOTIFICATION_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: deadline.signal,
    });
    const answer = await beginningOf(response);
    const { status } = response;
    if (response.ok) return { ok: true, status, answer };
    const retryAfterMs = retryAfterOf(response, nowMs);
    const error = `HTTP ${status}${answer === "" ? "" : `: ${answer}`}`;
    const failed = { ok: false, status, error, answer } as const;
    return retryAfterMs === undefined ? failed : { ...failed, retryAfterMs };
  } catch (error) {
    // No connection, no name, or no answer in time: the platform throws for all of these.
    const late = `No answer within ${NOTIFICATION_TIMEOUT_MS} ms`;
    return {
      ok: false,
      error: deadline.signal.aborted ? late : withoutUrl(error, url),
      answer: "",
    };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>.<body>">`: the receiver checks the digest, and that the
 * time is near, which makes a call that somebody recorded useless.
 */
export async function signatureOf(secret: string, body: string, nowMs: number): Promise<string> {
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    text.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const seconds = Math.floor(nowMs / 1_000);
  const digest = await crypto.subtle.sign("HMAC", key, text.encode(`${seconds}.${body}`));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  return `t=${seconds},v1=${hex.join("")}`;
}

/** The first characters of an answer; the rest is not read. */
async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value).slice(0, ANSWER_CHARS_MAX);
}

/** Milliseconds that `Retry-After` asks for, as seconds or as a date. */
function retryAfterOf({ headers }: Response, nowMs: number): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return ms > 0 ? Math.min(ms, NOTIFICATION_RETRY_AFTER_MS_MAX) : undefined;
}

/** workerd hides why it refused a call, for instance to an address that `--network` leaves out; its log has it. */
function withoutUrl(error: unknown, url: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const why = message.startsWith("internal error")
    ? `${message}. The server's log says why; --network may leave such addresses out`
    : message;
  return `No connection: ${why.replaceAll(url, "the address").slice(0, ANSWER_CHARS_MAX)}`;
}
