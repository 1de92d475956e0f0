/**
 * Builds what is served.
 *
 *     node tools/build.ts worker      the Worker's bundle and the dashboard, unless nothing changed
 *     node tools/build.ts dashboard   the dashboard alone, into dist/dashboard (wrangler's [build] command)
 *
 * The dashboard: `src/dashboard/client/main.tsx` and `style.css` are bundled; other entries can be loaded with
 * `import()`. Its pages (`*.html`) and everything in `public/` are copied as they are. Beside them come the description
 * of the HTTP interface and what the page that shows it loads (docs-page.ts).
 */
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeDocsPage } from "./docs-page.ts";
import { buildWorker } from "./serve/build.ts";
import { StartFailure } from "./serve/start-failure.ts";

const ROOT = dirname(import.meta.dirname);

try {
  await build(process.argv[2] ?? "worker");
} catch (error) {
  if (!(error instanceof StartFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function build(what: string): Promise<void> {
  if (what === "dashboard")
    return buildDashboard(join(ROOT, "src/dashboard/client"), join(ROOT, "dist/dashboard"));
  if (what !== "worker") throw new StartFailure(`${what}: this builds "worker" or "dashboard"`, 2);
  const print = (line: string): void => console.log(line);
  await buildWorker({ root: ROOT, print, signal: new AbortController().signal });
}

async function buildDashboard(source: string, target: string): Promise<void> {
  const names = existsSync(source) ? await readdir(source) : [];
  if (names.length > 0 && !names.includes("index.html")) {
    throw new StartFailure(`${source} has no index.html: the dashboard can't be built`);
  }
  const entries = ["main.tsx", "style.css"]
    .filter((name) => names.includes(name))
    .map((name) => join(source, name));
  const written = [...(await bundle(entries, target)), ...(await writeDocsPage(ROOT, target))];

  await mkdir(target, { recursive: true });
  const pages = names.filter((name) => name.endsWith(".html"));
  for (const page of pages) await cp(join(source, page), join(target, page));
  const copied = names.includes("public")
    ? await readdir(join(source, "public"), { recursive: true })
    : [];
  if (names.includes("public")) await cp(join(source, "public"), target, { recursive: true });

  // Only now what earlier builds left: a server may be serving from this directory.
  const kept = new Set([...written, ...[...pages, ...copied].map((name) => join(target, name))]);
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(path)) await rm(path);
  }
}

/** Bundles the entries and writes them. Returns the paths of the written files. */
async function bundle(entryPoints: readonly string[], outdir: string): Promise<readonly string[]> {
  if (entryPoints.length === 0) return [];
  // Loaded only here: a start with a fresh bundle has no use for it.
  const { build: esbuild } = await import("esbuild");
  const result = await esbuild({
    entryPoints: [...entryPoints],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    sourcemap: false,
    // The entries have fixed names, which index.html knows; what they load by import() changes its name with its content.
    entryNames: "[name]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".svg": "file", ".png": "file", ".woff2": "file", ".csv": "text" },
    logLevel: "warning",
    write: false,
    absWorkingDir: ROOT,
  });
  for (const file of result.outputFiles) {
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
  }
  return result.outputFiles.map((file) => file.path);
}
