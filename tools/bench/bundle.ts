/** Bundles the Worker that is measured: as wrangler would, with some modules in other modules' places. */
import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { dirname, join } from "node:path";

const ROOT = dirname(dirname(import.meta.dirname));
const HERE = import.meta.dirname;

/**
 * `product` is the whole product. `unwritten` makes the stored form of every change and writes none of it.
 * `memory` does not even make it: the engine without persistence. `fleet` is the product with other models.
 */
export type Variant = "product" | "unwritten" | "memory" | "fleet";

const NO_STORE = [/\/sqlite-store\.ts$/, join(HERE, "worker", "no-store.ts")] as const;
const NO_TEXT = [/\/state-codec\.ts$/, join(HERE, "worker", "no-state-codec.ts")] as const;

type Replacement = readonly [module: RegExp, by: string];

const REPLACEMENTS: Readonly<Record<Variant, readonly Replacement[]>> = {
  product: [],
  fleet: [],
  unwritten: [NO_STORE],
  memory: [NO_STORE, NO_TEXT],
};

/** What wrangler.toml says about the bundle, and wrangler's defaults where it says nothing. */
export interface BundleOptions {
  readonly keepNames: boolean;
  readonly minify: boolean;
}

/** Writes the bundle of a variant to `file`. */
export async function bundle(
  variant: Variant,
  { keepNames, minify }: BundleOptions,
  file: string,
): Promise<void> {
  const models = join(HERE, variant === "fleet" ? "fleet-models.ts" : "models.ts");
  await build({
    entryPoints: [join(HERE, "worker", "entry.js")],
    outfile: file,
    absWorkingDir: ROOT,
    bundle: true,
    keepNames,
    minify,
    format: "esm",
    // These are wrangler's.
    target: "es2024",
    supported: { "import-source": true, using: true },
    conditions: ["workerd", "worker", "browser"],
    platform: "browser",
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
    plugins: [replacing([[/\/models\/index\.ts$/, models], ...REPLACEMENTS[variant]])],
  });
}

function replacing(replacements: readonly Replacement[]): Plugin {
  return {
    name: "replacing",
    setup(esbuild) {
      for (const [module, by] of replacements) {
        // The replacement itself may import what it replaces.
        esbuild.onResolve({ filter: module }, ({ importer }) =>
          importer === by ? undefined : { path: by },
        );
      }
    },
  };
}
