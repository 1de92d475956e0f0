/**
 * What the local stand-in for Workers Static Assets needs to know of each file: workerd's disk service gives bytes
 * without a content type. Described once, at start; a path that is not in the description is never opened.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".avif": "image/avif",
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/vnd.microsoft.icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".mp3": "audio/mpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".xml": "application/xml; charset=utf-8",
};

/** The answer's headers of each file, by its path from the root, such as `/main.js`. */
export type AssetManifest = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Describes the files under a directory. Files whose names begin with a dot or an underscore are not served. */
export async function describeAssets(directory: string): Promise<AssetManifest> {
  const rules = parseHeaderRules(
    await readFile(join(directory, "_headers"), "utf8").catch(() => ""),
  );
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const manifest: Record<string, Record<string, string>> = {};
  for (const entry of entries) {
    if (!entry.isFile() || /^[._]/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(directory, file).split(sep).join("/")}`;
    const digest = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    manifest[path] = {
      "content-type":
        CONTENT_TYPES[extname(entry.name).toLowerCase()] ?? "application/octet-stream",
      etag: `"${digest.slice(0, 32)}"`,
      "cache-control": "public, max-age=0, must-revalidate",
      ...headersFor(pagePath(path), rules),
    };
  }
  return manifest;
}

interface HeaderRule {
  readonly pattern: RegExp;
  readonly headers: [name: string, value: string][];
}

/**
 * Reads a `_headers` file: a path, in which `*` matches anything, and below it indented `Name: value` lines.
 * Of Cloudflare's format this leaves out host names, placeholders and removal of headers: those throw.
 */
export function parseHeaderRules(text: string): readonly HeaderRule[] {
  const rules: HeaderRule[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    if (/^\/[^:]*$/.test(line)) {
      const source = line
        .trim()
        .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*");
      rules.push({ pattern: new RegExp(`^${source}$`), headers: [] });
      continue;
    }
    const header = /^\s+([\w-]+):\s*(.+)$/.exec(line.trimEnd());
    const rule = rules.at(-1);
    if (header === null || rule === undefined)
      throw new Error(`_headers: "${line}" is neither a path nor a header of one`);
    rule.headers.push([(header[1] ?? "").toLowerCase(), header[2] ?? ""]);
  }
  return rules;
}

/** The headers of all rules that match; values of the same header are joined by a comma, as the edge does. */
function headersFor(path: string, rules: readonly HeaderRule[]): Record<string, string> {
  const headers = new Headers();
  for (const rule of rules) {
    if (!rule.pattern.test(path)) continue;
    for (const [name, value] of rule.headers) headers.append(name, value);
  }
  return Object.fromEntries(headers);
}

/** The path under which a page is asked for: `/` for `/index.html`, `/guide` for `/guide.html`. */
function pagePath(path: string): string {
  return path.replace(/\/index\.html$/, "/").replace(/\.html$/, "");
}
