/** Reads request bodies, bounded. */
import { BODY_BYTES_MAX, DISCARD_BYTES_MAX } from "../core/limits.ts";
import { ok, refuse } from "../core/refusal.ts";
import type { Result } from "../core/refusal.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The body as text; refuses with `body/too-large` before all of it is in memory, and with `body/malformed` what is no UTF-8. */
export async function readText(
  request: Request,
  bytesMax: number = BODY_BYTES_MAX,
): Promise<Result<string>> {
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  // A declared length is kept to by the server; without one the body is counted while it comes.
  if (declared <= bytesMax || request.body === null) {
    return decode(new Uint8Array(await request.arrayBuffer()));
  }
  return readCounted(request.body, bytesMax);
}

async function readCounted(body: ReadableStream, bytesMax: number): Promise<Result<string>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > DISCARD_BYTES_MAX) break;
  }
  if (bytes > bytesMax) {
    return refuse(
      "body/too-large",
      `The body has ${bytes} bytes or more; the limit is ${bytesMax}.`,
    );
  }
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return decode(joined);
}

function decode(bytes: Uint8Array): Result<string> {
  try {
    return ok(UTF8.decode(bytes));
  } catch {
    // The decoder throws for nothing else.
    return refuse("body/malformed", "The body is not UTF-8.");
  }
}

/** The body as JSON; refuses with `body/malformed` too. */
export async function readJson(
  request: Request,
  bytesMax: number = BODY_BYTES_MAX,
): Promise<Result<unknown>> {
  const text = await readText(request, bytesMax);
  if (!text.ok) return text;
  try {
    return ok(JSON.parse(text.value) as unknown);
  } catch (error) {
    return refuse(
      "body/malformed",
      `The body is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
