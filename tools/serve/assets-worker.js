/**
 * Serves the dashboard's files where Workers Static Assets is not: in plain workerd. Bound as ASSETS, it answers
 * like the real one as far as the dashboard uses it. A Worker module, run as it stands.
 *
 * Bindings: FILES is workerd's disk service; MANIFEST has the headers of each file by its path.
 */
export default {
  /**
   * @param {Request} request
   * @param {{ FILES: { fetch(url: string): Promise<Response> }, MANIFEST: Record<string, Record<string, string>> }} env
   * @returns {Promise<Response>}
   */
  async fetch(request, env) {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Method Not Allowed", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    const url = new URL(request.url);
    const page = /^(.*\/)index\.html$/.exec(url.pathname) ?? /^(.+)\.html$/.exec(url.pathname);
    const path = fileOf(decodePath(url.pathname), request, env.MANIFEST);
    if (path === undefined) return new Response("Not Found", { status: 404 });
    // One address for a page: without its file's ending.
    if (page?.[1] !== undefined) {
      return new Response(null, { status: 307, headers: { location: page[1] + url.search } });
    }

    const headers = env.MANIFEST[path];
    const known = request.headers.get("if-none-match");
    if (known !== null && (known === "*" || known.includes(headers.etag))) {
      return new Response(null, { status: 304, headers });
    }
    const file = await env.FILES.fetch(
      `http://files${path.split("/").map(encodeURIComponent).join("/")}`,
    );
    if (!file.ok) return new Response("Not Found", { status: 404 });
    const length = file.headers.get("content-length");
    const all = length === null ? headers : { ...headers, "content-length": length };
    if (request.method === "GET") return new Response(file.body, { headers: all });
    await file.body?.cancel();
    return new Response(null, { headers: all });
  },
};

/**
 * The file that a path asks for. Only files of the manifest are ever found, so no path leads out of the directory.
 *
 * @param {string | undefined} path
 * @param {Request} request
 * @param {Record<string, unknown>} manifest
 * @returns {string | undefined}
 */
function fileOf(path, request, manifest) {
  if (path === undefined) return undefined;
  for (const file of [path, `${path}.html`, path.endsWith("/") ? `${path}index.html` : path]) {
    if (Object.hasOwn(manifest, file)) return file;
  }
  return isNavigation(path, request) && Object.hasOwn(manifest, "/index.html")
    ? "/index.html"
    : undefined;
}

/**
 * Whether somebody opens a page, whose address the dashboard itself makes sense of; and not a script or a picture
 * that is gone, for which a page would be the wrong answer.
 *
 * @param {string} path
 * @param {Request} request
 */
function isNavigation(path, request) {
  if (request.headers.get("sec-fetch-mode") === "navigate") return true;
  if (request.headers.get("accept")?.includes("text/html")) return true;
  return !path.slice(path.lastIndexOf("/")).includes(".");
}

/** @param {string} pathname */
function decodePath(pathname) {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // A stray percent sign: no file has such a name.
    return undefined;
  }
}
