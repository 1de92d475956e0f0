/**
 * Who may call. For now there is one key, the administrator's secret, and `off` for a server that only its own
 * machine can reach. A deployment that has neither answers nothing but `/healthz`.
 */
import type { Refusal } from "../core/refusal.ts";
import type { Env } from "../env.ts";

/** Characters of a secret; a shorter one counts as none. */
export const ADMIN_SECRET_LENGTH_MIN = 16;

/** A URL of this machine by a name that means nothing else. */
const LOOPBACK_URL =
  /^https?:\/\/(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:[/?#]|$)/i;

/** Null when the request may go on. Answers at once where no key is asked for: that is the hot path at home. */
export function authenticate(request: Request, env: Env): Refusal | null | Promise<Refusal | null> {
  return env.AUTH === "off" ? fromElsewhere(request) : checkKey(request, env.ADMIN_SECRET ?? "");
}

async function checkKey(request: Request, secret: string): Promise<Refusal | null> {
  if (secret.length < ADMIN_SECRET_LENGTH_MIN) {
    const detail = `This deployment has no administrator's secret of ${ADMIN_SECRET_LENGTH_MIN} characters or more (ADMIN_SECRET).`;
    return { code: "auth/not-configured", detail };
  }
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined)
    return { code: "auth/unauthenticated", detail: "Send the header Authorization: Bearer <key>." };
  return (await isEqual(given, secret))
    ? null
    : { code: "auth/unauthenticated", detail: "The key is not known here." };
}

/**
 * With authentication off the server is reached from its own machine only, but a page of any site in a browser
 * there is on that machine too. What a browser says of where it comes from tells the two apart: a name that was
 * made to mean this machine (DNS rebinding) is in the URL's host, a foreign page in `Origin`.
 */
function fromElsewhere(request: Request): Refusal | null {
  if (!LOOPBACK_URL.test(request.url)) {
    const { host } = new URL(request.url);
    const detail = `Without authentication this server answers to loopback addresses, not to "${host}".`;
    return { code: "auth/forbidden", detail };
  }
  const origin = request.headers.get("origin");
  if (origin === null || URL.parse(origin)?.host === new URL(request.url).host) return null;
  const detail = `Without authentication this server answers to its own pages, not to ${origin}.`;
  return { code: "auth/forbidden", detail };
}

/** Compares digests, so that the time taken says nothing about the secret. */
async function isEqual(given: string, secret: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(given), digest(secret)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
