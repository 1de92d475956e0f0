/**
 * The Worker's bundle. Wrangler makes it, as for a deployment, so that what runs at home is what runs at the edge;
 * and what workerd's own configuration needs to know of wrangler.toml is kept beside it, so that a start with a
 * fresh bundle need not load wrangler.
 *
 *     dist/worker/worker.js       the bundle, with any other modules it imports
 *     dist/worker/manifest.json   `WorkerManifest`
 *     dist/worker/.stamp          the hash of everything it was made from
 *     dist/dashboard/             the static assets, made by the [build] command of wrangler.toml
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative } from "node:path";
import { waitForLock } from "./file-lock.ts";
import { describeExit, endChild, spawnGuarded } from "./guarded-child.ts";
import { StartFailure } from "./start-failure.ts";

/** Everything that the bundle and the dashboard are made from, relative to the project. */
const INPUTS = [
  "src",
  "models",
  "wrangler.toml",
  "package.json",
  "package-lock.json",
  "tools/build.ts",
  "tools/docs-page.ts",
  "tools/serve/build.ts",
];

const STOP_MS = 2_000;

/** How workerd names the kinds of module that wrangler leaves beside the bundle. */
const MODULE_KINDS: Readonly<Record<string, ModuleKind>> = {
  ".js": "esModule",
  ".mjs": "esModule",
  ".wasm": "wasm",
  ".txt": "text",
  ".html": "text",
  ".sql": "text",
  ".bin": "data",
};

export type ModuleKind = "esModule" | "wasm" | "text" | "data";

/** What the server needs to know of the bundle and of wrangler.toml. */
export interface WorkerManifest {
  /** The entry first. Names are paths relative to the bundle's directory. */
  readonly modules: readonly { readonly name: string; readonly kind: ModuleKind }[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Durable Object bindings of this Worker's own classes, all of which store in SQLite. */
  readonly objects: readonly { readonly binding: string; readonly className: string }[];
  readonly assets: { readonly binding: string; readonly directory: string };
}

/** The parts of wrangler's configuration that are read here, as `unstable_readConfig` gives them. */
interface WranglerConfig {
  readonly main: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly durable_objects: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[];
  };
  readonly assets: { readonly binding: string; readonly directory: string };
}

export interface BuildOptions {
  /** The project's directory. */
  readonly root: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Builds the bundle and the dashboard unless nothing changed since the last time. */
export async function buildWorker(options: BuildOptions): Promise<void> {
  await whileBuilding(options, () => buildIfChanged(options));
}

/**
 * Builds if need be, and copies the bundle to `<run>/worker` and the static assets to `<run>/assets`: a running
 * server, started again after a crash, must not pick up half of a later build.
 */
export async function snapshotWorker(options: BuildOptions, run: string): Promise<WorkerManifest> {
  return whileBuilding(options, async () => {
    await buildIfChanged(options);
    const bundle = join(options.root, "dist", "worker");
    const manifest = JSON.parse(
      await readFile(join(bundle, "manifest.json"), "utf8"),
    ) as WorkerManifest;
    await cp(bundle, join(run, "worker"), { recursive: true });
    await cp(join(options.root, manifest.assets.directory), join(run, "assets"), {
      recursive: true,
    });
    return manifest;
  });
}

/** One build at a time in one project: several servers may start at once, in tests above all. */
async function whileBuilding<T>(options: BuildOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(join(options.root, "dist"), { recursive: true });
  const lock = await waitForLock(join(options.root, "dist", ".build-lock"), options.signal);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function buildIfChanged(options: BuildOptions): Promise<void> {
  const bundle = join(options.root, "dist", "worker");
  const stamp = await hashInputs(options.root);
  const last = await readFile(join(bundle, ".stamp"), "utf8").catch(() => "");
  if (last === stamp && existsSync(join(options.root, "dist", "dashboard"))) return;

  options.print("Building…");
  const startedAtMs = performance.now();
  const fresh = `${bundle}.new`;
  await rm(fresh, { recursive: true, force: true });
  await runWrangler(options, fresh);
  await writeFile(
    join(fresh, "manifest.json"),
    JSON.stringify(await describeBundle(options.root, fresh)),
  );
  await writeFile(join(fresh, ".stamp"), stamp);
  await rm(bundle, { recursive: true, force: true });
  await rename(fresh, bundle);
  options.print(`Built in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
}

async function runWrangler(options: BuildOptions, outdir: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const wrangler = join(dirname(require.resolve("wrangler/package.json")), "bin", "wrangler.js");
  const child = spawnGuarded(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--outdir", outdir],
    {
      cwd: options.root,
      env: {
        ...process.env,
        // The [build] command says `node`: it must find the one that runs this program.
        PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_HIDE_BANNER: "true",
      },
    },
  );
  const onAbort = (): void => void endChild(child, STOP_MS);
  options.signal.addEventListener("abort", onAbort, { once: true });
  const [exit, out, err] = await Promise.all([
    child.exited,
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  options.signal.removeEventListener("abort", onAbort);
  options.signal.throwIfAborted();
  if (exit.code !== 0) {
    throw new StartFailure(
      `${`${out}\n${err}`.trim()}\nThe build failed: wrangler ended ${describeExit(exit)}.`,
    );
  }
}

async function describeBundle(root: string, bundle: string): Promise<WorkerManifest> {
  // Loaded only here: it takes longer than a whole start without a build.
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const config = readConfig({ config: join(root, "wrangler.toml") }) as unknown as WranglerConfig;
  const entry = `${basename(config.main, extname(config.main))}.js`;
  const names = (await filesUnder(bundle)).map((path) => relative(bundle, path));
  const others = names.filter((name) => name !== entry && extname(name) in MODULE_KINDS);
  return {
    modules: [entry, ...others].map((name) => ({
      name,
      kind: MODULE_KINDS[extname(name)] ?? "data",
    })),
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    objects: config.durable_objects.bindings.map((binding) => ({
      binding: binding.name,
      className: binding.class_name,
    })),
    assets: { binding: config.assets.binding, directory: config.assets.directory },
  };
}

async function hashInputs(root: string): Promise<string> {
  const hash = createHash("sha256");
  for (const input of INPUTS) {
    for (const path of await filesUnder(join(root, input))) {
      const content = await readFile(path);
      hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/** All files below a directory in a fixed order, or the file itself; nothing for a path that does not exist. */
async function filesUnder(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return files.sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") return [path];
    if (code === "ENOENT") return [];
    throw error;
  }
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}
