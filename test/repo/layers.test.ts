import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { filesUnder, textOf } from "./sources.ts";

/** Who may import whom, beside itself. `docs/architecture.md` prints this table. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wire: ["core", "zod"],
  sdk: ["core", "@standard-schema/spec", "simple-statistics"],
  models: ["sdk", "valibot"],
  env: ["wire"],
  routing: ["core", "wire", "env"],
  ingest: ["core", "wire", "env", "routing", "hono", "papaparse"],
  twin: ["core", "wire", "env", "routing", "postgres"],
  aggregator: ["core", "wire", "env", "routing", "cloudflare:workers"],
  alerts: ["core", "wire", "env", "routing", "cloudflare:workers"],
  archive: ["core", "wire", "env", "routing", "cloudflare:workers"],
  "shared-data": ["core", "wire", "env", "routing", "cloudflare:workers"],
  control: ["core", "wire", "env", "routing", "models", "cloudflare:workers"],
  "twin-object": ["core", "wire", "env", "routing", "models", "twin", "cloudflare:workers"],
  dashboard: [
    "core",
    "wire",
    "preact",
    "@preact/signals",
    "d3-geo",
    "topojson-client",
    "topojson-specification",
    "us-atlas",
  ],
  worker: [
    "ingest",
    "twin-object",
    "aggregator",
    "alerts",
    "archive",
    "shared-data",
    "control",
    "routing",
    "env",
    "cloudflare:workers",
  ],
  tools: [
    "core",
    "wire",
    "sdk",
    "models",
    "node",
    "esbuild",
    "wrangler",
    "workerd",
    "ws",
    "vitest",
    "valibot",
    "papaparse",
  ],
};

const IMPORT =
  /^\s*(?:import|export)\s[^"';]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\b(?:import|require)\(\s*["']([^"']+)["']/gm;

/** The bench's own Worker: the product with bare routes in front of it. */
const BENCH_WORKER = "tools/bench/worker/entry.js";

describe("the layers", () => {
  const all = filesUnder(["src", "models", "tools"], /\.[cm]?[jt]sx?$/);
  const files = all.filter((path) => !path.endsWith(".test.ts") && path !== BENCH_WORKER);

  test("each import what the table allows, and nothing else", () => {
    const broken: string[] = [];
    for (const path of files) {
      const layer = layerOf(path);
      for (const specifier of importsIn(textOf(path))) {
        const imported = targetOf(path, specifier);
        if (imported !== layer && !MAY_IMPORT[layer]!.includes(imported))
          broken.push(`${path}: ${layer} imports ${imported}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("have nobody above the Worker's entry but the bench's Worker, which is it with bare routes", () => {
    const importers = all.filter((path) =>
      importsIn(textOf(path)).some((specifier) => targetOf(path, specifier) === "worker"),
    );
    expect(importers.filter((path) => path !== "src/worker.ts")).toEqual([BENCH_WORKER]);
  });

  test("are found in every form of an import", () => {
    const text = [
      'import a from "a";',
      "import type { B } from 'b';",
      'import {\n  c,\n  type D,\n} from "c/d.ts";',
      'import * as e from "@e/e";',
      'import "f.css";',
      'export { g } from "g";',
      'export * from "h";',
      'export type { I } from "../i.ts";',
      'const j: import("j").J = await import("k");',
      'const l = require("l");',
      'import m from "./m.json" with { type: "json" };',
      'const text = "no import";\nexport const from = 1;',
    ].join("\n");
    expect(importsIn(text)).toEqual([
      "a",
      "b",
      "c/d.ts",
      "@e/e",
      "f.css",
      "g",
      "h",
      "../i.ts",
      "j",
      "k",
      "l",
      "./m.json",
    ]);
    expect(targetOf("src/core/cell/cell.ts", "../../twin/sqlite-store.ts")).toBe("twin");
    expect(targetOf("src/core/query/plan.ts", "../cell.ts")).toBe("core");
    expect(targetOf("models/index.ts", "../src/core/cell/cell.ts")).toBe("core");
    expect(targetOf("src/wire/a.ts", "zod/mini")).toBe("zod");
  });

  test("all have files, and every file has a layer", () => {
    expect(new Set(files.map(layerOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });

  test("are printed in docs/architecture.md as they are here", () => {
    const printed = /<!-- layers -->\n([^]*)<!-- \/layers -->/.exec(
      textOf("docs/architecture.md"),
    )?.[1];
    const rows = Object.entries(MAY_IMPORT).map(
      ([layer, allowed]) => `| \`${layer}\` | ${allowed.join(", ") || "nothing"} |`,
    );
    expect(printed).toBe(`| layer | may import |\n|---|---|\n${rows.join("\n")}\n`);
  });
});

function layerOf(path: string): string {
  const [top, second] = path.split("/");
  if (top !== "src") return top!;
  return second!.replace(/\.ts$/, "");
}

/** What a text imports, types included. */
function importsIn(text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

/** The layer of a relative import, or the package of another; `node:*` counts as one. */
function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return layerOf(posix.join(posix.dirname(path), specifier));
  if (specifier === "livetwin" || specifier === "livetwin/testing") return "sdk";
  if (specifier.startsWith("node:")) return "node";
  if (specifier.startsWith("cloudflare:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
